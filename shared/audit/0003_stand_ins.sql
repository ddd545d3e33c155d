-- Who stands in for somebody reads under both names.
alter table audit.reads add column stands_in_for uuid;

drop function audit.note(timestamptz[], text[], text[], text[], uuid[], uuid[], text[], uuid[], text[]);

-- Those who note without cases or stand-ins go on doing so.
create function audit.note(
    ats timestamptz[], readers text[], actors text[], kinds text[], records uuid[], persons uuid[], rules text[],
    shares uuid[], case_numbers text[] default '{}', stands_in_fors uuid[] default '{}'
) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(1635083369);
    insert into audit.reads (at, reader, actor, kind, record, person, rule, share, case_number, stands_in_for)
    select * from unnest(ats, readers, actors, kinds, records, persons, rules, shares, case_numbers, stands_in_fors);
end $$;
