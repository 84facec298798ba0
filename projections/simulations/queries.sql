-- The user's kept runs, or those of one account, newest first, those before position p_before where it is given; p_source
-- one kind of them (NULL: both). `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.simulations(
    p_user uuid, p_min bigint, p_account uuid, p_source text, p_before bigint, p_limit integer
)
RETURNS TABLE (
    reached bigint, user_id uuid, simulation_id uuid, "position" bigint, created_at timestamptz, source text, scenario text,
    account_id uuid, amount_minor bigint, figure text, currency text, before_minor bigint, after_minor bigint,
    risk_score smallint, level text, recommendation text, name text, base_position bigint, base_hash text, document json,
    summary json
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('simulations_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT s.* FROM read.simulation_vN s
                WHERE v_reached IS NOT NULL AND s.user_id = p_user
                    AND (p_account IS NULL OR s.account_id = p_account)
                    AND (p_source IS NULL OR s.source = p_source)
                    AND (p_before IS NULL OR s.position < p_before)
                ORDER BY s.position DESC LIMIT p_limit
        ) q ON true ORDER BY q.position DESC;
END
$$;

-- One kept run.
CREATE OR REPLACE FUNCTION read.simulation(p_user uuid, p_min bigint, p_simulation uuid)
RETURNS TABLE (
    reached bigint, user_id uuid, simulation_id uuid, "position" bigint, created_at timestamptz, source text, scenario text,
    account_id uuid, amount_minor bigint, figure text, currency text, before_minor bigint, after_minor bigint,
    risk_score smallint, level text, recommendation text, name text, base_position bigint, base_hash text, document json,
    summary json
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('simulations_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, s.* FROM (SELECT) AS once
            LEFT JOIN read.simulation_vN s ON v_reached IS NOT NULL AND s.user_id = p_user
                AND s.simulation_id = p_simulation;
END
$$;

-- How many runs an own account has (p_account NULL: the user).
CREATE OR REPLACE FUNCTION read.simulation_count(p_user uuid, p_min bigint, p_account uuid)
RETURNS TABLE (reached bigint, kept bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('simulations_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, count(s.simulation_id) FROM read.simulation_vN s
            WHERE v_reached IS NOT NULL AND s.user_id = p_user AND (p_account IS NULL OR s.account_id = p_account);
END
$$;
