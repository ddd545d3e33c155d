-- What was told of each person, the newest telling of each fact (see movement.Fact); and whose turn it is to be worked
-- out: their row here is locked for it, since HR's facts and claims come by different topics.
create table movers (person uuid primary key);
create table move_facts (
    person uuid not null, source uuid not null, seq bigint not null, kind text not null, effective_on date not null,
    position text not null, unit uuid, title text, job_level int, is_primary boolean not null, time_zone text not null,
    reason text, from_unit uuid,
    primary key (person, source)
);
create table replacements (
    unit uuid not null, replaced_by uuid not null, effective_on date not null, primary key (unit, replaced_by)
);

-- What follows from it (see movement.Move). A row is told from begins_at on, when its day begins where the place is;
-- a claim until ends_at, when HR's own fact takes its place.
create table moves (
    person uuid not null, id uuid not null, kind text not null, effective_on date not null,
    begins_at timestamptz not null, ends_at timestamptz not null, from_unit uuid, to_unit uuid, from_title text,
    to_title text, from_level int, to_level int, confirmed boolean not null, claim uuid,
    primary key (person, id)
);
create index on moves (effective_on, id);
-- Figures are counted from the index alone.
create index on moves (effective_on, kind)
    include (from_unit, to_unit, from_title, to_title, begins_at, ends_at, confirmed);
create index on moves (from_unit, to_unit);
create index on moves (id);
