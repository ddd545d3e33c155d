-- One row a fact, never overwritten: told again or withdrawn, it gets the time at which that was recorded (recorded_to).
-- Whoever reads it needs, beside the body with its sealed words, only who may see it (audience, reader, until) and what it
-- belongs to: `item` is the thing itself, `about` a share, a conversation, an opportunity or a unit.
create table timeline (
    person uuid not null,
    effective_on date not null,
    id uuid not null,                   -- of the event
    type text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz,
    begins_at timestamptz,              -- where the day was still to begin somewhere: when it does in its zone, or was done
    fact uuid,                          -- HR's fact
    audience text not null,
    reader uuid,
    until date,
    item uuid,
    about uuid,
    body json not null,
    primary key (person, effective_on, id)
);
create index on timeline (fact) where fact is not null;

-- What is told of a unit or an opportunity, whose names a story needs and which may come later than the story itself.
create table reorganisations (
    id uuid primary key, unit uuid not null, effective_on date not null, type text not null,
    recorded_from timestamptz not null, body json not null
);
create index on reorganisations (unit);
create table postings (opportunity uuid primary key, kind text not null, title text not null, unit uuid not null);
