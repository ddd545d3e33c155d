-- Who read which sensitive record. Nothing here is a word of anybody: ids, kinds and rules alone.
create schema audit;

create table audit.reads (
    number bigint generated always as identity primary key check (number > 0),
    at timestamptz not null,
    reader text not null,   -- the caller: a person's id, or service:<name>
    actor text,             -- the service account that acted on the reader's behalf
    kind text not null,     -- of the record
    record uuid not null,
    person uuid not null,   -- whose record it is
    rule text not null,     -- why it was shown
    share uuid              -- the sharing under which it was shown: its purpose stands there
);
create index on audit.reads (person, record, number);

-- A link holds what each row was, and the link before; its hash is made with a key that the database does not hold.
-- `digests` has one element a row, as `numbers`.
create table audit.links (
    link bigint primary key,
    numbers bigint[] not null,
    digests bytea[] not null,
    hash bytea not null,
    made_at timestamptz not null
);

-- The last link of each day that is over, signed by a key that the database does not hold.
create table audit.heads (
    day date primary key,
    link bigint not null,
    hash bytea not null,
    signature bytea not null
);

-- Numbers are given before a commit: whoever chains waits, by the other half of this lock, for those under way.
create function audit.note(
    ats timestamptz[], readers text[], actors text[], kinds text[], records uuid[], persons uuid[], rules text[],
    shares uuid[]
) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(1635083369);
    insert into audit.reads (at, reader, actor, kind, record, person, rule, share)
    select * from unnest(ats, readers, actors, kinds, records, persons, rules, shares);
end $$;

-- The highest number up to which nothing can come any more.
create function audit.settled() returns bigint language plpgsql as $$
begin
    perform pg_advisory_xact_lock(1635083369);
    return coalesce((select max(number) from audit.reads), 0);
end $$;
