-- Whether any of these keys of the user's stood for another request than the one beside it.
CREATE FUNCTION log.reused(p_user uuid, p_keys bytea[], p_requests bytea[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN EXISTS (
        SELECT FROM unnest(p_keys, p_requests) AS asked (key, request)
        JOIN log.idempotency known ON known.user_id = p_user AND known.key = asked.key
        WHERE known.request <> asked.request
    );
END
$$;

GRANT EXECUTE ON FUNCTION log.reused TO fintwin_api;
