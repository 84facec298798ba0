-- Reading the own history. Each function sets the tenant for its own transaction only and runs with the caller's rights,
-- so row level security decides what there is to see.

-- The user's events after a position, oldest first.
CREATE FUNCTION log.events(p_user uuid, p_after bigint, p_limit integer) RETURNS SETOF log.event
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT e.* FROM log.event e
        WHERE e.user_id = p_user AND e.position > p_after ORDER BY e.position LIMIT p_limit;
END
$$;

-- The user's own events of one transaction.
CREATE FUNCTION log.transaction_events(p_user uuid, p_transaction uuid) RETURNS SETOF log.event
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT e.* FROM log.event e
        WHERE e.user_id = p_user AND e.transaction_id = p_transaction ORDER BY e.position;
END
$$;

-- The heads of all the user's streams, accounts in the order of their opening.
CREATE FUNCTION log.heads(p_user uuid) RETURNS SETOF log.stream_head
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT h.* FROM log.stream_head h WHERE h.user_id = p_user ORDER BY h.stream_kind, h.stream_id;
END
$$;

-- One head of the user's own, or none.
CREATE FUNCTION log.head(p_user uuid, p_kind smallint, p_id uuid) RETURNS SETOF log.stream_head
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT h.* FROM log.stream_head h
        WHERE h.shard = 0 AND h.stream_kind = p_kind AND h.stream_id = p_id AND h.user_id = p_user;
END
$$;

-- Which of these transactions the user has taken back, and by which transaction.
CREATE FUNCTION log.reversals(p_user uuid, p_transactions uuid[])
RETURNS TABLE (transaction_id uuid, reversed_by uuid)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT r.transaction_id, r.reversed_by FROM log.reversal r
        WHERE r.user_id = p_user AND r.transaction_id = ANY (p_transactions);
END
$$;

-- The user's wrapped key, or none.
CREATE FUNCTION vault.wrapped_key(p_user uuid) RETURNS bytea
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN (SELECT k.wrapped FROM vault.user_key k WHERE k.user_id = p_user);
END
$$;

GRANT EXECUTE ON FUNCTION log.events, log.transaction_events, log.heads, log.head TO fintwin_api, fintwin_twin;
GRANT EXECUTE ON FUNCTION log.reversals TO fintwin_api;
GRANT EXECUTE ON FUNCTION vault.wrapped_key TO fintwin_api, fintwin_identity, fintwin_auditor;
