-- What a user owns and how it moves; see src/fintwin/projections/portfolios.py.
CREATE TABLE read.portfolio_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    balance_minor bigint NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

CREATE TABLE read.portfolio_month_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    income_minor bigint NOT NULL,
    expense_minor bigint NOT NULL,
    PRIMARY KEY (user_id, currency, month)
) WITH (fillfactor = 50);

CREATE TABLE read.holding_vN (
    user_id uuid NOT NULL,
    holding_id uuid NOT NULL,
    ticker text NOT NULL,
    company_name text NOT NULL,
    currency text NOT NULL,
    quantity numeric NOT NULL,
    buy_price numeric NOT NULL,
    current_price numeric NOT NULL,
    invested_minor bigint NOT NULL,
    value_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (user_id, holding_id)
);

CREATE TABLE read.holding_flow_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    "on" date NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (user_id, currency, "on")
);

CREATE TABLE read.holding_growth_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    value_minor bigint NOT NULL,
    factor double precision NOT NULL,
    since date NOT NULL,
    PRIMARY KEY (user_id, currency)
);

SELECT read.protect('read.portfolio_account_vN');
SELECT read.protect('read.portfolio_month_vN');
SELECT read.protect('read.holding_vN');
SELECT read.protect('read.holding_flow_vN');
SELECT read.protect('read.holding_growth_vN');
