-- One row a commitment; text and reason stay sealed, and are null once they were erased.
create table commitments (
    commitment uuid primary key, employee uuid not null, party text not null, owner uuid not null, conversation uuid,
    made_on date not null, due_on date not null, state text not null, missed_on date, kept_on date,
    text json, reason json, changed_at timestamptz not null
);
create index on commitments (employee, commitment);
create index on commitments (owner, due_on, commitment);
