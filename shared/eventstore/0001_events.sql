-- The log of one service.
--
-- Positions become visible in their order: `append` and `append_one` take the lock before they look at the last position,
-- and it is held until their commit is visible. Whoever tails `position > last` misses nothing. For the same reason the
-- caller's transaction is this one call and nothing else: one that had written before could wait for the lock with row
-- locks in its hands, which the lock's holder may be waiting for.
create table events (
    position bigint primary key,
    stream uuid not null,
    version int not null,
    id uuid not null,
    type text not null,
    subject uuid not null,
    recorded_at timestamptz not null,
    by text not null,
    origin text not null,
    withheld boolean not null,
    trace text,
    command_key bytea,     -- HMAC of the caller's key, on the first event of a command that had one
    command_print bytea,   -- HMAC of what was asked under it
    command_size smallint, -- on the first event of every append: how many events it recorded, from this position on
    body json not null,    -- json, not jsonb: it comes back byte for byte, and is the value on the topic
    unique (stream, version)
);
create unique index events_command_key on events (command_key) where command_key is not null;

-- One append of one event. Raises an integrity_constraint_violation where it is refused: `append` then says why.
-- `prior`: a version that the stream must have; 0 where there is none, or the caller has seen it.
create function append_one(
    stream uuid, version int, prior int, id uuid, type text, subject uuid, withheld boolean, body json,
    by text, origin text, trace text, key bytea, print bytea,
    out last bigint, out at timestamptz
) language plpgsql as $$
#variable_conflict use_column
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'an append is a transaction of its own' using errcode = 'invalid_transaction_state';
    end if;
    perform pg_advisory_xact_lock(1702258036);
    -- A unique (stream, version) alone would take a version that is too high, and leave a gap.
    if prior > 0 and (select e.version from events e where e.stream = append_one.stream and e.version = prior) is null then
        raise integrity_constraint_violation;
    end if;
    select e.position, e.recorded_at into last, at from events e order by e.position desc limit 1;
    last := coalesce(last, 0) + 1;
    at := greatest(clock_timestamp(), at);
    insert into events values (
        last, append_one.stream, append_one.version, append_one.id, append_one.type, append_one.subject, at,
        append_one.by, append_one.origin, append_one.withheld, append_one.trace, append_one.key, append_one.print, 1,
        append_one.body
    );
end $$;

-- A group of appends, each all or none, with one element of every array an event, in the order of the appends.
-- `sizes` stands on the first event of each append; an append is known by its number in the group, from 1.
-- Answers the position of the last event and when; and, where not all were recorded, the numbers of those whose command
-- was carried out before, and of those whose stream (`contested`) is at another version. The others are recorded.
create function append(
    streams uuid[], versions int[], priors int[], ids uuid[], types text[], subjects uuid[], withhelds boolean[],
    bodies json[], bys text[], origins text[], traces text[], keys bytea[], prints bytea[], sizes smallint[],
    out last bigint, out at timestamptz, out repeated int[], out conflicting int[], out contested uuid[]
) language plpgsql as $$
#variable_conflict use_column
declare
    before bigint;
    recorded bigint;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'an append is a transaction of its own' using errcode = 'invalid_transaction_state';
    end if;
    perform pg_advisory_xact_lock(1702258036);
    select e.position, e.recorded_at into before, at from events e order by e.position desc limit 1;
    before := coalesce(before, 0);
    at := greatest(clock_timestamp(), at);
    begin
        -- The version is looked up as a value: `exists` may be planned as a hash of the whole log.
        insert into events
        select before + n.number, n.stream, n.version, n.id, n.type, n.subject, at, n.by, n.origin, n.withheld, n.trace,
               n.key, n.print, n.size, n.body
        from unnest(streams, versions, priors, ids, types, subjects, withhelds, bodies, bys, origins, traces, keys,
                    prints, sizes) with ordinality
             as n (stream, version, prior, id, type, subject, withheld, body, by, origin, trace, key, print, size, number)
        where n.prior = 0
           or (select e.version from events e where e.stream = n.stream and e.version = n.prior) is not null;
        get diagnostics recorded = row_count;
        if recorded = cardinality(ids) then
            last := before + recorded;
            return;
        end if;
        raise integrity_constraint_violation;
    exception when integrity_constraint_violation then -- what was inserted is gone again; the lock is still held
    end;

    select array_agg(distinct n.append) into repeated
    from (select key, count(size) over (order by number) as append
          from unnest(keys, sizes) with ordinality as u (key, size, number)) n
    where (select e.position from events e where e.command_key = n.key) is not null;
    repeated := coalesce(repeated, '{}');

    select array_agg(c.append), array_agg(c.stream) into conflicting, contested
    from (select distinct on (n.append) n.append, n.stream
          from (select stream, version, prior, number, count(size) over (order by number) as append
                from unnest(streams, versions, priors, sizes) with ordinality
                     as u (stream, version, prior, size, number)) n
          where n.append <> all (repeated)
            and ((select e.version from events e where e.stream = n.stream and e.version = n.version) is not null
                 or n.prior > 0
                    and (select e.version from events e where e.stream = n.stream and e.version = n.prior) is null)
          order by n.append, n.number) c;
    conflicting := coalesce(conflicting, '{}');
    contested := coalesce(contested, '{}');

    insert into events
    select before + row_number() over (order by n.number), n.stream, n.version, n.id, n.type, n.subject, at, n.by,
           n.origin, n.withheld, n.trace, n.key, n.print, n.size, n.body
    from (select *, count(size) over (order by number) as append
          from unnest(streams, versions, priors, ids, types, subjects, withhelds, bodies, bys, origins, traces, keys,
                      prints, sizes) with ordinality
               as u (stream, version, prior, id, type, subject, withheld, body, by, origin, trace, key, print, size,
                     number)) n
    where n.append <> all (repeated) and n.append <> all (conflicting);
    get diagnostics recorded = row_count;
    last := before + recorded;
end $$;
