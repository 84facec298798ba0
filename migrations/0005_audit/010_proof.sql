-- The ends of all streams of a user, and the end of the log at the same moment: what a signed proof says.
CREATE FUNCTION log.proof(p_user uuid) RETURNS TABLE (
    log_position bigint, log_hash bytea, stream_kind smallint, stream_id uuid, version bigint, "position" bigint,
    stream_hash bytea
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT l.position, l.hash, h.stream_kind, h.stream_id, h.version, h.position, h.stream_hash
        FROM log.log_head l JOIN log.stream_head h ON h.shard = l.shard AND h.user_id = p_user
        WHERE l.shard = 0 ORDER BY h.stream_kind, h.stream_id;
END
$$;

GRANT EXECUTE ON FUNCTION log.proof TO fintwin_api;
