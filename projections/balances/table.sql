-- What moved per account, day it counts and day it was recorded; see src/fintwin/projections/balances.py.
CREATE TABLE read.balance_cell_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    effective_on date NOT NULL,
    recorded_on date NOT NULL,
    in_minor bigint NOT NULL,
    out_minor bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (user_id, account_id, effective_on, recorded_on)
) WITH (fillfactor = 80);

SELECT read.protect('read.balance_cell_vN');
