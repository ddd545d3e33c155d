"""What is held about a person here that no event tells: on its way between an event that was heard and a mail."""

from collections.abc import Sequence

from shared.export import Place, table
from shared.relations.reads import Rows
from shared.sealing.sealer import Sealer

# What waits for its day is told to nobody before it; the westernmost place is the last to see a day begin.
_TELLINGS = """
    select t.key, t.kind, t.about, t.whom, t.target, t.details, t.recorded_at from (
        select *, cause::text || ' ' || whom || ' ' || target::text as key from public.tellings
        where (target = $1 or details ->> 'who' = $1::uuid::text)
          and (day is null or day <= (now() at time zone 'UTC' - interval '12 hours')::date)) t
    where $2::text is null or t.key > $2 order by t.key limit $3"""
_MAILS = """
    select notification::text as key, notification, made_at, state, reason, attempts from public.mails
    where person = $1 and ($2::text is null or notification::text > $2) order by key limit $3"""
_PARTIES = """
    select item::text as key, item, person, other, opportunity, open from public.parties
    where (person = $1 or other = $1) and ($2::text is null or item::text > $2) order by key limit $3"""


def places(rows: Rows, sealer: Sealer) -> Sequence[Place]:
    """In the order in which they come behind the events."""
    return (
        table(rows, sealer, "messages that wait", "Something is about to be told to you, or of you.", _TELLINGS),
        table(rows, sealer, "mails", "A mail that was made for you, without its words.", _MAILS),
        table(rows, sealer, "parties", "A conversation or application of which you are a party.", _PARTIES),
    )
