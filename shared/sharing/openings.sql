-- What was posted, and who has an open application for it: one row a submission, since who applies anew shares anew.
create table openings (opportunity uuid primary key, unit uuid not null, owner uuid not null, by_anyone boolean not null);
create table applicants (
    submission uuid primary key, application uuid not null, opportunity uuid not null, person uuid not null,
    submitted_on date not null
);
create index on applicants (application);
create index on applicants (person, opportunity);
