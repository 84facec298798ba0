-- Files that people have uploaded, between the look at what they would do and the booking. File and mapping, and afterwards
-- the answer that was given, lie sealed under their owner's key.
CREATE SCHEMA draft;
GRANT USAGE ON SCHEMA draft TO fintwin_api, fintwin_eraser, fintwin_auditor, fintwin_backup;

CREATE TABLE draft.import_file (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'committing', 'committed', 'reversed')),
    -- The end of the log when booking began: all that was booked of the file lies behind it.
    booked_after bigint,
    sealed text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id)
);

ALTER TABLE draft.import_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE draft.import_file FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON draft.import_file FOR ALL TO fintwin_api, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY everything ON draft.import_file FOR SELECT TO fintwin_auditor USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON draft.import_file TO fintwin_api;
GRANT SELECT, DELETE ON draft.import_file TO fintwin_eraser;
GRANT SELECT ON draft.import_file TO fintwin_auditor, fintwin_backup;
