-- log: the write side. vault: the keys of the users' personal fields, apart so that ordinary dumps can leave it out.
CREATE SCHEMA log;
CREATE SCHEMA vault;

GRANT USAGE ON SCHEMA log TO fintwin_append, fintwin_api, fintwin_twin, fintwin_projector, fintwin_publisher,
    fintwin_auditor, fintwin_backup;
GRANT USAGE ON SCHEMA vault TO fintwin_api, fintwin_identity, fintwin_eraser, fintwin_auditor;

-- Functions are nobody's until granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
