-- The balance of an own account over what counts at p_as_of_at and was recorded by p_known_at (NULL: whenever): the cells of whole
-- days, up to p_until and p_known_until (NULL: all), and the events of the days p_as_of and p_known, which lie before those moments
-- only in part (NULL: there is no such day). The same as `balances.balance_minor`. `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.balance(
    p_user uuid, p_min bigint, p_account uuid,
    p_until date, p_as_of date, p_as_of_at timestamptz, p_known_until date, p_known date, p_known_at timestamptz
)
RETURNS TABLE (reached bigint, balance_minor bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
    v_until date := coalesce(p_until, 'infinity');
    v_known_until date := coalesce(p_known_until, 'infinity');
    v_whole bigint;
    v_first bigint;
    v_last bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('balances_vN', p_user, p_min);
    IF v_reached IS NULL THEN
        RETURN QUERY SELECT NULL::bigint, 0::bigint;
        RETURN;
    END IF;
    SELECT coalesce(sum(b.in_minor - b.out_minor), 0)::bigint INTO v_whole FROM read.balance_cell_vN b
        WHERE b.user_id = p_user AND b.account_id = p_account
            AND b.effective_on <= v_until AND b.recorded_on <= v_known_until;
    IF p_as_of IS NOT NULL THEN
        SELECT min(b.first_position), max(b.last_position) INTO v_first, v_last FROM read.balance_cell_vN b
            WHERE b.user_id = p_user AND b.account_id = p_account
                AND b.effective_on = p_as_of AND b.recorded_on <= coalesce(p_known, v_known_until);
    END IF;
    IF p_known IS NOT NULL THEN
        SELECT least(v_first, min(b.first_position)), greatest(v_last, max(b.last_position)) INTO v_first, v_last
            FROM read.balance_cell_vN b
            WHERE b.user_id = p_user AND b.account_id = p_account
                AND b.recorded_on = p_known AND b.effective_on <= coalesce(p_as_of, v_until);
    END IF;
    IF v_first IS NOT NULL THEN
        v_whole := v_whole + (
            SELECT coalesce(sum(CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                    * (e.payload ->> 'amount_minor')::bigint), 0)::bigint
                FROM log.event e
                WHERE e.user_id = p_user AND e.position BETWEEN v_first AND v_last
                    AND e.stream_kind = 1 AND e.stream_id = p_account
                    AND e.type IN ('Deposited', 'TransferReceived', 'Withdrawn', 'TransferSent')
                    AND ((e.effective_at AT TIME ZONE 'UTC')::date = p_as_of
                        OR (e.recorded_at AT TIME ZONE 'UTC')::date = p_known)
                    AND (p_as_of_at IS NULL OR e.effective_at <= p_as_of_at)
                    AND (p_known_at IS NULL OR e.recorded_at <= p_known_at)
        );
    END IF;
    RETURN QUERY SELECT v_reached, v_whole;
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

-- The total of the user's own accounts per currency, at the end of each day from p_first on of which something counts; what counted
-- before is in the day before p_first. NULL where this or the accounts, which know the currencies, have not come far enough.
CREATE OR REPLACE FUNCTION read.daily_totals(p_user uuid, p_min bigint, p_first date)
RETURNS TABLE (reached bigint, currency text, "on" date, total_minor bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('balances_vN', p_user, p_min);
    RETURN QUERY
        WITH own AS (SELECT a.reached, a.account_id, a.currency FROM read.accounts(p_user, p_min, NULL) a)
        SELECT (SELECT CASE WHEN bool_and(o.reached IS NOT NULL) THEN least(v_reached, min(o.reached)) END
                FROM own o WHERE v_reached IS NOT NULL),
            d.currency, d."on", d.total_minor
            FROM (SELECT) AS once
            LEFT JOIN (
                SELECT o.currency, greatest(b.effective_on, p_first - 1) AS "on",
                        (sum(sum(b.in_minor - b.out_minor))
                            OVER (PARTITION BY o.currency ORDER BY greatest(b.effective_on, p_first - 1)))::bigint
                            AS total_minor
                    FROM own o JOIN read.balance_cell_vN b ON b.account_id = o.account_id
                    WHERE v_reached IS NOT NULL AND b.user_id = p_user
                    GROUP BY o.currency, greatest(b.effective_on, p_first - 1)
            ) d ON true
            ORDER BY d.currency, d."on";
END
$$;
