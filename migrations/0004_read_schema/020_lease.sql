-- Who runs the folds of a shard. Each taking over raises the epoch, so that a runner that lost its lease without noticing
-- writes nothing any more.
CREATE TABLE read.lease (
    shard integer PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

INSERT INTO read.lease VALUES (0, 0, '', '-infinity');

GRANT SELECT, UPDATE ON read.lease TO fintwin_projector;
GRANT SELECT ON read.lease TO fintwin_api, fintwin_auditor, fintwin_backup;
