"""Routes of retention: everybody reads how long what is kept; administrators end what is over, and read what ended."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from services.profiles.retaining import Outcome, Retaining
from services.profiles.retention import AFTER_LEAVING
from shared.access import matrix
from shared.auth.callers import Role
from shared.http import Body, Call, Listing, Page, Routes


class RunBody(Body):
    """With `dry_run` it is said what would end, and nothing does."""

    dry_run: bool = True


class RuleView(BaseModel):
    """`rule`: a data class, whose words end after so many whole years; `after_leaving`: all that leads to a person."""

    rule: str
    years: int | None = None
    months: int | None = None


class PolicyView(BaseModel):
    """How long what is kept. What no rule names is kept until the person, or an administrator, has it erased."""

    rules: list[RuleView]


class RuleOutcome(BaseModel):
    """What came of a rule: who and what is older than `before`.

    `people` and `keys` ended by this, of `due_people` and `due_keys` they are still to end; `on_hold` are kept by law.
    People whose rule is `after_leaving` end by an erasure each, which has a receipt of its own.
    """

    rule: str
    before: date
    people: int
    keys: int
    due_people: int
    due_keys: int
    on_hold: int


class RunView(BaseModel):
    """A part of a run. Ask again until `complete`: no more is done at once than a request has time for."""

    run: UUID
    dry_run: bool
    complete: bool
    rules: list[RuleOutcome]


class EndedView(BaseModel):
    """What a run ended by a rule. `backups_end_on`: the day on which the last backup ends that may hold a key."""

    run: UUID
    on: date
    rule: str
    before: date
    people: int
    keys: int
    on_hold: int
    backups_end_on: date | None = Field(description="The day on which the last backup ends that may hold a key.")


def add_routes(routes: Routes, retaining: Retaining) -> None:
    """Adds the routes of retention."""

    @routes.get("/v1/retention", access=matrix.READ_RETENTION, allow=("person", Role.ADMIN))
    async def read_retention(call: Call) -> PolicyView:  # noqa: ARG001
        """How long what is held about people is kept."""
        policy = retaining.policy
        rules = [RuleView(rule=data_class, years=years) for data_class, years in sorted(policy.years.items())]
        if policy.months is not None:
            rules.append(RuleView(rule=AFTER_LEAVING, months=policy.months))
        return PolicyView(rules=rules)

    @routes.post("/v1/retention/run", access=matrix.RUN_RETENTION, allow=Role.ADMIN, example={"dry_run": True})
    async def run_retention(call: Call[RunBody]) -> RunView:
        """End what is over, or say what would be; a part of it, where it is much.

        It cannot be taken back. Whoever is on legal hold is left out and counted.
        """
        run, outcomes = await retaining.run(call.origin, dry=call.body.dry_run)
        return RunView(
            run=run,
            dry_run=call.body.dry_run,
            complete=not any(one.due_people or one.due_keys for one in outcomes),
            rules=[_outcome(one) for one in outcomes],
        )

    @routes.get("/v1/retention/runs", access=matrix.RUN_RETENTION, allow=Role.ADMIN)
    async def list_retention_runs(call: Call[None, Listing]) -> Page[EndedView]:
        """What was ended by which rule, the newest first."""
        runs = await retaining.runs()
        end = int(call.cursor[0] or 0) if call.cursor else len(runs)
        begin = max(0, end - call.query.limit)
        items = [
            EndedView(
                run=one.run,
                on=one.effective_on,
                rule=one.rule,
                before=one.before,
                people=one.people,
                keys=one.keys,
                on_hold=one.held,
                backups_end_on=one.backups_end_on,
            )
            for one in reversed(runs[begin:end])
        ]
        return Page(items, (begin,) if begin else None)


def _outcome(one: Outcome) -> RuleOutcome:
    ended = one.ended
    return RuleOutcome(
        rule=ended.rule,
        before=ended.before,
        people=ended.people,
        keys=ended.keys,
        due_people=one.due_people,
        due_keys=one.due_keys,
        on_hold=ended.held,
    )
