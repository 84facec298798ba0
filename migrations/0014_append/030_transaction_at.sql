-- One transaction as its owner saw it at some position of the log: what a change of it is answered with, the first time and
-- each time the same request comes again.
-- A transfer between two own accounts is seen from its payer. The balance right after is that of the head less all that came
-- later. None where the user has no such transaction.
CREATE FUNCTION log.transaction_at(p_user uuid, p_transaction uuid, p_at bigint) RETURNS SETOF log.transaction_row
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY
    WITH annotation AS MATERIALIZED (
        SELECT a.position, a.stream_id, a.payload FROM log.event a
            WHERE a.user_id = p_user AND a.type = 'TransactionAnnotated'
                AND a.payload ->> 'transaction_id' = p_transaction::text AND a.position <= p_at
    ), category AS (
        SELECT a.payload ->> 'category' AS value FROM annotation a WHERE a.payload::jsonb ? 'category'
            ORDER BY a.position DESC LIMIT 1
    ), note AS (
        SELECT a.stream_id, a.payload ->> 'note' AS value FROM annotation a WHERE a.payload::jsonb ? 'note'
            ORDER BY a.position DESC LIMIT 1
    )
    SELECT e.position, e.transaction_id, e.stream_id, e.type, e.schema_version, e.payload::text, e.recorded_at,
            e.effective_at,
            h.balance_minor - (
                SELECT coalesce(sum(CASE WHEN later.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                        * (later.payload ->> 'amount_minor')::bigint), 0)::bigint
                    FROM log.event later
                    WHERE later.user_id = p_user AND later.stream_kind = 1 AND later.stream_id = e.stream_id
                        AND later.version > e.version
                        AND later.type IN ('Deposited', 'Withdrawn', 'TransferSent', 'TransferReceived')
            ),
            (SELECT r.reversed_by FROM log.reversal r
                WHERE r.user_id = p_user AND r.transaction_id = p_transaction AND r.position <= p_at),
            (SELECT c.value FROM category c), EXISTS (SELECT FROM category),
            (SELECT n.value FROM note n), (SELECT n.stream_id FROM note n), EXISTS (SELECT FROM note)
        FROM log.event e
        JOIN log.stream_head h
            ON h.shard = e.shard AND h.stream_kind = e.stream_kind AND h.stream_id = e.stream_id AND h.user_id = p_user
        WHERE e.user_id = p_user AND e.transaction_id = p_transaction AND e.stream_kind = 1 AND e.position <= p_at
            AND e.type IN ('Deposited', 'Withdrawn', 'TransferSent', 'TransferReceived')
        ORDER BY e.position LIMIT 1;
END
$$;

GRANT EXECUTE ON FUNCTION log.transaction_at TO fintwin_api;
DROP FUNCTION log.transactions, log.balance_at;
