"""Records of profiles: a person hired by the API, their aspirations for each audience, a unit, an import."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.profiles import erasure
from shared.access import Who, matrix
from shared.contracts import opportunities
from shared.contracts.erasure import SERVICES
from shared.contracts.event import Event
from shared.streams import Origin
from tests.access.cast import LEGAL_ENTITY, NAME, SWITCHED, TODAY, Cast, cast
from tests.access.world import Canary, Try, World
from tests.api.stage import LONG_AGO, Stage, place


async def hire(stage: Stage, name: str = "Diaz", *, working: bool = True) -> UUID:
    """By HR, so that their stream can take commands."""
    hr = stage.person(uuid4(), "admin")
    body = {"employee_number": uuid4().hex, "given_name": "Ana", "family_name": name}
    person = (await hr.post("/v1/people", {**body, "joined_on": LONG_AGO.isoformat()})).id
    await stage.pump()
    if working:
        assert (await hr.post(f"/v1/people/{person}/take-place", place(position="P-17"))).status == 200
        await stage.pump()
    return person


class Profiles(World):
    def __init__(self, cast_: Cast) -> None:
        super().__init__(cast_)
        self.aspirations: dict[UUID, tuple[Canary, frozenset[Who]]] = {}
        self.purpose = self.canary("purpose", matrix.WORDS_OF_PURPOSES)
        self.name = Canary(NAME, matrix.READ_PERSON)
        self.canaries.append(self.name)
        self.why = self.canary("why-away", matrix.WORDS_OF_DELEGATIONS)
        self.why_held = self.canary("why-held", matrix.READ_HOLD)

    async def write(self, name: str, *theirs: Who, **share: object) -> UUID:
        """An aspiration of the employee, shared."""
        canary = self.canary(name, matrix.READ_ASPIRATION, *theirs)
        path = f"/v1/people/{self.cast.employee}/aspirations"
        body = {"grain": "skill", "certainty": "likely", "text": canary.text}
        aspiration = await self.made(Who.SELF, path, body)
        if share:
            await self.command(Who.SELF, f"{path}/{aspiration}/share", {"purpose": self.purpose.text, **share})
        await self.stage.pump()
        self.aspirations[aspiration] = canary, frozenset(theirs)
        return aspiration

    async def delegates(self) -> UUID:
        """The employee, to whom they chose."""
        partner = str(self.cast.people[Who.PARTNER])
        until = (TODAY + timedelta(days=30)).isoformat()
        body = {"delegate": partner, "capacities": ["manager"], "until": until, "reason": self.why.text}
        delegation = await self.made(Who.SELF, f"/v1/people/{self.cast.employee}/delegations", body)
        await self.stage.pump()
        return delegation

    async def may_be_erased(self) -> None:
        """Nothing is under way, and no hold forbids it."""
        record, _ = await self.stage.parts.streams.state(erasure.DECIDER, self._record)
        if record.hold is not None:
            await self.command(Who.ADMIN, f"/v1/people/{self.cast.employee}/lift-hold")
        if record.under_way is not None:
            await self._completed(record.under_way.asked.erasure)

    async def _completed(self, erasure_: UUID) -> None:
        """As the worker records it; no key is destroyed, since others here still look for the words."""
        notes: list[erasure.ErasureCommand] = [
            erasure.NoteKeysDestroyed(erasure_, 0, TODAY),
            erasure.OrderCleaning(erasure_),
        ]
        notes += [erasure.NoteCleaned(erasure_, service, (), TODAY) for service in SERVICES]
        for note in notes:
            await self.stage.parts.streams.execute(erasure.DECIDER, self._record, note, Origin("service:profiles"))

    @property
    def _record(self) -> UUID:
        return erasure.record_id(self.cast.employee)

    async def erased(self) -> UUID:
        """An erasure of the employee's words that is complete."""
        await self.may_be_erased()
        made = await self.made(Who.SELF, f"/v1/people/{self.cast.employee}/erasures", {"scope": "words"})
        await self._completed(made)
        return made

    # What is sent

    async def give_delegation(self) -> Sequence[Try]:
        partner, until = str(self.cast.people[Who.PARTNER]), TODAY.isoformat()
        return [Try(self.ids, body={"delegate": partner, "capacities": ["manager"], "until": until})]

    async def list_delegations(self) -> Sequence[Try]:
        return [Try(self.ids, query={"limit": "200"}, shows=str(await self.delegates()), words=[self.why])]

    async def read_delegation(self) -> Sequence[Try]:
        one = await self.delegates()
        return [Try({"delegation": one}, theirs=frozenset((Who.PARTNER,)), shows=str(one), words=[self.why])]

    async def end_delegation(self) -> Sequence[Try]:
        return [Try({"delegation": await self.delegates()})]

    async def list_stand_ins(self) -> Sequence[Try]:
        return [Try(self.ids, shows=str(self.cast.people[who])) for who in (Who.STAND_IN, Who.HR_STAND_IN)]

    async def request_erasure(self) -> Sequence[Try]:
        await self.may_be_erased()
        return [Try(self.ids)]

    async def list_erasures(self) -> Sequence[Try]:
        return [Try(self.ids, shows=str(await self.erased()))]

    async def read_erasure(self) -> Sequence[Try]:
        one = await self.erased()
        return [Try({**self.ids, "erasure": one}, shows=str(one))]

    async def lift_hold(self) -> Sequence[Try]:
        person = await hire(self.stage)
        await self.command(Who.ADMIN, f"/v1/people/{person}/place-hold", {"reason": "…"})
        return [Try({"person": person})]

    async def read_hold(self) -> Sequence[Try]:
        await self.may_be_erased()
        await self.command(Who.ADMIN, f"/v1/people/{self.cast.employee}/place-hold", {"reason": self.why_held.text})
        return [Try(self.ids, words=[self.why_held])]

    async def turn_on_measure(self) -> Sequence[Try]:
        return [Try({"legal_entity": LEGAL_ENTITY})]

    turn_off_measure = turn_on_measure

    async def list_switches(self) -> Sequence[Try]:
        there = frozenset(Who) - {Who.OTHER_HR_PARTNER}
        return [Try({"legal_entity": LEGAL_ENTITY}, theirs=there, shows=SWITCHED.reason)]

    async def read_own_switches(self) -> Sequence[Try]:
        return [Try(self.ids, shows=SWITCHED.reason)]

    async def list_people(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(self.cast.employee), words=[self.name])]

    async def look_up_people(self) -> Sequence[Try]:
        return [Try(body={"ids": [str(self.cast.employee)]}, shows=str(self.cast.employee), words=[self.name])]

    async def read_person(self) -> Sequence[Try]:
        return [Try(self.ids, shows=str(self.cast.employee), words=[self.name])]

    async def describe(self) -> Sequence[Try]:
        return [Try({"person": await hire(self.stage)})]

    add_alias = remove_alias = change_place = end_place = leave = withdraw_fact = place_hold = describe

    async def assign_manager(self) -> Sequence[Try]:
        manager = str(self.cast.people[Who.LEADER])
        body = {"position": "P-17", "manager": manager, "effective_on": "2026-04-01"}
        return [Try({"person": await hire(self.stage)}, body=body)]

    async def take_place(self) -> Sequence[Try]:
        return [Try({"person": await hire(self.stage, working=False)})]

    async def rejoin(self) -> Sequence[Try]:
        person = await hire(self.stage)
        await self.command(Who.ADMIN, f"/v1/people/{person}/leave", {"left_on": "2025-12-31"})
        return [Try({"person": person})]

    async def name_interim_partner(self) -> Sequence[Try]:
        return [Try(self.ids, body={})]

    async def establish_unit(self) -> Sequence[Try]:
        return [Try(body={"code": uuid4().hex, "name": "Unit", "effective_on": "2026-01-01"})]

    async def change_unit(self) -> Sequence[Try]:
        return [await self.of_unit(name="Other")]

    async def appoint_leader(self) -> Sequence[Try]:
        return [await self.of_unit(leader=str(self.cast.people[Who.LEADER]))]

    async def replace_unit(self) -> Sequence[Try]:
        return [await self.of_unit(by=[str(uuid4())])]

    async def assign_hr_partner(self) -> Sequence[Try]:
        return [await self.of_unit(partner=str(self.cast.people[Who.HR_PARTNER]))]

    async def of_unit(self, **body: object) -> Try:
        made = {"code": uuid4().hex, "name": "Unit", "effective_on": LONG_AGO.isoformat()}
        unit = await self.made(Who.ADMIN, "/v1/units", made)
        return Try({"unit": unit}, body={**body, "effective_on": "2026-04-01"})

    async def release_hr_partner(self) -> Sequence[Try]:
        (one,) = await self.assign_hr_partner()
        await self.command(Who.ADMIN, f"/v1/units/{one.ids['unit']}/assign-hr-partner", one.body)
        return [Try(one.ids, body={"partner": str(self.cast.people[Who.HR_PARTNER]), "effective_on": "2026-09-01"})]

    async def list_units(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(self.cast.team))]

    async def read_import(self) -> Sequence[Try]:
        begun = await self.stage.person(uuid4(), "admin").upload("/v1/imports", b"unit,name,leader,effective_on\r\n")
        assert begun.status == 202, begun.body
        return [Try({"import_id": begun.id}, shows=str(begun.id))]

    list_imports = read_import

    async def list_import_problems(self) -> Sequence[Try]:
        (one,) = await self.read_import()
        return [Try(one.ids)]

    async def list_aspirations(self) -> Sequence[Try]:
        readers = frozenset((Who.MANAGER, Who.STAND_IN, Who.PARTNER, Who.HR_PARTNER, Who.HR_STAND_IN, Who.LEADER))
        return [Try(self.ids, theirs=readers, words=[canary for canary, _ in self.aspirations.values()])]

    async def read_aspiration(self) -> Sequence[Try]:
        return [
            Try({**self.ids, "aspiration": one}, theirs=theirs, shows=str(one), words=[canary])
            for one, (canary, theirs) in self.aspirations.items()
        ]

    async def list_audience_of_aspiration(self) -> Sequence[Try]:
        return [Try({**self.ids, "aspiration": one}) for one in self.aspirations]

    list_readers_of_aspiration = list_audience_of_aspiration

    async def revise_aspiration(self) -> Sequence[Try]:
        content = {"grain": "skill", "certainty": "likely", "text": "…"}
        return [
            Try(
                {
                    **self.ids,
                    "aspiration": await self.made(Who.SELF, f"/v1/people/{self.cast.employee}/aspirations", content),
                }
            )
        ]

    confirm_aspiration = share_aspiration = revise_aspiration

    async def change_sharing_of_aspiration(self) -> Sequence[Try]:
        return await self.withdraw_sharing_of_aspiration(until=None, later_editions=True)

    async def withdraw_sharing_of_aspiration(self, **said: object) -> Sequence[Try]:
        (one,) = await self.revise_aspiration()
        path = f"/v1/people/{self.cast.employee}/aspirations/{one.ids['aspiration']}/share"
        share = (await self.command(Who.SELF, path, {"audience": "whoever_is_my_manager"}))["share"]
        return [Try(one.ids, body={"share": share, **said})]


def _application(person: UUID, opportunity: UUID, owner: UUID, unit: UUID) -> tuple[Event, ...]:
    ids: dict[str, Any] = {"opportunity": opportunity, "owner": owner}
    posted = opportunities.OpportunityPosted(
        **ids, kind="role", unit=unit, title="Tester", description="…", skills=(), effective_on=LONG_AGO
    )
    return posted, opportunities.ApplicationSubmitted(
        **ids, application=uuid4(), person=person, effective_on=LONG_AGO, skills=(), matching=(), missing=()
    )


async def profiles_world(stage: Stage) -> Profiles:
    employee = await hire(stage, NAME, working=False)
    made = Profiles(await cast(stage, employee))
    people = made.cast.people
    await made.write("kept-to-oneself")
    await made.write("for-the-manager-before", audience="my_manager")
    await made.write("for-who-left", audience="person", reader=str(people[Who.LEFT]))
    await made.cast.comes_to_now()
    await made.write("for-the-manager", Who.MANAGER, audience="my_manager")
    await made.write("for-any-manager", Who.MANAGER, Who.STAND_IN, audience="whoever_is_my_manager")
    await made.write("for-a-mentor", Who.PARTNER, audience="person", reader=str(people[Who.PARTNER]))
    await made.write("for-hr", Who.HR_PARTNER, Who.HR_STAND_IN, audience="my_hr_partner")
    applied = uuid4()
    await stage.tell(*_application(employee, applied, people[Who.FORMER_LEADER], made.cast.data))
    await made.write("for-a-leader", Who.LEADER, audience="opportunity_leader", opportunity=str(applied))
    taken_back = await made.write("taken-back", audience="whoever_is_my_manager")
    path = f"/v1/people/{employee}/aspirations/{taken_back}"
    (share,) = (await stage.person(employee).get(path)).body["shares"]
    await made.command(Who.SELF, f"{path}/withdraw-sharing", {"share": share["share"]})
    await stage.pump()
    return made
