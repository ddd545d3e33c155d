-- Erasure: the keys of a person are destroyed, those of some data classes or all of them and for good.
create table keys.erasures (
    id uuid primary key,    -- given by who erases: asked again after a crash, the same erasure destroys nothing more
    person uuid not null,
    classes text[],         -- null: all, and none is made again
    at timestamptz not null default clock_timestamp()
);

alter table keys.data_keys add column destroyed_by uuid references keys.erasures;
create index data_keys_destroyed_by on keys.data_keys (destroyed_by) where destroyed_by is not null;

-- What the erasure destroyed. For the owner of this database alone: no service is granted it.
create function keys.destroy(erasure uuid, whom uuid, of_classes text[])
returns table (id uuid, data_class text, year int, generation int, destroyed_at timestamptz)
language plpgsql set search_path = keys, pg_temp as $$
#variable_conflict use_column
begin
    -- Who makes keys holds a weaker lock on this table until they are committed: none is made that is not seen here.
    lock table erased in exclusive mode;
    insert into erasures (id, person, classes) values (erasure, whom, of_classes) on conflict do nothing;
    if found then
        if of_classes is null then
            insert into erased (person) values (whom) on conflict do nothing;
        end if;
        update data_keys k set wrapped = null, destroyed_at = clock_timestamp(), destroyed_by = erasure
        where k.person = whom and k.wrapped is not null
          and (of_classes is null or k.data_class = any (of_classes));
    elsif not exists (select from erasures e where e.id = erasure and e.person = whom
                      and (e.classes is null) = (of_classes is null)) then
        raise invalid_parameter_value using message = 'this erasure was that of another person, or of another kind';
    end if;

    return query
    select k.id, k.data_class, k.year, k.generation, k.destroyed_at from data_keys k
    where k.destroyed_by = erasure order by k.data_class, k.year, k.generation;
end $$;

revoke all on function keys.destroy from public;

-- As before, and: no candidates may be given, to look for what is there before keys are wrapped in vain.
create or replace function keys.for_sealing(
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
    if cardinality(candidates) > 0 then
        lock table erased in row share mode;    -- see keys.destroy
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
    end if;

    return query
    select distinct on (k.person, k.data_class) k.person, k.data_class, k.id, k.wrapped, k.master
    from unnest(persons, classes) as w(person, data_class)
    join data_keys k on k.person = w.person and k.data_class = w.data_class and k.year = this_year
    where k.wrapped is not null and not exists (select from erased e where e.person = k.person)
    order by k.person, k.data_class, k.generation desc;
end $$;
