-- Erasures that were asked for: the worker's task takes them further until they are complete.
create table erasures (
    erasure uuid primary key, person uuid not null, scope text not null, complete boolean not null default false
);
create index erasures_under_way on erasures (erasure) where not complete;
