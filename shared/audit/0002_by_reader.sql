-- What somebody read is listed for a case, whose number the note of the listing keeps.
alter table audit.reads add column case_number text;
create index on audit.reads (reader, number);

drop function audit.note(timestamptz[], text[], text[], text[], uuid[], uuid[], text[], uuid[]);

-- Those who note without cases go on doing so.
create function audit.note(
    ats timestamptz[], readers text[], actors text[], kinds text[], records uuid[], persons uuid[], rules text[],
    shares uuid[], case_numbers text[] default '{}'
) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(1635083369);
    insert into audit.reads (at, reader, actor, kind, record, person, rule, share, case_number)
    select * from unnest(ats, readers, actors, kinds, records, persons, rules, shares, case_numbers);
end $$;
