-- The currency that anybody's account takes payments in, or NULL: all that a payer may ask about somebody else's account.
CREATE FUNCTION log.receivable(p_account uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.currency FROM log.stream_head h
        WHERE h.shard = 0 AND h.stream_kind = 1 AND h.stream_id = p_account AND h.status = 1
$$;

GRANT EXECUTE ON FUNCTION log.receivable TO fintwin_api;
GRANT CREATE ON SCHEMA log TO fintwin_append;
ALTER FUNCTION log.receivable OWNER TO fintwin_append;
REVOKE CREATE ON SCHEMA log FROM fintwin_append;
