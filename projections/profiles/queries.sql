-- The user's profile; `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.profile(p_user uuid, p_min bigint)
RETURNS TABLE (reached bigint, user_id uuid, state json, registered_at timestamptz, "position" bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('profiles_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, p.* FROM (SELECT) AS once
            LEFT JOIN read.profile_vN p ON v_reached IS NOT NULL AND p.user_id = p_user;
END
$$;
