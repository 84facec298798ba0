-- What a person told, and the habits that the ledger shows; see src/fintwin/projections/personas.py.
CREATE TABLE read.persona_vN (
    user_id uuid NOT NULL PRIMARY KEY,
    goal text NOT NULL,
    appetite text NOT NULL,
    currency text NOT NULL
);

CREATE TABLE read.persona_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (user_id, account_id)
);

CREATE TABLE read.persona_money_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (user_id, currency)
) WITH (fillfactor = 50);

SELECT read.protect('read.persona_vN');
SELECT read.protect('read.persona_account_vN');
SELECT read.protect('read.persona_money_vN');
