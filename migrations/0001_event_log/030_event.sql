-- Everything that ever happened, in commit order. Payload and metadata keep the exact bytes that were hashed.
CREATE TABLE log.event (
    shard integer NOT NULL,
    position bigint NOT NULL,
    stream_kind smallint NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    transaction_id uuid NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    digest bytea NOT NULL,
    stream_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (shard, position)
);
CREATE UNIQUE INDEX event_stream ON log.event (user_id, stream_kind, stream_id, version, shard);
CREATE INDEX event_user ON log.event (user_id, position, shard);
CREATE INDEX event_transaction ON log.event (user_id, transaction_id, shard);

ALTER TABLE log.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.event FOR SELECT TO fintwin_api, fintwin_twin USING (user_id = log.tenant());
CREATE POLICY everything ON log.event FOR SELECT TO fintwin_projector, fintwin_publisher, fintwin_auditor USING (true);
CREATE POLICY append ON log.event FOR INSERT TO fintwin_append WITH CHECK (true);

GRANT SELECT ON log.event TO fintwin_api, fintwin_twin, fintwin_projector, fintwin_publisher, fintwin_auditor,
    fintwin_backup;
GRANT INSERT ON log.event TO fintwin_append;
