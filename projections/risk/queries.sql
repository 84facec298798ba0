-- What risk remembers of the user's accounts, or of one of them, each with the pot of its currency (NULL before the first
-- movement). `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.risk(p_user uuid, p_min bigint, p_account uuid)
RETURNS TABLE (
    reached bigint, user_id uuid, account_id uuid, "position" bigint, updated_at timestamptz, band smallint, state json,
    pot json
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('risk_vN', p_user, p_min);
    -- The first element of the state is the account's currency.
    RETURN QUERY
        SELECT v_reached, a.*, p.state FROM (SELECT) AS once
            LEFT JOIN read.risk_account_vN a ON v_reached IS NOT NULL AND a.user_id = p_user
                AND (p_account IS NULL OR a.account_id = p_account)
            LEFT JOIN read.risk_pot_vN p ON p.user_id = p_user AND p.currency = a.state ->> 0
            ORDER BY a.account_id;
END
$$;

-- The user's alerts, for read.notifications.
CREATE OR REPLACE FUNCTION read.risk_alerts(p_user uuid)
RETURNS TABLE (
    user_id uuid, notification_id uuid, account_id uuid, "position" bigint, code text, type text, created_at timestamptz,
    is_read boolean, currency text, amount_minor bigint, score smallint, reason json, scenario text
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.* FROM read.risk_alert_vN a WHERE a.user_id = p_user
$$;

-- How far risk has come, as read.reach has it.
CREATE OR REPLACE FUNCTION read.risk_reached(p_user uuid, p_min bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT read.reach('risk_vN', p_user, p_min)
$$;
