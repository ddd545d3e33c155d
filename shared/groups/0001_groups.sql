-- Releases of figures about groups of people, for ever as they were made: no read model's tables, since a rebuild would
-- group people anew.
create schema groups;

create table groups.releases (
    subject text not null,      -- what is counted, such as moves
    number int not null,        -- 1, 2, 3 … for each subject
    covers_until date not null, -- the last day of the last period that was over
    minimum int not null,       -- people in a group at least
    made_at timestamptz not null,
    primary key (subject, number),
    unique (subject, covers_until)
);

create table groups.figures (
    subject text not null, release int not null, label text[] not null, count int not null,
    primary key (subject, release, label),
    foreign key (subject, release) references groups.releases
);

-- Who is told together, as of the last release: the next one may only split them. `people` has one element a fact.
create table groups.groups (
    subject text not null,
    number int not null,
    level int not null,
    label text[], -- null: they were withdrawn together, and are told no more
    facts uuid[] not null,
    people uuid[] not null,
    primary key (subject, number)
);
