-- Who is on legal hold is asked by every run of retention, of a log that says little else about it.
create index events_holds on events (subject, position)
    where type in ('profiles.hold_placed.v1', 'profiles.hold_lifted.v1');
