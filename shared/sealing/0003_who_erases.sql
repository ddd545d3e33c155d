-- The service that coordinates erasure is granted this function, by deploy; for all others it stays the owner's alone.
alter function keys.destroy(uuid, uuid, text[]) security definer;
