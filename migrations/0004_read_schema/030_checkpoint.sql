-- Each build of a read model and how far it has come in a shard. A build is one set of tables, `<table>_v<version>`; one
-- build of a model is live, the one before is kept until the next.
--
-- `recorded_at` is when the last event that was taken in was recorded, `advanced_at` when it was taken in.
-- `fold_hash` is of the sources of the fold, `table_hash` of table.sql, `queries_hash` of queries.sql: what was built by
-- other sources is noticed. `fault` says why a build stopped, at the event `fault_position`.
CREATE TABLE read.checkpoint (
    model text NOT NULL,
    version integer NOT NULL,
    shard integer NOT NULL,
    build text GENERATED ALWAYS AS (model || '_v' || version) STORED,
    position bigint NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('building', 'live', 'kept')),
    advanced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_at timestamptz,
    fold_hash text NOT NULL,
    table_hash text NOT NULL,
    queries_hash text NOT NULL DEFAULT '',
    fault text,
    fault_position bigint,
    PRIMARY KEY (model, version, shard)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX checkpoint_build ON read.checkpoint (build, shard);
CREATE UNIQUE INDEX checkpoint_one_live ON read.checkpoint (model, shard) WHERE state = 'live';

GRANT SELECT, INSERT, UPDATE, DELETE ON read.checkpoint TO fintwin_projector;
GRANT SELECT ON read.checkpoint TO fintwin_api, fintwin_auditor, fintwin_backup;
