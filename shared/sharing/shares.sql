-- Who may read which edition of what: one row a sharing that was not withdrawn. Words stay sealed.
create table shares (
    share uuid primary key, kind text not null, item uuid not null, person uuid not null, audience text not null,
    reader uuid, edition int not null, later_editions boolean not null, shared_on date not null, until date,
    submission uuid, purpose json, content json not null
);
create index on shares (person, kind, item);
create index on shares (item);
