-- Destroys a user's key, and with it whatever else of the person is not the log: rows of every table that this role may delete
-- from (sign-in, sessions, uploaded files, webhooks, ...). So a table with something personal in it grants DELETE to the role and is
-- covered. Every process hears that the user's sign-ins have ended. Gives the tables that had rows; to repeat it does no harm.
CREATE FUNCTION vault.erase(p_user uuid) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one regclass;
    had text[] := '{}';
    gone bigint;
BEGIN
    IF current_user <> 'fintwin_eraser' THEN
        RAISE EXCEPTION 'only the role fintwin_eraser erases' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    FOR one IN
        SELECT c.oid::regclass FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND has_schema_privilege(n.oid, 'USAGE')
                AND has_table_privilege(c.oid, 'DELETE')
            ORDER BY c.oid <> 'vault.user_key'::regclass, c.oid
    LOOP
        EXECUTE format('DELETE FROM %s WHERE user_id = $1', one) USING p_user;
        GET DIAGNOSTICS gone = ROW_COUNT;
        IF gone > 0 THEN
            had := had || one::text;
        END IF;
    END LOOP;
    INSERT INTO identity.revocation (user_id, session_id, expires_at) VALUES (p_user, NULL, now() + interval '25 hours');
    PERFORM pg_notify('fintwin_revoked', '');
    RETURN had;
END
$$;

GRANT EXECUTE ON FUNCTION vault.erase TO fintwin_eraser;

-- A deleted row leaves its bytes behind until the table is written anew, which its owner may, and from Postgres 17 on whoever is
-- granted it.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        GRANT MAINTAIN ON vault.user_key TO fintwin_eraser;
    END IF;
END
$$;
