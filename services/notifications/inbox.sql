-- What each person was told; `details` stay sealed.
create table inbox (
    notification uuid primary key, person uuid not null, kind text not null, about uuid not null, cause uuid not null,
    details json, position bigint not null, told_at timestamptz not null, read_at timestamptz
);
create index on inbox (person, position);
create index on inbox (person, position) where read_at is null;
