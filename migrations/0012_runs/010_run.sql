-- Runs of the twin that somebody follows: any process of the service can tell how far one is, stop it, and for an hour hand out
-- what came of it. Unlogged: all of it can be worked out again, and nothing of it is part of anybody's history.
CREATE SCHEMA work;
GRANT USAGE ON SCHEMA work TO fintwin_api, fintwin_eraser, fintwin_auditor, fintwin_backup;

CREATE UNLOGGED TABLE work.run (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    months_done integer NOT NULL DEFAULT 0,
    months_in_all integer NOT NULL DEFAULT 0,
    is_cancelled boolean NOT NULL DEFAULT false,
    -- What the worker handed back; NULL while it is under way.
    outcome bytea,
    -- The process that has the run says so again and again; a run that nobody speaks of has ended with its process.
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, id)
);

ALTER TABLE work.run ENABLE ROW LEVEL SECURITY;
ALTER TABLE work.run FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON work.run FOR ALL TO fintwin_api, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY tidy_up ON work.run FOR DELETE TO fintwin_api USING (told_at < now() - interval '1 hour');
CREATE POLICY everything ON work.run FOR SELECT TO fintwin_auditor USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON work.run TO fintwin_api;
GRANT SELECT, DELETE ON work.run TO fintwin_eraser;
GRANT SELECT ON work.run TO fintwin_auditor, fintwin_backup;
