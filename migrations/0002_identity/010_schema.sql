-- identity: who signs in as which user, and which tokens no longer count. Nothing here says who anybody is: what the
-- sign-in provider calls a person is kept as a keyed hash, and names lie sealed in the log.
CREATE SCHEMA identity;

GRANT USAGE ON SCHEMA identity TO fintwin_identity, fintwin_eraser, fintwin_auditor, fintwin_backup;
