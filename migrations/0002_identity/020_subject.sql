-- Which user a provider's subject is: a keyed hash of the provider's own id, found before the user is known. So the key is the
-- subject and not the user; only the role that signs people in sees the table, and nobody lists it.
CREATE TABLE identity.subject (
    provider text NOT NULL,
    subject bytea NOT NULL CHECK (length(subject) = 32),
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, subject)
);
CREATE INDEX subject_user ON identity.subject (user_id);

ALTER TABLE identity.subject ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.subject FORCE ROW LEVEL SECURITY;
CREATE POLICY find ON identity.subject FOR SELECT TO fintwin_identity, fintwin_auditor USING (true);
CREATE POLICY claim ON identity.subject FOR INSERT TO fintwin_identity WITH CHECK (true);
CREATE POLICY own ON identity.subject FOR SELECT TO fintwin_eraser USING (user_id = log.tenant());
CREATE POLICY forget ON identity.subject FOR DELETE TO fintwin_eraser USING (user_id = log.tenant());

GRANT SELECT, INSERT ON identity.subject TO fintwin_identity;
GRANT SELECT, DELETE ON identity.subject TO fintwin_eraser;
GRANT SELECT ON identity.subject TO fintwin_auditor, fintwin_backup;
