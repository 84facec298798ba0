-- What risk remembers of an account and of a user's money in one currency; see src/fintwin/projections/risk.py.
CREATE TABLE read.risk_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

CREATE TABLE read.risk_pot_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (user_id, currency)
) WITH (fillfactor = 50);

SELECT read.protect('read.risk_account_vN');
SELECT read.protect('read.risk_pot_vN');
