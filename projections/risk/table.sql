-- What risk remembers of an account and of a user's money in one currency; see src/fintwin/projections/risk.py.
CREATE TABLE read.risk_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    band smallint NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

CREATE TABLE read.risk_pot_vN (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (user_id, currency)
) WITH (fillfactor = 50);

-- Alerts, in the form of read.notification.
CREATE TABLE read.risk_alert_vN (
    user_id uuid NOT NULL,
    notification_id uuid NOT NULL,
    account_id uuid NOT NULL,
    position bigint NOT NULL,
    code text NOT NULL,
    type text NOT NULL,
    created_at timestamptz NOT NULL,
    is_read boolean NOT NULL,
    currency text,
    amount_minor bigint,
    score smallint,
    reason json,
    scenario text,
    PRIMARY KEY (user_id, notification_id)
);
CREATE INDEX risk_alert_vN_newest ON read.risk_alert_vN (user_id, position DESC);
CREATE INDEX risk_alert_vN_of_account ON read.risk_alert_vN (user_id, account_id, position DESC);

SELECT read.protect('read.risk_account_vN');
SELECT read.protect('read.risk_pot_vN');
SELECT read.protect('read.risk_alert_vN');
