-- Aspirations by person, and who may read which edition of them. Words stay sealed.
create table aspirations (
    aspiration uuid primary key, person uuid not null, edition int not null, confirmed_on date not null,
    content json not null
);
create index on aspirations (person, aspiration);
create table shares (
    share uuid primary key, aspiration uuid not null, person uuid not null, audience text not null, reader uuid,
    edition int not null, later_editions boolean not null, shared_on date not null, until date, purpose json,
    content json not null
);
create index on shares (person, aspiration);
create index on shares (aspiration);
