"""Moves as HR's systems get them: those of the read model `moves`, from their day on."""

from services.projections.outward.source import Source
from shared.contracts import outward

MOVES = Source(
    kind="move",
    content=outward.Move,
    now="""
        select m.id as item, m.person, m.kind, m.effective_on, m.from_unit, m.to_unit, m.from_title, m.to_title,
            m.from_level, m.to_level, m.confirmed, m.begins_at <= now() and m.ends_at > now() as told,
            case when m.begins_at > now() then m.begins_at
                when m.ends_at > now() and m.ends_at < '9999-01-01' then m.ends_at end as next_at
        from moves m where m.id = any ($1)""",
    every="select id from moves",
)
