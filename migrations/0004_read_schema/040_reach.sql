-- The position that a build has reached, or NULL where that is less than asked for: p_min, or without it the last event of
-- the user's own, so that nobody reads a state older than the own last write. For the functions of queries.sql, which have
-- set the tenant: STABLE like them, so that checkpoint, heads and rows are seen in one snapshot.
CREATE FUNCTION read.reach(p_build text, p_user uuid, p_min bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT c.position FROM read.checkpoint c
            WHERE c.build = p_build AND c.shard = 0 AND c.position >= coalesce(
                p_min, (SELECT max(h.position) FROM log.stream_head h WHERE h.user_id = p_user), 0)
    );
END
$$;

GRANT EXECUTE ON FUNCTION read.reach TO fintwin_api;
