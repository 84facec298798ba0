-- Which of these users have events after p_after and up to p_until: a process that has thousands of live streams open asks
-- once for all of them, at the cost of the new events and not of the open streams. It tells a user's id back, and nothing else.
GRANT SELECT (shard, position, user_id) ON log.event TO fintwin_append;
CREATE POLICY news ON log.event FOR SELECT TO fintwin_append USING (true);

CREATE FUNCTION log.news(p_users uuid[], p_after bigint, p_until bigint) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        WITH fresh AS MATERIALIZED (
            SELECT e.user_id FROM log.event e WHERE e.shard = 0 AND e.position > p_after AND e.position <= p_until
        )
        SELECT DISTINCT f.user_id FROM fresh f WHERE f.user_id = ANY (p_users)
    );
END
$$;

GRANT EXECUTE ON FUNCTION log.news TO fintwin_api;
GRANT CREATE ON SCHEMA log TO fintwin_append;
ALTER FUNCTION log.news OWNER TO fintwin_append;
REVOKE CREATE ON SCHEMA log FROM fintwin_append;
