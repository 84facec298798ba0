-- Whom the log calls erased and whose key is there all the same: an erasure that was interrupted, or keys that came back with an
-- old dump. For the auditor, who may read both.
CREATE FUNCTION vault.erased_with_key() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.user_id FROM vault.user_key k
        WHERE EXISTS (
            SELECT FROM log.stream_head h WHERE h.shard = 0 AND h.stream_kind = 2 AND h.stream_id = k.user_id
                AND h.facts ->> 'erased' = 'true'
        )
$$;

GRANT EXECUTE ON FUNCTION vault.erased_with_key TO fintwin_auditor;
