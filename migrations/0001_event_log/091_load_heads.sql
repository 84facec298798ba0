-- The heads that a decision needs: of the acting users' own streams only. With p_lock nothing is appended to the shard
-- until the surrounding transaction ends, so what was read stays true.
CREATE FUNCTION log.load_heads(p_shard integer, p_lock boolean, p_user uuid[], p_kind smallint[], p_id uuid[])
RETURNS SETOF log.stream_head
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF p_lock THEN
        PERFORM FROM log.log_head l WHERE l.shard = p_shard FOR UPDATE;
    END IF;
    RETURN QUERY
        SELECT head.* FROM unnest(p_user, p_kind, p_id) AS q(user_id, kind, id)
            JOIN log.stream_head head ON head.shard = p_shard AND head.stream_kind = q.kind AND head.stream_id = q.id
            WHERE head.user_id = q.user_id;
END
$$;

GRANT EXECUTE ON FUNCTION log.load_heads TO fintwin_api;
GRANT CREATE ON SCHEMA log TO fintwin_append;
ALTER FUNCTION log.load_heads OWNER TO fintwin_append;
REVOKE CREATE ON SCHEMA log FROM fintwin_append;
