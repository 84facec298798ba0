-- Which request a user's idempotency key stood for. Key and request are keyed hashes; the reply is rebuilt from the events
-- and, where money moved, the balance right after it.
CREATE TABLE log.idempotency (
    user_id uuid NOT NULL,
    key bytea NOT NULL,
    request bytea NOT NULL,
    shard integer NOT NULL,
    transaction_id uuid NOT NULL,
    position bigint NOT NULL,
    balance_minor bigint,
    PRIMARY KEY (user_id, key)
);

ALTER TABLE log.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.idempotency FOR SELECT TO fintwin_api USING (user_id = log.tenant());
CREATE POLICY everything ON log.idempotency FOR SELECT TO fintwin_auditor USING (true);
CREATE POLICY append ON log.idempotency FOR ALL TO fintwin_append USING (true) WITH CHECK (true);

GRANT SELECT ON log.idempotency TO fintwin_api, fintwin_auditor, fintwin_backup;
GRANT SELECT, INSERT ON log.idempotency TO fintwin_append;
