-- One row per person; see src/fintwin/projections/profiles.py.
CREATE TABLE read.profile_vN (
    user_id uuid NOT NULL PRIMARY KEY,
    provider text NOT NULL,
    full_name text,
    email text,
    picture text,
    sample boolean NOT NULL,
    answers json,
    erased boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL
);

SELECT read.protect('read.profile_vN');
