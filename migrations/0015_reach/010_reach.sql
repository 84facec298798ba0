-- As before, by one plan that follows the indexes whatever the planner knows of the tables yet: making a plan for each read
-- cost more than the read itself.
CREATE OR REPLACE FUNCTION read.reach(p_build text, p_user uuid, p_min bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT c.position FROM read.checkpoint c
            WHERE c.build = p_build AND c.shard = 0 AND c.position >= coalesce(
                p_min, (SELECT max(h.position) FROM log.stream_head h WHERE h.user_id = p_user), 0)
    );
END
$$;
