-- One row per sign-in. A session is a bearer token of a day (kind 1, its id is the token's `jti`) or a browser's cookie
-- (kind 2), which is refreshed: `refresh` is the hash of the secret that the next refresh must show, `refresh_before` that
-- of the one it replaced; whoever shows an older one ends the session.
CREATE TABLE identity.session (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    refresh bytea CHECK (length(refresh) = 32),
    refresh_before bytea CHECK (length(refresh_before) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (user_id, id),
    CONSTRAINT only_cookies_are_refreshed CHECK ((kind = 2) = (refresh IS NOT NULL))
);

ALTER TABLE identity.session ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.session FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity.session FOR ALL TO fintwin_identity, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY everything ON identity.session FOR SELECT TO fintwin_auditor USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.session TO fintwin_identity;
GRANT SELECT, DELETE ON identity.session TO fintwin_eraser;
GRANT SELECT ON identity.session TO fintwin_auditor, fintwin_backup;
