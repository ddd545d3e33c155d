-- Whether `files` still holds what the files were called.
alter table imports add column named boolean not null default true;
