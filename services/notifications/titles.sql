create table titles (
    opportunity uuid primary key, title text not null, unit uuid not null, owner uuid not null, by_anyone boolean not null
);
