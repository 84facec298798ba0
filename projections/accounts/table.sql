-- One row per account, with its balance after the last event; see src/fintwin/projections/accounts.py.
CREATE TABLE read.account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    status smallint NOT NULL,
    balance_minor bigint NOT NULL,
    overdraft_limit_minor bigint NOT NULL,
    annual_rate_percent numeric,
    closed_through date,
    effective_at_last timestamptz,
    opened_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

SELECT read.protect('read.account_vN');
