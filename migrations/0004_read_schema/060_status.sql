-- How far each live read model is: events it lacks; for how many seconds at most it has lacked some; seconds since it last
-- advanced and since the log did; whether a projector holds the lease; why it stopped, and at which event.
CREATE FUNCTION read.status() RETURNS TABLE (
    model text, version integer, "position" bigint, lag bigint, lag_s double precision, idle_s double precision,
    quiet_s double precision, led boolean, fault text, fault_position bigint
)
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.model, c.version, c.position, greatest(l.position - c.position, 0),
            CASE WHEN l.position > c.position
                THEN extract(epoch FROM clock_timestamp() - coalesce(c.recorded_at, c.advanced_at))::double precision
                ELSE 0 END,
            extract(epoch FROM clock_timestamp() - c.advanced_at)::double precision,
            CASE WHEN l.position > 0 THEN extract(epoch FROM clock_timestamp() - l.recorded_at)::double precision
                ELSE 0 END,
            lease.expires_at > clock_timestamp(), c.fault, c.fault_position
        FROM read.checkpoint c
        JOIN log.log_head l ON l.shard = c.shard
        JOIN read.lease lease ON lease.shard = c.shard
        WHERE c.state = 'live' ORDER BY c.model
$$;

GRANT EXECUTE ON FUNCTION read.status TO fintwin_api, fintwin_projector, fintwin_auditor;
