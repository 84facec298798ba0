-- The user's holdings, newest first; `reached` as in read.accounts.
CREATE OR REPLACE FUNCTION read.holdings(p_user uuid, p_min bigint)
RETURNS TABLE (
    reached bigint, user_id uuid, holding_id uuid, ticker text, company_name text, currency text, quantity numeric,
    buy_price numeric, current_price numeric, invested_minor bigint, value_minor bigint, created_at timestamptz,
    updated_at timestamptz, "position" bigint
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('portfolios_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, h.* FROM (SELECT) AS once
            LEFT JOIN read.holding_vN h ON v_reached IS NOT NULL AND h.user_id = p_user
            ORDER BY h.position DESC;
END
$$;

-- Everything else of a portfolio in one row: arrays of its accounts, of the months from p_from on, of the flows and of the
-- growth of the holdings, each as JSON in the order of the rows' fields.
CREATE OR REPLACE FUNCTION read.portfolio(p_user uuid, p_min bigint, p_from date)
RETURNS TABLE (reached bigint, accounts json, months json, flows json, growth json)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('portfolios_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached,
            (SELECT coalesce(json_agg(json_build_array(a.user_id, a.account_id, a.kind, a.currency, a.balance_minor)
                    ORDER BY a.account_id), '[]')
                FROM read.portfolio_account_vN a WHERE a.user_id = p_user),
            (SELECT coalesce(json_agg(json_build_array(m.user_id, m.currency, m.month, m.income_minor, m.expense_minor)
                    ORDER BY m.currency, m.month), '[]')
                FROM read.portfolio_month_vN m
                WHERE m.user_id = p_user AND m.month >= coalesce(p_from, '-infinity')),
            (SELECT coalesce(json_agg(json_build_array(f.user_id, f.currency, f."on", f.amount_minor)
                    ORDER BY f.currency, f."on"), '[]')
                FROM read.holding_flow_vN f WHERE f.user_id = p_user),
            (SELECT coalesce(json_agg(json_build_array(g.user_id, g.currency, g.value_minor, g.factor, g.since)
                    ORDER BY g.currency), '[]')
                FROM read.holding_growth_vN g WHERE g.user_id = p_user);
END
$$;
