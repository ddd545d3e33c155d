"""docs/access.md tells who may see what, from the matrix: `python -m tests.docs.test_access` writes it anew."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from deploy.careers.services import SERVICES
from shared.access import Row, Verdict, Who
from shared.access.matrix import ROWS
from shared.access.rules import NO_SCOPE, NOT_YOURS
from tests.http.declared import declared

PAGE = Path(__file__).parents[2] / "docs/access.md"

BEGINNING = """# Who may see what

Who may read or do what with whose records. It is decided by what somebody is to the employee **at this moment**: with
a new manager, the one before reads no more, from that day on. Whatever is not named here is refused. A test tries each
cell against the services, with real records of each kind, and searches every answer for words that are not for whom it
went to (`tests/access`). This page is made of the same rules (`shared/access/matrix.py`).

- Nobody acts as HR partner upon themselves, and an HR partner reads as such only with a token that says so.
- A vacant post has no manager. Who stands in for one, chosen by the employee, is their manager here but for releases.
- Who stands in for a manager or HR partner who is away, by delegation and until a day, reads what is for the relation,
  and does nothing in their place ([decision 13](decisions/0013-who-stands-in-reads.md)).
- What is measured of people's behaviour shows only where their legal entity has turned it on
  ([decision 14](decisions/0014-switches-per-legal-entity.md)).
- Reads of somebody else's records are noted; the employee reads who, when and why
  ([decision 10](decisions/0010-reads-are-noted.md)).
- Owners of opportunities: [decision 8](decisions/0008-the-owner-reads-applications.md). Service accounts on behalf of a
  person: [decision 11](decisions/0011-on-behalf-of-a-person.md), and [scopes](scopes.md).

| cell | |
|---|---|
| yes | they may |
| in part | they find it, and not all of it; why says what |
| theirs | what was shared with them, or what they take part in; all else is not there for them |
| no | they are told that they may not: that it exists is no secret |
| — | it is not there for them: the answer is, to the byte, the one for what does not exist, and takes as long |
"""

WHY = f"""
# Why

For all that no rule names:

- **{Verdict.NOT_THERE.value}**, people: {NOT_YOURS}
- **{Verdict.NOT_ALLOWED.value}**, service accounts: {NO_SCOPE}

Who acts on behalf of the employee is treated as the employee.
"""


def page() -> str:
    return "".join(_page())


def _page() -> Iterator[str]:
    yield BEGINNING
    yield "\n| record | " + " | ".join(who.value for who in Who) + " |\n"
    yield "|---|" + "---|" * len(Who) + "\n"
    for row in ROWS:
        cells = (row.rule(who).verdict.value for who in Who)
        yield f"| **{row.record}**: {row.action} | " + " | ".join(cells) + " |\n"
    yield WHY
    for record, rows in groupby(ROWS, lambda row: row.record):
        yield f"\n## {_capital(record)}\n"
        for row in rows:
            yield f"\n{_capital(row.action)}:\n\n"
            yield from _reasons(row)
    yield from _routes()


def _reasons(row: Row) -> Iterator[str]:
    for rule in row.rules:
        who = "everybody" if rule.who >= set(Who) else ", ".join(one.value for one in Who if one in rule.who)
        yield f"- **{rule.verdict.value}**, {who}: {rule.reason}\n"
    if row.others.reason != NOT_YOURS:
        yield f"- **{row.others.verdict.value}**, everybody else: {row.others.reason}\n"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _routes() -> Iterator[str]:
    yield "\n# Which route is which\n\n| route | record |\n|---|---|\n"
    for service in SERVICES:
        for route in declared(service):
            yield f"| `{route.method} {route.path}` | {route.access.record}: {route.access.action} |\n"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page()


def test_records_stand_together_and_each_row_once() -> None:
    records = [record for record, _ in groupby(ROWS, lambda row: row.record)]
    assert len(records) == len(set(records))
    assert len({(row.record, row.action) for row in ROWS}) == len(ROWS)


def test_whom_no_rule_names_is_refused() -> None:
    for row in ROWS:
        named = {who for rule in row.rules for who in rule.who}
        refused = {row.rule(who).verdict for who in set(Who) - named - {Who.ACTING}}
        assert refused <= {Verdict.NOT_THERE, Verdict.NOT_ALLOWED}, row


if __name__ == "__main__":
    PAGE.write_text(page())
