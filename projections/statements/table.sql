-- One row per transaction of a user; see src/fintwin/projections/statements.py, for `told` statement_json.py.
CREATE TABLE read.statement_vN (
    user_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    position bigint NOT NULL,
    type text NOT NULL,
    account_id uuid NOT NULL,
    to_account uuid,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    decimals smallint NOT NULL,
    category text,
    note text,
    note_on uuid,
    counterparty json,
    payee_ref text,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    date_only boolean NOT NULL,
    balance_after_minor bigint,
    to_balance_after_minor bigint,
    reverses uuid,
    reversed_by uuid,
    told text NOT NULL,
    PRIMARY KEY (user_id, transaction_id)
);
CREATE INDEX statement_vN_order ON read.statement_vN (user_id, position);
-- The lists of one account: what it paid or took from outside, and what it was sent.
CREATE INDEX statement_vN_account ON read.statement_vN (user_id, account_id, position)
    WHERE balance_after_minor IS NOT NULL;
CREATE INDEX statement_vN_received ON read.statement_vN (user_id, to_account, position)
    WHERE to_balance_after_minor IS NOT NULL;

CREATE TABLE read.statement_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    balance_minor bigint NOT NULL,
    transactions bigint NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

SELECT read.protect('read.statement_vN');
SELECT read.protect('read.statement_account_vN');
