-- One row per person; see src/fintwin/projections/profiles.py.
CREATE TABLE read.profile_vN (
    user_id uuid NOT NULL PRIMARY KEY,
    state json NOT NULL,
    registered_at timestamptz NOT NULL,
    position bigint NOT NULL
);

SELECT read.protect('read.profile_vN');
