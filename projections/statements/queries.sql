-- The user's transactions, newest first in booking order, those before position p_before where it is given. Times are the
-- effective ones, p_from included and p_to not; amounts are decimal, in whatever currency. `reached` as in read.accounts.
-- The pages of this file follow an index in booking order: what the planner takes for cheaper, on tables that it knows nothing of
-- yet or by a plan for any condition, looks at all of the user's rows.
CREATE OR REPLACE FUNCTION read.statements(
    p_user uuid, p_min bigint, p_before bigint, p_offset integer, p_limit integer, p_types text[], p_category text,
    p_from timestamptz, p_to timestamptz, p_least numeric, p_most numeric
)
RETURNS TABLE (
    reached bigint, user_id uuid, transaction_id uuid, "position" bigint, type text, account_id uuid, to_account uuid,
    amount_minor bigint, currency text, decimals smallint, category text, note text, note_on uuid, counterparty json,
    payee_ref text, effective_at timestamptz, recorded_at timestamptz, date_only boolean, balance_after_minor bigint,
    to_balance_after_minor bigint, reverses uuid, reversed_by uuid
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
    SET enable_sort = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('statements_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT s.user_id, s.transaction_id, s.position, s.type, s.account_id, s.to_account, s.amount_minor,
                s.currency, s.decimals, s.category, s.note, s.note_on, s.counterparty, s.payee_ref, s.effective_at,
                s.recorded_at, s.date_only, s.balance_after_minor, s.to_balance_after_minor, s.reverses, s.reversed_by
                FROM read.statement_vN s
                WHERE v_reached IS NOT NULL AND s.user_id = p_user
                    AND (p_before IS NULL OR s.position < p_before)
                    AND (p_types IS NULL OR s.type = ANY (p_types))
                    AND (p_category IS NULL OR s.category = p_category)
                    AND (p_from IS NULL OR s.effective_at >= p_from)
                    AND (p_to IS NULL OR s.effective_at < p_to)
                    AND (p_least IS NULL OR s.amount_minor >= p_least * 10::numeric ^ s.decimals)
                    AND (p_most IS NULL OR s.amount_minor <= p_most * 10::numeric ^ s.decimals)
                ORDER BY s.position DESC LIMIT p_limit OFFSET p_offset
        ) q ON true ORDER BY q.position DESC;
END
$$;

-- The same for one own account: what it paid or took in, and what it was sent.
CREATE OR REPLACE FUNCTION read.account_statements(
    p_user uuid, p_min bigint, p_before bigint, p_offset integer, p_limit integer, p_types text[], p_category text,
    p_from timestamptz, p_to timestamptz, p_least numeric, p_most numeric, p_account uuid
)
RETURNS TABLE (
    reached bigint, user_id uuid, transaction_id uuid, "position" bigint, type text, account_id uuid, to_account uuid,
    amount_minor bigint, currency text, decimals smallint, category text, note text, note_on uuid, counterparty json,
    payee_ref text, effective_at timestamptz, recorded_at timestamptz, date_only boolean, balance_after_minor bigint,
    to_balance_after_minor bigint, reverses uuid, reversed_by uuid
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
    SET enable_sort = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('statements_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT * FROM (
                (
                    SELECT s.user_id, s.transaction_id, s.position, s.type, s.account_id, s.to_account, s.amount_minor,
                        s.currency, s.decimals, s.category, s.note, s.note_on, s.counterparty, s.payee_ref, s.effective_at,
                        s.recorded_at, s.date_only, s.balance_after_minor, s.to_balance_after_minor, s.reverses, s.reversed_by
                        FROM read.statement_vN s
                        WHERE v_reached IS NOT NULL AND s.user_id = p_user AND s.account_id = p_account
                            AND s.balance_after_minor IS NOT NULL AND (p_before IS NULL OR s.position < p_before)
                            AND (p_types IS NULL OR s.type = ANY (p_types))
                            AND (p_category IS NULL OR s.category = p_category)
                            AND (p_from IS NULL OR s.effective_at >= p_from)
                            AND (p_to IS NULL OR s.effective_at < p_to)
                            AND (p_least IS NULL OR s.amount_minor >= p_least * 10::numeric ^ s.decimals)
                            AND (p_most IS NULL OR s.amount_minor <= p_most * 10::numeric ^ s.decimals)
                        ORDER BY s.position DESC LIMIT p_limit + p_offset
                )
                UNION ALL
                (
                    SELECT s.user_id, s.transaction_id, s.position, s.type, s.account_id, s.to_account, s.amount_minor,
                        s.currency, s.decimals, s.category, s.note, s.note_on, s.counterparty, s.payee_ref, s.effective_at,
                        s.recorded_at, s.date_only, s.balance_after_minor, s.to_balance_after_minor, s.reverses, s.reversed_by
                        FROM read.statement_vN s
                        WHERE v_reached IS NOT NULL AND s.user_id = p_user AND s.to_account = p_account
                            AND s.to_balance_after_minor IS NOT NULL AND (p_before IS NULL OR s.position < p_before)
                            AND (p_types IS NULL OR s.type = ANY (p_types))
                            AND (p_category IS NULL OR s.category = p_category)
                            AND (p_from IS NULL OR s.effective_at >= p_from)
                            AND (p_to IS NULL OR s.effective_at < p_to)
                            AND (p_least IS NULL OR s.amount_minor >= p_least * 10::numeric ^ s.decimals)
                            AND (p_most IS NULL OR s.amount_minor <= p_most * 10::numeric ^ s.decimals)
                        ORDER BY s.position DESC LIMIT p_limit + p_offset
                )
            ) legs ORDER BY position DESC LIMIT p_limit OFFSET p_offset
        ) q ON true ORDER BY q.position DESC;
END
$$;

-- One own transaction.
CREATE OR REPLACE FUNCTION read.statement(p_user uuid, p_min bigint, p_transaction uuid)
RETURNS TABLE (
    reached bigint, user_id uuid, transaction_id uuid, "position" bigint, type text, account_id uuid, to_account uuid,
    amount_minor bigint, currency text, decimals smallint, category text, note text, note_on uuid, counterparty json,
    payee_ref text, effective_at timestamptz, recorded_at timestamptz, date_only boolean, balance_after_minor bigint,
    to_balance_after_minor bigint, reverses uuid, reversed_by uuid
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('statements_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, s.user_id, s.transaction_id, s.position, s.type, s.account_id, s.to_account, s.amount_minor,
                s.currency, s.decimals, s.category, s.note, s.note_on, s.counterparty, s.payee_ref, s.effective_at,
                s.recorded_at, s.date_only, s.balance_after_minor, s.to_balance_after_minor, s.reverses, s.reversed_by
            FROM (SELECT) AS once
            LEFT JOIN read.statement_vN s ON v_reached IS NOT NULL AND s.user_id = p_user
                AND s.transaction_id = p_transaction;
END
$$;

-- The user's transactions after a position and up to another, oldest first: what a live stream tells.
CREATE OR REPLACE FUNCTION read.statements_after(
    p_user uuid, p_min bigint, p_after bigint, p_until bigint, p_limit integer
)
RETURNS TABLE (
    reached bigint, user_id uuid, transaction_id uuid, "position" bigint, type text, account_id uuid, to_account uuid,
    amount_minor bigint, currency text, decimals smallint, category text, note text, note_on uuid, counterparty json,
    payee_ref text, effective_at timestamptz, recorded_at timestamptz, date_only boolean, balance_after_minor bigint,
    to_balance_after_minor bigint, reverses uuid, reversed_by uuid
)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
    SET enable_sort = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    v_reached bigint;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    v_reached := read.reach('statements_vN', p_user, p_min);
    RETURN QUERY
        SELECT v_reached, q.* FROM (SELECT) AS once LEFT JOIN (
            SELECT s.user_id, s.transaction_id, s.position, s.type, s.account_id, s.to_account, s.amount_minor,
                s.currency, s.decimals, s.category, s.note, s.note_on, s.counterparty, s.payee_ref, s.effective_at,
                s.recorded_at, s.date_only, s.balance_after_minor, s.to_balance_after_minor, s.reverses, s.reversed_by
                FROM read.statement_vN s
                WHERE v_reached IS NOT NULL AND s.user_id = p_user AND s.position > p_after AND s.position <= p_until
                ORDER BY s.position LIMIT p_limit
        ) q ON true ORDER BY q.position;
END
$$;

-- Pages without any condition, several at once, each for its own user: the rows as ready text, newest first with commas
-- between, those before p_befores[i] where it is given, of the own account p_accounts[i] or without one of all. `older_than`
-- is the position of the last one where there are older ones. A row in the order of the questions for each; `reached` as in
-- read.accounts, without it nothing is told. Every question is asked under the policy of its own tenant. One plan serves all:
-- making one for each question cost three times what answering it does.
CREATE OR REPLACE FUNCTION read.statement_text(
    p_users uuid[], p_mins bigint[], p_accounts uuid[], p_befores bigint[], p_limits integer[]
)
RETURNS TABLE (reached bigint, told bytea, older_than bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
    SET enable_sort = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_user uuid;
    v_account uuid;
    v_before bigint;
    v_limit integer;
BEGIN
    FOR i IN 1 .. cardinality(p_users) LOOP
        v_user := p_users[i];
        v_account := p_accounts[i];
        v_before := coalesce(p_befores[i], 9223372036854775807);
        v_limit := p_limits[i];
        PERFORM set_config('fintwin.user_id', v_user::text, true);
        reached := read.reach('statements_vN', v_user, p_mins[i]);
        told := NULL;
        older_than := NULL;
        IF reached IS NULL THEN
            NULL;
        ELSIF v_account IS NULL THEN
            SELECT p.told, CASE WHEN EXISTS (
                SELECT FROM read.statement_vN o WHERE o.user_id = v_user AND o.position < p.last
            ) THEN p.last END INTO told, older_than FROM (
                SELECT convert_to(string_agg(q.told, ','), 'UTF8') AS told, min(q.position) AS last FROM (
                    SELECT s.told, s.position FROM read.statement_vN s
                        WHERE s.user_id = v_user AND s.position < v_before ORDER BY s.position DESC LIMIT v_limit
                ) q
            ) p;
        ELSE
            SELECT p.told, CASE WHEN EXISTS (
                SELECT FROM read.statement_vN o
                    WHERE o.user_id = v_user AND o.account_id = v_account AND o.balance_after_minor IS NOT NULL
                        AND o.position < p.last
            ) OR EXISTS (
                SELECT FROM read.statement_vN o
                    WHERE o.user_id = v_user AND o.to_account = v_account AND o.to_balance_after_minor IS NOT NULL
                        AND o.position < p.last
            ) THEN p.last END INTO told, older_than FROM (
                SELECT convert_to(string_agg(q.told, ','), 'UTF8') AS told, min(q.position) AS last FROM (
                    SELECT legs.told, legs.position FROM (
                        (
                            SELECT s.told, s.position FROM read.statement_vN s
                                WHERE s.user_id = v_user AND s.account_id = v_account
                                    AND s.balance_after_minor IS NOT NULL AND s.position < v_before
                                ORDER BY s.position DESC LIMIT v_limit
                        )
                        UNION ALL
                        (
                            SELECT s.told, s.position FROM read.statement_vN s
                                WHERE s.user_id = v_user AND s.to_account = v_account
                                    AND s.to_balance_after_minor IS NOT NULL AND s.position < v_before
                                ORDER BY s.position DESC LIMIT v_limit
                        )
                    ) legs ORDER BY legs.position DESC LIMIT v_limit
                ) q
            ) p;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Its place before: processes of an older version read the columns rather than a build that nobody writes any more.
DROP FUNCTION IF EXISTS read.statement_pages(uuid[], bigint[], uuid[], bigint[], integer[]);
