-- Aspirations by person. Words stay sealed.
create table aspirations (
    aspiration uuid primary key, person uuid not null, edition int not null, confirmed_on date not null,
    content json not null
);
create index on aspirations (person, aspiration);
