-- Transactions as their owner lists them, straight from the log: newest first in booking order, with the balance right after
-- each, with the latest category and note, and with the transaction that took it back.

-- Annotations are found by the transaction that they speak of; the index holds nothing else.
CREATE INDEX event_annotation ON log.event (user_id, (payload ->> 'transaction_id'), position)
    WHERE type = 'TransactionAnnotated';

CREATE TYPE log.transaction_row AS (
    position bigint,
    transaction_id uuid,
    stream_id uuid,
    type text,
    schema_version smallint,
    payload text,
    recorded_at timestamptz,
    effective_at timestamptz,
    balance_after bigint,
    reversed_by uuid,
    category text,
    categorised boolean,
    note text,
    note_stream uuid,
    noted boolean
);

-- `p_account` NULL: over all accounts, a transfer between two own ones once, as its payer sees it. `p_transaction` names a
-- single one. Only what was in the log at `p_until` counts (NULL: all of it), rows are those before `p_before`. The balance
-- after a movement is that of the head less all that came later, so the figures of one answer always fit together.
CREATE FUNCTION log.transactions(
    p_user uuid, p_account uuid, p_transaction uuid, p_until bigint, p_before bigint, p_limit integer, p_offset integer,
    p_types text[], p_category text, p_from timestamptz, p_to timestamptz
) RETURNS SETOF log.transaction_row
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY
    WITH own AS MATERIALIZED (
        SELECT h.stream_id, h.balance_minor FROM log.stream_head h WHERE h.user_id = p_user AND h.stream_kind = 1
    ), page AS MATERIALIZED (
        SELECT e.*, category.value AS category, category.position IS NOT NULL AS categorised
            FROM log.event e
            LEFT JOIN LATERAL (
                SELECT a.position, a.payload ->> 'category' AS value FROM log.event a
                    WHERE a.user_id = p_user AND a.type = 'TransactionAnnotated'
                        AND a.payload ->> 'transaction_id' = e.transaction_id::text
                        AND a.payload::jsonb ? 'category' AND (p_until IS NULL OR a.position <= p_until)
                    ORDER BY a.position DESC LIMIT 1
            ) AS category ON true
            WHERE e.user_id = p_user AND e.stream_kind = 1
                AND e.type IN ('Deposited', 'Withdrawn', 'TransferSent', 'TransferReceived')
                AND (p_before IS NULL OR e.position < p_before) AND (p_until IS NULL OR e.position <= p_until)
                AND (p_transaction IS NULL OR e.transaction_id = p_transaction)
                AND (p_types IS NULL OR e.type = ANY (p_types))
                AND (p_from IS NULL OR e.effective_at >= p_from) AND (p_to IS NULL OR e.effective_at <= p_to)
                AND (p_category IS NULL OR p_category = CASE
                    WHEN category.position IS NOT NULL THEN category.value ELSE e.payload ->> 'category' END)
                AND CASE WHEN p_account IS NOT NULL THEN e.stream_id = p_account
                    ELSE e.type <> 'TransferReceived'
                        OR (e.payload ->> 'from_account')::uuid NOT IN (SELECT own.stream_id FROM own) END
            ORDER BY e.position DESC LIMIT p_limit OFFSET p_offset
    ), running AS (
        SELECT e.position, own.balance_minor - coalesce(sum(
                CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                    * (e.payload ->> 'amount_minor')::bigint
            ) OVER (PARTITION BY e.stream_id ORDER BY e.position DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS balance
            FROM log.event e JOIN own USING (stream_id)
            WHERE e.user_id = p_user AND e.stream_kind = 1 AND e.position >= (SELECT min(page.position) FROM page)
                AND e.type IN ('Deposited', 'Withdrawn', 'TransferSent', 'TransferReceived')
                AND (p_account IS NULL OR e.stream_id = p_account)
    )
    SELECT page.position, page.transaction_id, page.stream_id, page.type, page.schema_version, page.payload::text,
            page.recorded_at, page.effective_at, running.balance, taken.reversed_by,
            page.category, page.categorised, note.value, note.stream_id, note.position IS NOT NULL
        FROM page
        JOIN running USING (position)
        LEFT JOIN log.reversal taken
            ON taken.user_id = p_user AND taken.transaction_id = page.transaction_id
            AND (p_until IS NULL OR taken.position <= p_until)
        LEFT JOIN LATERAL (
            SELECT a.position, a.stream_id, a.payload ->> 'note' AS value FROM log.event a
                WHERE a.user_id = p_user AND a.type = 'TransactionAnnotated'
                    AND a.payload ->> 'transaction_id' = page.transaction_id::text
                    AND a.payload::jsonb ? 'note' AND (p_until IS NULL OR a.position <= p_until)
                ORDER BY a.position DESC LIMIT 1
        ) AS note ON true
        ORDER BY page.position DESC;
END
$$;

-- The balance of an own account over the movements that counted at `p_as_of` and were known at `p_known_at`; NULL where there
-- is no such account.
CREATE FUNCTION log.balance_at(p_user uuid, p_account uuid, p_as_of timestamptz, p_known_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN (
        SELECT (SELECT coalesce(sum(
                    CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                        * (e.payload ->> 'amount_minor')::bigint), 0)::bigint
                FROM log.event e
                WHERE e.user_id = p_user AND e.stream_kind = 1 AND e.stream_id = p_account
                    AND e.type IN ('Deposited', 'Withdrawn', 'TransferSent', 'TransferReceived')
                    AND (p_as_of IS NULL OR e.effective_at <= p_as_of)
                    AND (p_known_at IS NULL OR e.recorded_at <= p_known_at))
            FROM log.stream_head h
            WHERE h.shard = 0 AND h.stream_kind = 1 AND h.stream_id = p_account AND h.user_id = p_user
    );
END
$$;

-- One own stream after a version, oldest first.
CREATE FUNCTION log.stream_events(p_user uuid, p_kind smallint, p_id uuid, p_after bigint, p_limit integer)
RETURNS SETOF log.event
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT e.* FROM log.event e
        WHERE e.user_id = p_user AND e.stream_kind = p_kind AND e.stream_id = p_id AND e.version > p_after
        ORDER BY e.version LIMIT p_limit;
END
$$;

GRANT EXECUTE ON FUNCTION log.transactions, log.balance_at, log.stream_events TO fintwin_api;
