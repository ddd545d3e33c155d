-- One row a conversation; no words.
create table conversations (
    conversation uuid primary key, employee uuid not null, partner uuid not null, partner_role text not null,
    topic text not null, requested_by uuid not null, state text not null, awaits uuid, proposed_for timestamptz not null,
    held_on date, rated_by uuid[] not null, changed_at timestamptz not null
);
create index on conversations (employee, conversation);
create index on conversations (partner, conversation);
create index on conversations (proposed_for) where state in ('proposed', 'agreed');
