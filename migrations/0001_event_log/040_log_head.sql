-- The end of each shard's log. Its row lock orders all appends; this version runs shard 0 only.
CREATE TABLE log.log_head (
    shard integer PRIMARY KEY CHECK (shard = 0),
    position bigint NOT NULL,
    hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);

INSERT INTO log.log_head VALUES (0, 0, decode(repeat('00', 32), 'hex'), '-infinity');

GRANT SELECT, UPDATE ON log.log_head TO fintwin_append;
GRANT SELECT ON log.log_head TO fintwin_api, fintwin_twin, fintwin_projector, fintwin_publisher, fintwin_auditor,
    fintwin_backup;
