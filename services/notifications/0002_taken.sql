-- Who works on it: the replica's name over its restarts, so that what it had taken when it was killed is looked at again.
alter table tellings add column taken_by text;
alter table mails add column taken_by text;
