-- How far each model has applied each partition; moved in the transaction that writes the model's rows, and only from
-- where it was: whoever was replaced meanwhile changes no row, and stops.
create table checkpoints (
    model text not null,
    service text not null,
    partition int not null,
    position bigint not null,           -- of the last event applied, in its service's store; 0: none
    kafka_offset bigint not null,       -- of its record; -1: none
    primary key (model, service, partition)
);

-- Events that could not be applied, and later ones of the same subject, held back so that order is kept.
create table parked (
    model text not null,
    service text not null,
    partition int not null,
    position bigint not null,           -- negative, -(offset + 1), for a record that is no event of ours
    kafka_offset bigint not null,
    subject uuid,
    type text,
    headers json not null,              -- [[name, value as Latin-1 or null], ...]
    body bytea,
    reason text not null,
    behind bigint,                      -- position of the event that this one waits for; null: it failed itself
    at timestamptz not null default clock_timestamp(),
    primary key (model, service, partition, position)
);
create index parked_subject on parked (model, subject, position);

-- Reactions whose command was refused: a matter of course, told to who asks, retried by nobody.
create table refused_reactions (
    reaction text not null,
    event_id uuid not null,
    service text not null,
    position bigint not null,
    type text not null,
    subject uuid not null,
    code text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (reaction, event_id)
);

-- As of when each model is complete, for the processes that answer reads: everything recorded by `as_of` (null: nobody
-- knows yet), and everything up to `position`, has been applied.
create table freshness (
    model text not null,
    service text not null,
    position bigint not null,
    as_of timestamptz,
    primary key (model, service)
);
