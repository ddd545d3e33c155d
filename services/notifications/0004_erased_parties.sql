-- Who decides on an application may be erased while its applicant still waits to be told of the opportunity.
alter table parties alter column other drop not null;
