-- What an own account has now by the moment it counts, without what was taken back and what took it back: what the rows of an
-- older file are held against.
CREATE FUNCTION log.standing_moves(p_user uuid, p_account uuid) RETURNS TABLE (effective_at timestamptz, delta_minor bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY
        SELECT e.effective_at,
                sum(CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN 1 ELSE -1 END
                    * (e.payload ->> 'amount_minor')::bigint)::bigint
            FROM log.event e
            WHERE e.user_id = p_user AND e.stream_kind = 1 AND e.stream_id = p_account
                AND e.type IN ('Deposited', 'TransferReceived', 'Withdrawn', 'TransferSent')
                AND e.payload ->> 'reverses' IS NULL
                AND NOT EXISTS (
                    SELECT FROM log.reversal r WHERE r.user_id = p_user AND r.transaction_id = e.transaction_id)
            GROUP BY e.effective_at ORDER BY e.effective_at;
END
$$;

GRANT EXECUTE ON FUNCTION log.standing_moves TO fintwin_api;
