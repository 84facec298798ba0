-- How far each shard's log is published to its Redis stream, and who publishes it.
--
-- Each taking over raises the epoch. `position`: the last event known to be in the stream; Redis itself is asked before anything
-- is added, so this may lag. `trimmed_position`: everything up to it may be gone from the stream, everything after it must be there.
CREATE SCHEMA publish;
GRANT USAGE ON SCHEMA publish TO fintwin_publisher, fintwin_api, fintwin_auditor, fintwin_backup;

CREATE TABLE publish.stream (
    shard integer PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    position bigint NOT NULL,
    trimmed_position bigint NOT NULL,
    recorded_at timestamptz,
    advanced_at timestamptz NOT NULL,
    fault text
) WITH (fillfactor = 50);

INSERT INTO publish.stream VALUES (0, 0, '', '-infinity', 0, 0, NULL, now(), NULL);

GRANT SELECT, UPDATE ON publish.stream TO fintwin_publisher;
GRANT SELECT ON publish.stream TO fintwin_api, fintwin_auditor, fintwin_backup;
