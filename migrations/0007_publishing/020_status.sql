-- How far the stream is behind the log: events it lacks, and for how many seconds at most; whether a publisher holds the lease;
-- why it does not go on. No row before anything was ever published: there may be no Redis at all.
CREATE FUNCTION publish.status() RETURNS TABLE (
    "position" bigint, trimmed_position bigint, lag bigint, lag_s double precision, led boolean, fault text
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.position, s.trimmed_position, greatest(l.position - s.position, 0),
            CASE WHEN l.position > s.position
                THEN extract(epoch FROM clock_timestamp() - coalesce(s.recorded_at, s.advanced_at))::double precision
                ELSE 0 END,
            s.expires_at > clock_timestamp(), s.fault
        FROM publish.stream s JOIN log.log_head l ON l.shard = s.shard
        WHERE s.epoch > 0
$$;

GRANT EXECUTE ON FUNCTION publish.status TO fintwin_api, fintwin_publisher, fintwin_auditor;
