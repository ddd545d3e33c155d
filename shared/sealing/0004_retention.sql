-- Retention: keys of years that are long over are destroyed, but for people on legal hold.
alter table keys.data_keys add column retired_in uuid;  -- the run of retention that destroyed it
create index data_keys_by_year on keys.data_keys (data_class, year) where wrapped is not null;
create index data_keys_retired_in on keys.data_keys (retired_in) where retired_in is not null;

-- Destroys `most` keys at most that are due, once a run, and counts: those that this run has destroyed, those that are
-- still due, and those that would be due but are held. With `most` 0 it only counts. Employment and directory end with
-- the person.
create function keys.retire(run uuid, of_class text, before_year int, held uuid[], most int)
returns table (retired int, retired_people int, due int, due_people int, kept int, kept_people int)
language plpgsql security definer set search_path = keys, pg_temp as $$
#variable_conflict use_column
begin
    if of_class in ('directory', 'employment') then
        raise invalid_parameter_value using message = 'keys of that data class are not retired by year';
    end if;
    if before_year > extract(year from clock_timestamp() at time zone 'UTC') then
        raise invalid_parameter_value using message = 'keys of this year are in use';
    end if;
    update data_keys k set wrapped = null, destroyed_at = clock_timestamp(), retired_in = run
    where k.wrapped is not null
      and not exists (select from data_keys r where r.retired_in = run and r.data_class = of_class)
      and k.id in (
        select d.id from data_keys d
        where d.data_class = of_class and d.year < before_year and d.wrapped is not null and d.person <> all (held)
        order by d.person, d.id limit most);

    return query
    select count(*) filter (where k.retired_in = run)::int,
           count(distinct k.person) filter (where k.retired_in = run)::int,
           count(*) filter (where k.wrapped is not null and k.person <> all (held))::int,
           count(distinct k.person) filter (where k.wrapped is not null and k.person <> all (held))::int,
           count(*) filter (where k.wrapped is not null and k.person = any (held))::int,
           count(distinct k.person) filter (where k.wrapped is not null and k.person = any (held))::int
    from data_keys k
    where k.data_class = of_class and k.year < before_year and (k.wrapped is not null or k.retired_in = run);
end $$;

revoke all on function keys.retire from public;
