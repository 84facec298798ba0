-- read: what the log means. The projector makes, fills, switches and drops everything in here but the tables of this
-- migration, from projections/<read model>/{table,queries}.sql; all of it can be rebuilt from the log at any time.
CREATE SCHEMA read;

GRANT USAGE, CREATE ON SCHEMA read TO fintwin_projector;
GRANT USAGE ON SCHEMA read TO fintwin_api, fintwin_auditor, fintwin_backup;
