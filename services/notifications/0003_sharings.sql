-- Of a sharing: told while it lasts, to who is its audience then.
alter table tellings add column share uuid, add column until date, add column audience text;
create index on tellings (share) where share is not null;
