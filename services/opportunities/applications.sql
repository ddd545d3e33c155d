-- Applications, as their applicant and the opportunity's owner list them. Words stay sealed.
create table applications (
    application uuid primary key, position bigint not null, opportunity uuid not null, person uuid not null,
    status text not null, submitted_on date not null, statement json, skills json, matching json, missing json,
    reason json, next_step json, answered_by uuid -- whose words reason and next_step are, if not the applicant's
);
create index on applications (person, position);
create index on applications (opportunity, position);
