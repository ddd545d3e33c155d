-- What of opportunities, sharings and talks HR's systems may be told. No words.
create table postings_told (
    opportunity uuid primary key, kind text not null, unit uuid not null, title text not null, skills text[] not null,
    country text, starts_on date, closes_on date, effective_on date not null, status text not null
);
create table sharings_told (
    share uuid primary key, person uuid not null, record text not null, item uuid not null, audience text not null,
    until date, effective_on date not null
);
create index on sharings_told (person);
create table talks_told (
    conversation uuid primary key, employee uuid not null, topic text not null, effective_on date not null
);
create index on talks_told (employee);
