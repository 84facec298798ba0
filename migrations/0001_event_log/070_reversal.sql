-- A transaction is reversed once: by its owner (deposit, withdrawal) or by its recipient (transfer). Both parties of a
-- refunded transfer have a row, so that each sees it from the own side.
CREATE TABLE log.reversal (
    user_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    shard integer NOT NULL,
    reversed_by uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (user_id, transaction_id)
);

ALTER TABLE log.reversal ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.reversal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.reversal FOR SELECT TO fintwin_api USING (user_id = log.tenant());
CREATE POLICY everything ON log.reversal FOR SELECT TO fintwin_auditor USING (true);
CREATE POLICY append ON log.reversal FOR ALL TO fintwin_append USING (true) WITH CHECK (true);

GRANT SELECT ON log.reversal TO fintwin_api, fintwin_auditor, fintwin_backup;
GRANT SELECT, INSERT ON log.reversal TO fintwin_append;
