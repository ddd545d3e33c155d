-- The key store: a small database of its own, so that its backups are apart and end early.
-- Services reach it through the two functions only, each for the data classes granted to its login role.
create schema keys;

create table keys.data_keys (
    id uuid primary key,
    person uuid not null,
    data_class text not null,
    year int not null,
    generation int not null,
    master text not null,           -- which master key wrapped it
    wrapped bytea,                  -- null: destroyed, this row is its tombstone
    created_at timestamptz not null default clock_timestamp(),
    destroyed_at timestamptz,
    unique (person, data_class, year, generation),
    check ((wrapped is null) = (destroyed_at is not null))
);

-- A person whose every key was destroyed: none is made again.
create table keys.erased (person uuid primary key, erased_at timestamptz not null default clock_timestamp());

create table keys.grants (role name, data_class text, may_seal boolean not null, primary key (role, data_class));

-- The newest living key of each (person, data class) of this year; the candidate given is kept where there is none.
-- A person who was erased gets no row.
create function keys.for_sealing(
    persons uuid[], classes text[], candidates uuid[], wrappings bytea[], wrapped_by text
) returns table (person uuid, data_class text, id uuid, wrapped bytea, master text)
language plpgsql security definer set search_path = keys, pg_temp as $$
#variable_conflict use_column
declare
    this_year int := extract(year from clock_timestamp() at time zone 'UTC');
begin
    if exists (select from unnest(classes) as wanted(data_class)
               where not exists (select from grants g
                                 where g.role = session_user and g.data_class = wanted.data_class and g.may_seal)) then
        raise insufficient_privilege using message = 'this service may not seal for that data class';
    end if;
    -- Sorted, so that two services that ask for the same persons do not wait for each other in a circle.
    insert into data_keys (id, person, data_class, year, generation, master, wrapped)
    select w.id, w.person, w.data_class, this_year,
           coalesce((select max(k.generation) from data_keys k
                     where k.person = w.person and k.data_class = w.data_class and k.year = this_year), 0) + 1,
           wrapped_by, w.wrapped
    from unnest(persons, classes, candidates, wrappings) as w(person, data_class, id, wrapped)
    where not exists (select from erased e where e.person = w.person)
      and not exists (select from data_keys k
                      where k.person = w.person and k.data_class = w.data_class and k.year = this_year
                        and k.wrapped is not null)
    order by w.person, w.data_class
    on conflict do nothing;

    return query
    select distinct on (k.person, k.data_class) k.person, k.data_class, k.id, k.wrapped, k.master
    from unnest(persons, classes) as w(person, data_class)
    join data_keys k on k.person = w.person and k.data_class = w.data_class and k.year = this_year
    where k.wrapped is not null and not exists (select from erased e where e.person = k.person)
    order by k.person, k.data_class, k.generation desc;
end $$;

-- Keys by id; a destroyed one, and one of a class not granted, gets no row.
create function keys.for_unsealing(ids uuid[])
returns table (id uuid, wrapped bytea, master text)
language sql stable security definer set search_path = keys, pg_temp as $$
    select k.id, k.wrapped, k.master
    from data_keys k join grants g on g.role = session_user and g.data_class = k.data_class
    where k.id = any (ids) and k.wrapped is not null
$$;

revoke all on schema keys from public;
revoke all on function keys.for_sealing, keys.for_unsealing from public;
