-- The user whose rows the running transaction may see; NULL (and so no row) where none is set.
CREATE FUNCTION log.tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('fintwin.user_id', true), '')::uuid;

GRANT EXECUTE ON FUNCTION log.tenant() TO fintwin_append, fintwin_api, fintwin_twin, fintwin_projector,
    fintwin_publisher, fintwin_auditor, fintwin_identity, fintwin_eraser, fintwin_backup;
