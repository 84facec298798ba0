-- The runs of the twin that a user kept; see src/fintwin/projections/simulations.py.
CREATE TABLE read.simulation_vN (
    user_id uuid NOT NULL,
    simulation_id uuid NOT NULL,
    position bigint NOT NULL,
    created_at timestamptz NOT NULL,
    source text NOT NULL,
    scenario text NOT NULL,
    account_id uuid,
    amount_minor bigint,
    figure text,
    currency text NOT NULL,
    before_minor bigint NOT NULL,
    after_minor bigint NOT NULL,
    risk_score smallint NOT NULL,
    level text NOT NULL,
    recommendation text,
    name text,
    base_position bigint NOT NULL,
    base_hash text NOT NULL,
    document json NOT NULL,
    summary json NOT NULL,
    PRIMARY KEY (user_id, simulation_id)
);
CREATE INDEX simulation_vN_newest ON read.simulation_vN (user_id, position DESC);

SELECT read.protect('read.simulation_vN');
