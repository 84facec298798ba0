-- How far the notifications have come, alerts of risk included: the lesser of both positions, NULL where one is not enough.
CREATE OR REPLACE FUNCTION read.notifications_reached(p_user uuid, p_min bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_own bigint := read.reach('notifications_vN', p_user, p_min);
    v_risk bigint := read.risk_reached(p_user, p_min);
BEGIN
    RETURN CASE WHEN v_own IS NULL OR v_risk IS NULL THEN NULL ELSE least(v_own, v_risk) END;
END
$$;

-- The user's notifications, or those of one account, newest first, those before position p_before where it is given; p_type
-- one type of them; p_unread only what has not been read. `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.notifications(
    p_user uuid, p_min bigint, p_account uuid, p_type text, p_unread boolean, p_before bigint, p_limit integer
)
RETURNS TABLE (
    reached bigint, user_id uuid, notification_id uuid, account_id uuid, "position" bigint, code text, type text,
    created_at timestamptz, is_read boolean, currency text, amount_minor bigint, score smallint, reason json, scenario text
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.notifications_reached(p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT n.user_id, n.notification_id, n.account_id, n.position, n.code, n.type, n.created_at,
                    n.is_read OR n.position <= coalesce(a.read_through, 0) AS is_read,
                    n.currency, n.amount_minor, n.score, n.reason, n.scenario
                FROM (
                    SELECT o.* FROM read.notification_vN o WHERE v_reached IS NOT NULL AND o.user_id = p_user
                    UNION ALL
                    SELECT r.* FROM read.risk_alerts(p_user) r WHERE v_reached IS NOT NULL
                ) n
                LEFT JOIN read.notification_account_vN a ON a.user_id = n.user_id AND a.account_id = n.account_id
                WHERE (p_account IS NULL OR n.account_id = p_account)
                    AND (p_type IS NULL OR n.type = p_type)
                    AND (p_before IS NULL OR n.position < p_before)
                    AND (NOT p_unread OR NOT (n.is_read OR n.position <= coalesce(a.read_through, 0)))
                ORDER BY n.position DESC, n.notification_id LIMIT p_limit
        ) q ON true ORDER BY q.position DESC, q.notification_id;
END
$$;

-- One of the user's notifications.
CREATE OR REPLACE FUNCTION read.notification(p_user uuid, p_min bigint, p_notification uuid)
RETURNS TABLE (
    reached bigint, user_id uuid, notification_id uuid, account_id uuid, "position" bigint, code text, type text,
    created_at timestamptz, is_read boolean, currency text, amount_minor bigint, score smallint, reason json, scenario text
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.notifications_reached(p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT n.user_id, n.notification_id, n.account_id, n.position, n.code, n.type, n.created_at,
                    n.is_read OR n.position <= coalesce(a.read_through, 0) AS is_read,
                    n.currency, n.amount_minor, n.score, n.reason, n.scenario
                FROM (
                    SELECT o.* FROM read.notification_vN o
                        WHERE v_reached IS NOT NULL AND o.user_id = p_user AND o.notification_id = p_notification
                    UNION ALL
                    SELECT r.* FROM read.risk_alerts(p_user) r
                        WHERE v_reached IS NOT NULL AND r.notification_id = p_notification
                ) n
                LEFT JOIN read.notification_account_vN a ON a.user_id = n.user_id AND a.account_id = n.account_id
        ) q ON true;
END
$$;

-- How many notifications an own account has (all accounts where p_account is NULL), and how many of them are unread.
CREATE OR REPLACE FUNCTION read.notification_count(p_user uuid, p_min bigint, p_account uuid)
RETURNS TABLE (reached bigint, total bigint, unread bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.notifications_reached(p_user, p_min);
    RETURN QUERY
        SELECT v_reached, count(n.notification_id),
                count(n.notification_id) FILTER (WHERE NOT n.is_read AND n.position > coalesce(a.read_through, 0))
            FROM (
                SELECT o.user_id, o.notification_id, o.account_id, o.position, o.is_read FROM read.notification_vN o
                    WHERE v_reached IS NOT NULL AND o.user_id = p_user
                UNION ALL
                SELECT r.user_id, r.notification_id, r.account_id, r.position, r.is_read FROM read.risk_alerts(p_user) r
                    WHERE v_reached IS NOT NULL
            ) n
            LEFT JOIN read.notification_account_vN a ON a.user_id = n.user_id AND a.account_id = n.account_id
            WHERE p_account IS NULL OR n.account_id = p_account;
END
$$;

-- The user's notifications after a position and up to another, oldest first: what a live stream tells.
CREATE OR REPLACE FUNCTION read.notifications_after(
    p_user uuid, p_min bigint, p_after bigint, p_until bigint, p_limit integer
)
RETURNS TABLE (
    reached bigint, user_id uuid, notification_id uuid, account_id uuid, "position" bigint, code text, type text,
    created_at timestamptz, is_read boolean, currency text, amount_minor bigint, score smallint, reason json, scenario text
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.notifications_reached(p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT n.user_id, n.notification_id, n.account_id, n.position, n.code, n.type, n.created_at,
                    n.is_read OR n.position <= coalesce(a.read_through, 0) AS is_read,
                    n.currency, n.amount_minor, n.score, n.reason, n.scenario
                FROM (
                    SELECT o.* FROM read.notification_vN o WHERE v_reached IS NOT NULL AND o.user_id = p_user
                    UNION ALL
                    SELECT r.* FROM read.risk_alerts(p_user) r WHERE v_reached IS NOT NULL
                ) n
                LEFT JOIN read.notification_account_vN a ON a.user_id = n.user_id AND a.account_id = n.account_id
                WHERE n.position > p_after AND n.position <= p_until
                ORDER BY n.position, n.notification_id LIMIT p_limit
        ) q ON true ORDER BY q.position, q.notification_id;
END
$$;
