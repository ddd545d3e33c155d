-- Ends a statement that moves checkpoints and writes rows at once, when the checkpoints were not where they should be.
create function all_moved(moved bigint, expected int) returns boolean language plpgsql as $$
begin
    if moved <> expected then
        raise exception 'checkpoints were moved by somebody else' using errcode = 'KF001';
    end if;
    return true;
end $$;
