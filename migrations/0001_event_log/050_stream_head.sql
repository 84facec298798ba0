-- The state of each stream after its last event: what deciding needs without reading the history.
--
-- Accounts have their money in columns, so that the database itself can refuse what the rules forbid; `facts` holds the
-- rest of the state as the domain encodes it. `decided_in` is the transaction of the last change that was decided on the
-- stream's state: with it, version and balance, two states are the same for every decision. The user's own last position is the highest among the user's heads.
CREATE TABLE log.stream_head (
    shard integer NOT NULL,
    stream_kind smallint NOT NULL,
    stream_id uuid NOT NULL,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    decided_in uuid NOT NULL,
    stream_hash bytea NOT NULL,
    currency text,
    status smallint,
    balance_minor bigint,
    overdraft_limit_minor bigint,
    effective_at_last timestamptz,
    facts json,
    PRIMARY KEY (shard, stream_kind, stream_id),
    CONSTRAINT account_is_whole CHECK (
        (stream_kind = 1) = (currency IS NOT NULL)
        AND (stream_kind = 1) = (status IS NOT NULL)
        AND (stream_kind = 1) = (balance_minor IS NOT NULL)
        AND (stream_kind = 1) = (overdraft_limit_minor IS NOT NULL)
    ),
    -- The last line of defence: the rules refuse this long before, so when it fires it is our bug.
    CONSTRAINT balance_within_limit CHECK (balance_minor >= -overdraft_limit_minor),
    CONSTRAINT balance_within_digits CHECK (abs(balance_minor) < 1000000000000000),
    CONSTRAINT limit_is_positive CHECK (overdraft_limit_minor >= 0)
) WITH (fillfactor = 50);
CREATE INDEX stream_head_user ON log.stream_head (user_id);

ALTER TABLE log.stream_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.stream_head FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.stream_head FOR SELECT TO fintwin_api, fintwin_twin USING (user_id = log.tenant());
CREATE POLICY everything ON log.stream_head FOR SELECT TO fintwin_projector, fintwin_publisher, fintwin_auditor
    USING (true);
CREATE POLICY append ON log.stream_head FOR ALL TO fintwin_append USING (true) WITH CHECK (true);

GRANT SELECT ON log.stream_head TO fintwin_api, fintwin_twin, fintwin_projector, fintwin_publisher, fintwin_auditor,
    fintwin_backup;
GRANT SELECT, INSERT, UPDATE ON log.stream_head TO fintwin_append;
