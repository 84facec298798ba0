-- One key per user, wrapped by the service's master key. Deleting the row makes the user's personal fields unreadable.
CREATE TABLE vault.user_key (
    user_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE vault.user_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.user_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault.user_key FOR SELECT TO fintwin_api USING (user_id = log.tenant());
CREATE POLICY everything ON vault.user_key FOR SELECT TO fintwin_auditor USING (true);
CREATE POLICY make ON vault.user_key FOR INSERT TO fintwin_identity WITH CHECK (true);
CREATE POLICY find ON vault.user_key FOR SELECT TO fintwin_identity, fintwin_eraser USING (user_id = log.tenant());
CREATE POLICY destroy ON vault.user_key FOR DELETE TO fintwin_eraser USING (user_id = log.tenant());

GRANT SELECT ON vault.user_key TO fintwin_api, fintwin_auditor, fintwin_identity, fintwin_eraser;
GRANT INSERT ON vault.user_key TO fintwin_identity;
GRANT DELETE ON vault.user_key TO fintwin_eraser;
GRANT USAGE ON SCHEMA log TO fintwin_identity, fintwin_eraser;
