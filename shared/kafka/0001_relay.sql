-- How far the store is published. One row: the leader's epoch (a former leader's late mark is refused), the position up
-- to which Kafka has everything, and the last published position of each partition as {"partition": position}.
create table relay (
    id smallint primary key default 1 check (id = 1),
    epoch bigint not null default 0,
    position bigint not null default 0,
    partitions json not null default '{}'
);
insert into relay default values;
