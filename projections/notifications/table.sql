-- What a user should hear of, but for alerts about the risk (read.risk_alert); see src/fintwin/projections/notifications.py.
CREATE TABLE read.notification_vN (
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
CREATE INDEX notification_vN_newest ON read.notification_vN (user_id, position DESC);
CREATE INDEX notification_vN_of_account ON read.notification_vN (user_id, account_id, position DESC);

CREATE TABLE read.notification_account_vN (
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    read_through bigint NOT NULL,
    PRIMARY KEY (user_id, account_id)
) WITH (fillfactor = 50);

SELECT read.protect('read.notification_vN');
SELECT read.protect('read.notification_account_vN');
