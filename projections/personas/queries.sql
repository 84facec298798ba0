-- What the user told and the money in that currency (NULL before its first movement); `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.persona(p_user uuid, p_min bigint)
RETURNS TABLE (reached bigint, user_id uuid, goal text, appetite text, currency text, money json)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('personas_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, p.*, m.state FROM (SELECT) AS once
            LEFT JOIN read.persona_vN p ON v_reached IS NOT NULL AND p.user_id = p_user
            LEFT JOIN read.persona_money_vN m ON m.user_id = p_user AND m.currency = p.currency;
END
$$;
