create table titles (opportunity uuid primary key, title text not null);
