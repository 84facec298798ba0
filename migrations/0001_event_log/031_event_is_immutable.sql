-- What is in the log stays as it is, for the owner too.
CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or removed (% on log.event)', tg_op
        USING ERRCODE = 'insufficient_privilege', HINT = 'Book a correction instead.';
END
$$;

CREATE TRIGGER event_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_is_immutable;
