-- Webhooks: where a user wants to be told of own events, and what could not be told. Address and secret lie sealed under the
-- user's key. Nothing of an event is kept here: what is sent is made from the log each time.
CREATE SCHEMA webhook;
GRANT USAGE ON SCHEMA webhook TO fintwin_api, fintwin_publisher, fintwin_eraser, fintwin_auditor, fintwin_backup;

-- Who delivers. As with the read models, each taking over raises the epoch.
CREATE TABLE webhook.lease (
    shard integer PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

INSERT INTO webhook.lease VALUES (0, 0, '', '-infinity');

GRANT SELECT, UPDATE ON webhook.lease TO fintwin_publisher;
GRANT SELECT ON webhook.lease TO fintwin_api, fintwin_auditor, fintwin_backup;

-- `position`: everything up to there has been delivered, given up or passed over. `revision` goes up with each change by the
-- owner, so that what was under way before does not overwrite it. `attempts` counts those of the next event, `given_up` the
-- letters given up one after the other; after a few the hook stops, and what comes waits for its owner.
CREATE TABLE webhook.hook (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    sealed text NOT NULL,
    types text[] NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'stopped')),
    position bigint NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    given_up integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_attempt_at timestamptz,
    last_outcome text,
    delivered_at timestamptz,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, id)
) WITH (fillfactor = 50);
CREATE INDEX hook_retry ON webhook.hook (next_attempt_at) WHERE state = 'active' AND attempts > 0;

-- An event that was given up; `asked_at` is when its owner wanted it to be tried again.
CREATE TABLE webhook.letter (
    user_id uuid NOT NULL,
    hook_id uuid NOT NULL,
    position bigint NOT NULL,
    attempts integer NOT NULL,
    outcome text NOT NULL,
    given_up_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_at timestamptz,
    PRIMARY KEY (user_id, hook_id, position)
);
CREATE INDEX letter_asked ON webhook.letter (asked_at) WHERE asked_at IS NOT NULL;

ALTER TABLE webhook.hook ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook.hook FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook.letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook.letter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook.hook FOR ALL TO fintwin_api, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY tenant ON webhook.letter FOR ALL TO fintwin_api, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY deliver ON webhook.hook FOR ALL TO fintwin_publisher USING (true) WITH CHECK (true);
CREATE POLICY deliver ON webhook.letter FOR ALL TO fintwin_publisher USING (true) WITH CHECK (true);
CREATE POLICY everything ON webhook.hook FOR SELECT TO fintwin_auditor USING (true);
CREATE POLICY everything ON webhook.letter FOR SELECT TO fintwin_auditor USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON webhook.hook, webhook.letter TO fintwin_api;
GRANT SELECT, DELETE ON webhook.hook, webhook.letter TO fintwin_eraser;
GRANT SELECT ON webhook.hook, webhook.letter TO fintwin_auditor, fintwin_backup, fintwin_publisher;
GRANT UPDATE (position, attempts, given_up, next_attempt_at, last_attempt_at, last_outcome, delivered_at, state)
    ON webhook.hook TO fintwin_publisher;
GRANT INSERT, DELETE ON webhook.letter TO fintwin_publisher;
GRANT UPDATE (attempts, outcome, asked_at) ON webhook.letter TO fintwin_publisher;
