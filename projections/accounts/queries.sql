-- The user's accounts in the order of their opening, or one of them. `reached` is the position that the answer stands for,
-- NULL where that is less than asked for (read.reach); without accounts there is one row with `reached` only.
CREATE OR REPLACE FUNCTION read.accounts(p_user uuid, p_min bigint, p_account uuid)
RETURNS TABLE (
    reached bigint, user_id uuid, account_id uuid, name text, kind text, currency text, status smallint,
    balance_minor bigint, overdraft_limit_minor bigint, annual_rate_percent numeric, closed_through date,
    effective_at_last timestamptz, opened_at timestamptz, version bigint, "position" bigint
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('accounts_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, a.* FROM (SELECT) AS once
            LEFT JOIN read.account_vN a ON v_reached IS NOT NULL AND a.user_id = p_user
                AND (p_account IS NULL OR a.account_id = p_account)
            ORDER BY a.opened_at, a.account_id;
END
$$;
