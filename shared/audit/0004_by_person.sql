-- All that was seen of somebody is told a stretch at a time, the newest first.
create index on audit.reads (person, number);
