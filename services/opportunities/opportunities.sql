-- Postings, as the open list shows them. `position` is that of the posting: the list's order.
create table opportunities (
    opportunity uuid primary key, position bigint not null, kind text not null, unit uuid not null, owner uuid not null,
    title text not null, description text not null, words json,
    skills text[] not null, skill_keys text[] not null, country text, starts_on date, closes_on date, posted_on date not null, status text not null, changed_at timestamptz not null
);
create unique index on opportunities (position);
create index on opportunities (unit, position);
create index on opportunities (owner, position);
create index on opportunities (changed_at);
create index on opportunities using gin (skill_keys);
