-- The balance of an own account from whole days: those that count on p_as_of or before and were recorded on p_known or before
-- (NULL: all). Where p_as_of_part or p_known_part says that only a part of that last day is asked for, it is left out, and the
-- last columns tell between which positions its events lie. `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.balance(
    p_user uuid, p_min bigint, p_account uuid, p_as_of date, p_as_of_part boolean, p_known date, p_known_part boolean
)
RETURNS TABLE (reached bigint, balance_minor bigint, first_position bigint, last_position bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('balances_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, coalesce(sum(c.in_minor - c.out_minor) FILTER (WHERE NOT c.part), 0)::bigint,
                min(c.first_position) FILTER (WHERE c.part), max(c.last_position) FILTER (WHERE c.part)
            FROM (
                SELECT b.*, (p_as_of_part AND b.effective_on = p_as_of) IS TRUE
                        OR (p_known_part AND b.recorded_on = p_known) IS TRUE AS part
                    FROM read.balance_cell_vN b
                    WHERE v_reached IS NOT NULL AND b.user_id = p_user AND b.account_id = p_account
                        AND (p_as_of IS NULL OR b.effective_on <= p_as_of)
                        AND (p_known IS NULL OR b.recorded_on <= p_known)
            ) c;
END
$$;

-- What moved on an own account per day that it counts, oldest first: money in, money out.
CREATE OR REPLACE FUNCTION read.daily_movements(p_user uuid, p_min bigint, p_account uuid, p_from date, p_to date)
RETURNS TABLE (reached bigint, effective_on date, in_minor bigint, out_minor bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('balances_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, d.effective_on, d.in_minor, d.out_minor FROM (SELECT) AS once
            LEFT JOIN (
                SELECT b.effective_on, sum(b.in_minor)::bigint AS in_minor, sum(b.out_minor)::bigint AS out_minor
                    FROM read.balance_cell_vN b
                    WHERE v_reached IS NOT NULL AND b.user_id = p_user AND b.account_id = p_account
                        AND b.effective_on BETWEEN coalesce(p_from, '-infinity') AND coalesce(p_to, 'infinity')
                    GROUP BY b.effective_on
            ) d ON true
            ORDER BY d.effective_on;
END
$$;

-- The own events of an account between two positions that count on one UTC day or were recorded on the other, oldest first.
CREATE OR REPLACE FUNCTION read.events_of_days(
    p_user uuid, p_account uuid, p_first bigint, p_last bigint, p_effective date, p_recorded date
)
RETURNS SETOF log.event
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY
        SELECT e.* FROM log.event e
            WHERE e.user_id = p_user AND e.position BETWEEN p_first AND p_last
                AND e.stream_kind = 1 AND e.stream_id = p_account
                AND ((e.effective_at AT TIME ZONE 'UTC')::date = p_effective
                    OR (e.recorded_at AT TIME ZONE 'UTC')::date = p_recorded)
            ORDER BY e.position;
END
$$;
