-- Sessions whose tokens no longer count although they have not expired: every process keeps the list in memory, hears of a
-- new row at once and polls for it as well. Without a session it stands for all sessions of the user begun until `made_at`.
CREATE TABLE identity.revocation (
    user_id uuid NOT NULL,
    session_id uuid,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX revocation_made_at ON identity.revocation (made_at);

ALTER TABLE identity.revocation ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.revocation FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON identity.revocation FOR SELECT TO fintwin_identity, fintwin_auditor USING (true);
CREATE POLICY revoke ON identity.revocation FOR INSERT TO fintwin_identity, fintwin_eraser WITH CHECK (true);
CREATE POLICY tidy_up ON identity.revocation FOR DELETE TO fintwin_identity USING (expires_at < now());

GRANT SELECT, INSERT, DELETE ON identity.revocation TO fintwin_identity;
GRANT INSERT ON identity.revocation TO fintwin_eraser;
GRANT SELECT ON identity.revocation TO fintwin_auditor, fintwin_backup;
