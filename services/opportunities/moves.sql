-- Moves agreed here, for whom they concern. `position` is that of the agreement.
create table moves (
    move uuid primary key, position bigint not null, application uuid not null, opportunity uuid not null,
    person uuid not null, kind text not null, from_unit uuid, to_unit uuid not null, status text not null,
    agreed_on date not null, release_on date, released_by uuid, arrived_on date
);
create unique index on moves (position);
create index on moves (person, position);
