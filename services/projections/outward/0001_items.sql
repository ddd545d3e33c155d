-- What was said of each item last: content is null once it is retracted. `position` is the order in which it was said,
-- across all topics; whoever reads on from a position misses nothing, since one keeper at a time gives them.
create table outward_items (
    topic text not null, item uuid not null, type text not null, revision int not null, position bigint not null,
    recorded_at timestamptz not null, effective_on date, content json, erased boolean not null default false,
    primary key (topic, item)
);
create unique index on outward_items (position);
create index on outward_items (type, item);
-- Items of who was erased that are still to be buried: a tombstone after their retraction.
create index on outward_items (recorded_at) where erased;

create table outward_state (
    one boolean primary key default true check (one),
    position bigint not null,   -- given out last
    published bigint not null   -- everything up to it is on its topic
);
insert into outward_state (position, published) values (0, 0);
