-- HR's files on their way in. Contents and rows are sealed with the import's own key and deleted when it has ended; what
-- stays is the job and its report, which name files, lines and columns and nobody.
create table imports (
    id uuid primary key,
    state text not null,         -- receiving, waiting, staging, checking, applying; done, refused, failed
    options json not null,
    by text not null,
    files json not null,         -- in the order in which rows and chunks number them
    progress json not null,
    trouble text,                -- why it was refused or failed, in words
    checkpoint uuid,             -- units and people up to this one are applied
    attempts int not null default 0,
    command_key bytea unique,    -- HMACs of the caller's Idempotency-Key and of what was asked under it
    command_print bytea,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz
);
create index imports_unfinished on imports (created_at) where finished_at is null;
create index imports_newest on imports (created_at desc, id desc);

create table import_chunks (
    import uuid not null references imports (id) on delete cascade,
    file int not null,
    number int not null,
    sealed bytea not null,
    primary key (import, file, number)
);

-- `about` is the unit's id, or the stream of the person's employee number: rows of one unit or person are read together.
create table import_rows (
    import uuid not null,
    of_unit boolean not null,
    about uuid not null,
    file int not null,
    line int not null,
    sealed bytea not null,
    primary key (import, of_unit, about, file, line)
);

-- Everybody whom the files name, by the stream of their employee number.
create table import_people (
    import uuid not null,
    about uuid not null,
    number bytea not null,       -- the employee number, sealed
    has_rows boolean not null,
    is_named boolean not null,   -- as a leader or manager, by rows of others
    is_bad boolean not null default false,
    person uuid,                 -- once known
    primary key (import, about)
);
create index import_people_person on import_people (import, person);

create table import_problems (
    import uuid not null references imports (id) on delete cascade,
    number int not null,
    file int not null,
    line int not null,
    "column" int,
    field text,
    code text not null,
    detail text not null,
    primary key (import, number)
);
