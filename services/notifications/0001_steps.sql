-- Between an event that was heard and a mail that was taken; what people read is the read model `inbox`.

-- Whom a conversation or application concerns, as its first event said; later events name one of them alone.
create table parties (
    item uuid primary key, person uuid not null, other uuid not null, opportunity uuid, open boolean not null default true
);
create index on parties (opportunity) where open;

-- What is to be told, and has not been yet: not before `day` at its person's place. `due_at`: when it is looked at next.
create table tellings (
    cause uuid not null, whom text not null, target uuid not null, kind text not null, about uuid not null,
    details json not null, by text not null, fact uuid, day date, recorded_at timestamptz not null, position bigint not null,
    trace text,
    due_at timestamptz not null, failures int not null default 0,
    primary key (cause, whom, target)
);
create index on tellings (due_at);
create index on tellings (fact) where fact is not null;

-- Mails to send; those that were sent or given up are kept for a while, so that none is made again.
create table mails (
    notification uuid primary key, person uuid not null, made_at timestamptz not null,
    state text not null default 'waiting', reason text, attempts int not null default 0, due_at timestamptz not null
);
create index on mails (due_at) where state = 'waiting';
create index on mails (made_at) where state <> 'waiting';
