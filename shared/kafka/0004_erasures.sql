-- People who were erased for good: what is still heard about them is not applied (shared/erasure/forgetting.py).
create table erased (person uuid primary key, erasure uuid not null, at timestamptz not null default clock_timestamp());

-- Marks that a model has applied: when it has all of those of every topic it hears, it has forgotten what it should.
create table erasure_marks (
    erasure uuid not null, model text not null, service text not null, number int not null, marks int not null,
    found json not null,            -- place → rows
    at timestamptz not null default clock_timestamp(),
    primary key (erasure, model, service, number)
);

-- What this service was asked to clean. `marks`: whom they are about, and which streams end, decided once;
-- `sealed`: how many of its events had something sealed with a destroyed key.
create table erasures_ordered (
    erasure uuid primary key, person uuid not null, scope text not null, marks json, sealed bigint,
    ordered_at timestamptz not null default clock_timestamp(), reported_at timestamptz
);
create index erasures_unreported on erasures_ordered (ordered_at) where reported_at is null;
