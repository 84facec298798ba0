-- The wrapped keys of many users at once, in their order (NULL where there is none): a file of a thousand accounts would
-- otherwise ask a thousand times a second. Each is read as its own tenant.
CREATE FUNCTION vault.wrapped_keys(p_users uuid[]) RETURNS bytea[]
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one uuid;
    found bytea[] := '{}';
BEGIN
    FOREACH one IN ARRAY p_users LOOP
        PERFORM set_config('fintwin.user_id', one::text, true);
        found := found || (SELECT k.wrapped FROM vault.user_key k WHERE k.user_id = one);
    END LOOP;
    RETURN found;
END
$$;

GRANT EXECUTE ON FUNCTION vault.wrapped_keys TO fintwin_api;
