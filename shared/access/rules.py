"""What a rule of access says: who, whether, and why. Who is in no rule is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Who(Enum):
    """What a caller is to the employee whom a record is about, as of now. The values are headings of docs/access.md."""

    SELF = "the employee"
    MANAGER = "their manager now"
    STAND_IN = "who stands in for the manager"
    FORMER_MANAGER = "a former manager"
    PARTNER = "whom they chose"
    HR_PARTNER = "their HR partner"
    HR_STAND_IN = "who stands in for the HR partner"
    OTHER_HR_PARTNER = "HR partner of other units"
    HR_ANALYST = "HR analyst"
    ADMIN = "administrator"
    LEADER = "who owns the opportunity"
    FORMER_LEADER = "who owned it before"
    LEFT = "whom they chose, who has left"
    SERVICE = "a service account"
    ACTING = "… on behalf of the employee"
    COLLEAGUE = "everybody else"


class Verdict(Enum):
    """What happens. The values are the cells of docs/access.md."""

    ALLOWED = "yes"
    PART = "in part"  # the record is there for them, not all of it
    THEIRS = "theirs"  # what was shared with them, or what they take part in; all else is not there
    NOT_THERE = "—"  # looks like what does not exist: 404, or left out of a list
    NOT_ALLOWED = "no"  # 403: that it exists is no secret


@dataclass(frozen=True, slots=True)
class Rule:
    """The verdict for some, and the reason for it in one line."""

    who: frozenset[Who]
    verdict: Verdict
    reason: str


NOT_YOURS = "What is not yours looks like what is not there: that it exists would tell something."
NO_SCOPE = "Service accounts read what a scope of theirs names, and nothing that people wrote or said."


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of record, and what is done with it."""

    record: str
    action: str
    rules: tuple[Rule, ...]
    others: Rule
    """For everybody whom no rule names."""

    def rule(self, who: Who) -> Rule:
        """The first that names them. Who acts on behalf of the employee is treated as the employee."""
        for rule in self.rules:
            if who in rule.who:
                return rule
        if who is Who.ACTING:
            return self.rule(Who.SELF)
        if who is Who.SERVICE:
            return Rule(frozenset((who,)), Verdict.NOT_ALLOWED, NO_SCOPE)
        return self.others


def row(record: str, action: str, *rules: Rule, refused: str | None = None) -> Row:
    """`refused`: why others may not, where that there is something is no secret; without it, nothing is there."""
    verdict = Verdict.NOT_THERE if refused is None else Verdict.NOT_ALLOWED
    return Row(record, action, rules, Rule(frozenset(), verdict, refused or NOT_YOURS))


def allowed(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), Verdict.ALLOWED, why)


def part(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), Verdict.PART, why)


def theirs(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), Verdict.THEIRS, why)


def not_allowed(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), Verdict.NOT_ALLOWED, why)


def anybody_but(*who: Who) -> Iterable[Who]:
    """Every caller but these."""
    return (one for one in Who if one not in who)
