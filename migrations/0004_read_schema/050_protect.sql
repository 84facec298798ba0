-- Puts a table of a read model under the tenant policy and grants it; each table.sql calls it for its tables.
CREATE FUNCTION read.protect(p_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format(
        'CREATE POLICY tenant ON %s FOR SELECT TO fintwin_api USING (user_id = log.tenant())', p_table);
    EXECUTE format(
        'CREATE POLICY fold ON %s FOR ALL TO fintwin_projector USING (true) WITH CHECK (true)', p_table);
    EXECUTE format('CREATE POLICY audit ON %s FOR SELECT TO fintwin_auditor USING (true)', p_table);
    EXECUTE format('GRANT SELECT ON %s TO fintwin_api, fintwin_auditor, fintwin_backup', p_table);
END
$$;

GRANT EXECUTE ON FUNCTION read.protect TO fintwin_projector;
