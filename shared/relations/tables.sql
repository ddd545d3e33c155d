-- What HR reported (facts), and what the rules make of it (managers, belongings, unit_paths): all from profiles' stream.
create table people (person uuid primary key, name json, language json, changed_at timestamptz not null);
create index on people (changed_at);
create table aliases (
    source text not null, value text not null, given text not null, person uuid not null, from_on date not null,
    to_on date,
    primary key (source, value, person)
);
create index on aliases (person);

-- begins_at: the instant from which a fact makes a difference where the person is; a read compares it with now().
create table employment_facts (
    fact uuid primary key, person uuid not null, kind text not null, effective_on date not null, seq bigint not null,
    begins_at timestamptz
);
create index on employment_facts (person);
create table place_facts (
    fact uuid primary key, person uuid not null, position text not null, kind text not null,
    effective_on date not null, seq bigint not null, unit uuid, title text, job_level int, legal_entity text,
    country text, time_zone text not null, is_primary boolean not null, status text, begins_at timestamptz
);
create index on place_facts (person);
create index on place_facts (unit);
create table manager_facts (
    fact uuid primary key, person uuid not null, position text not null, line text not null, manager uuid,
    effective_on date not null, seq bigint not null
);
create index on manager_facts (person);
create index on manager_facts (manager);
create table interim_facts (
    person uuid not null, seq bigint not null, effective_on date not null, partner uuid, primary key (person, seq)
);

-- Who stands in for whom; from_at and to_at are instants where the delegator is, as begins_at is.
create table delegations (
    delegation uuid primary key, delegator uuid not null, delegate uuid not null, capacities text[] not null,
    from_on date not null, until date not null, ended_on date, reason json, from_at timestamptz, to_at timestamptz
);
create index on delegations (delegate);
create index on delegations (delegator);

create table unit_codes (unit uuid primary key, code text not null, legal_entity text);
create unique index on unit_codes (code);
create table unit_names (unit uuid not null, seq bigint not null, effective_on date not null, name text not null,
    primary key (unit, seq));
-- Those that have begun, as they are called today.
create view units as
    select c.unit, c.code, named.name, c.legal_entity from unit_codes c cross join lateral (
        select n.name from unit_names n where n.unit = c.unit and n.effective_on <= current_date
        order by n.effective_on desc, n.seq desc limit 1) named;
create table unit_parents (unit uuid not null, seq bigint not null, effective_on date not null, parent uuid,
    primary key (unit, seq));
create table unit_leaders (unit uuid not null, seq bigint not null, effective_on date not null, leader uuid,
    primary key (unit, seq));
create index on unit_leaders (leader);
create table hr_partners (unit uuid not null, partner uuid not null, from_on date not null, to_on date,
    primary key (unit, partner, from_on));
create index on hr_partners (partner, unit);

-- Measures of people's behaviour that were ever turned on or off; all others are off.
create table switches (
    legal_entity text not null, measure text not null, is_on boolean not null, reason text not null,
    changed_at timestamptz not null, primary key (legal_entity, measure)
);

-- Half-open intervals as instants, by the time zone of the place: a read compares them with now().
create table managers (
    person uuid not null, manager uuid, kind text not null, from_at timestamptz not null, to_at timestamptz not null,
    primary key (person, from_at)
);
create index on managers (manager, person, to_at);
create table belongings (
    person uuid not null, unit uuid not null, time_zone text not null, legal_entity text,
    from_at timestamptz not null, to_at timestamptz not null, primary key (person, from_at)
);
create index on belongings (unit, person);
create table unit_paths (
    unit uuid not null, ancestor uuid not null, from_on date not null, to_on date, primary key (unit, ancestor, from_on)
);
create index on unit_paths (ancestor, unit);
