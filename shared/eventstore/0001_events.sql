-- The log of one service. Positions become visible in their order: `append` takes the lock before it looks at the last
-- one, and the lock is held until the commit is visible, so whoever tails `position > last` misses nothing.
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
    command_key bytea,          -- on the first event of a command: HMACs of the caller's key and of what was asked
    command_print bytea,
    command_size smallint,      -- how many events the command recorded, from this position on
    body json not null,
    unique (stream, version)
);
create unique index events_command on events (command_key) where command_key is not null;

-- Appends a group, each append of it all or none; the arrays hold one element an event, in order.
-- `priors`: the version that a stream must have for its first event here (0: none), null for those that follow.
-- `appends`: which append of the group an event belongs to, from 1.
-- Usually all are recorded by one statement: then `outcomes` is null and the positions run from `first` on. Otherwise
-- each append is tried by itself: outcome 0 recorded (from `firsts` on), 1 a command key known, 2 a version that differs.
create function append(
    appends int[], streams uuid[], versions int[], priors int[], ids uuid[], types text[], subjects uuid[], bys text[],
    origins text[], withhelds boolean[], traces text[], keys bytea[], prints bytea[], sizes smallint[], bodies json[],
    out first bigint, out at timestamptz, out outcomes int[], out firsts bigint[]
) language plpgsql as $$
#variable_conflict use_variable
declare
    last bigint;
    total int := array_length(ids, 1);
    recorded int;
    one int;
    outcome int;
begin
    perform pg_advisory_xact_lock(1702258036);
    select e.position, e.recorded_at into last, at from events e order by e.position desc limit 1;
    last := coalesce(last, 0);
    at := greatest(clock_timestamp(), at);
    first := last + 1;

    insert into events
    select last + n.row, n.stream, n.version, n.id, n.type, n.subject, at, n.by, n.origin, n.withheld, n.trace, n.key,
           n.print, n.size, n.body
    from unnest(streams, versions, priors, ids, types, subjects, bys, origins, withhelds, traces, keys, prints, sizes,
                bodies) with ordinality
         as n (stream, version, prior, id, type, subject, by, origin, withheld, trace, key, print, size, body, row)
    where n.prior is null or n.prior = 0
       or exists (select from events e where e.stream = n.stream and e.version = n.prior)
    on conflict do nothing;
    get diagnostics recorded = row_count;
    if recorded = total then
        return;
    end if;

    delete from events e where e.position > last;
    outcomes := '{}';
    firsts := '{}';
    for one in 1 .. appends[total] loop
        outcome := 0;
        firsts[one] := 0;
        if exists (select from unnest(appends, keys) as n (append, key) join events e on e.command_key = n.key
                   where n.append = one) then
            outcome := 1;
        elsif exists (select from unnest(appends, streams, priors) as n (append, stream, prior)
                      where n.append = one and n.prior is not null
                        and n.prior <> coalesce((select max(e.version) from events e where e.stream = n.stream), 0)) then
            outcome := 2;
        else
            firsts[one] := last + 1;
            insert into events
            select last + row_number() over (order by n.row), n.stream, n.version, n.id, n.type, n.subject, at, n.by,
                   n.origin, n.withheld, n.trace, n.key, n.print, n.size, n.body
            from unnest(appends, streams, versions, ids, types, subjects, bys, origins, withhelds, traces, keys,
                        prints, sizes, bodies) with ordinality
                 as n (append, stream, version, id, type, subject, by, origin, withheld, trace, key, print, size, body,
                       row)
            where n.append = one;
            get diagnostics recorded = row_count;
            last := last + recorded;
        end if;
        outcomes[one] := outcome;
    end loop;
end $$;
