-- What a person recognises a sign-in by: the kind of browser, as it told itself at sign-in, and when it was last used. The time is
-- noted about once a minute, not with each request.
ALTER TABLE identity.session
    ADD COLUMN device text CHECK (length(device) <= 100),
    ADD COLUMN used_at timestamptz NOT NULL DEFAULT now();
