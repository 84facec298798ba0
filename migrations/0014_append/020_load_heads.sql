-- The heads that a decision needs: of the acting users' own streams only. With p_lock nothing is appended to the shard
-- until the surrounding transaction ends, so what was read stays true.
-- The function belongs to fintwin_append, so that role replaces it.
GRANT CREATE ON SCHEMA log TO fintwin_append;
SET LOCAL ROLE fintwin_append;

CREATE OR REPLACE FUNCTION log.load_heads(p_shard integer, p_lock boolean, p_user uuid[], p_kind smallint[], p_id uuid[])
RETURNS SETOF log.stream_head
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_memoize = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF p_lock THEN
        PERFORM FROM log.log_head l WHERE l.shard = p_shard FOR UPDATE;
    END IF;
    RETURN QUERY
        SELECT head.* FROM unnest(p_user, p_kind, p_id) AS q(user_id, kind, id)
            CROSS JOIN LATERAL (
                SELECT * FROM log.stream_head one
                    WHERE one.shard = p_shard AND one.stream_kind = q.kind AND one.stream_id = q.id
                        AND one.user_id = q.user_id
                    OFFSET 0
            ) AS head;
END
$$;

SET LOCAL ROLE fintwin_owner;
REVOKE CREATE ON SCHEMA log FROM fintwin_append;
