-- What moved on an own account, by the version that moved it: what a payment needs that counts before others that are booked
-- already. Events that move no money are there with zero, so that whoever asks knows how far it has come.
CREATE FUNCTION log.account_moves(p_user uuid, p_account uuid, p_after bigint, p_limit integer)
RETURNS TABLE (version bigint, effective_at timestamptz, delta_minor bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY
        SELECT e.version, e.effective_at,
                CASE WHEN e.type IN ('Deposited', 'TransferReceived') THEN (e.payload ->> 'amount_minor')::bigint
                    WHEN e.type IN ('Withdrawn', 'TransferSent') THEN -(e.payload ->> 'amount_minor')::bigint
                    ELSE 0 END
            FROM log.event e
            WHERE e.user_id = p_user AND e.stream_kind = 1 AND e.stream_id = p_account AND e.version > p_after
            ORDER BY e.version LIMIT p_limit;
END
$$;

GRANT EXECUTE ON FUNCTION log.account_moves TO fintwin_api;
