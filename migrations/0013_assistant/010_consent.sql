-- Who has agreed that questions and figures go to another company's model, and how many of them went there on the last day.
CREATE SCHEMA assistant;
GRANT USAGE ON SCHEMA assistant TO fintwin_api, fintwin_eraser, fintwin_auditor, fintwin_backup;

CREATE TABLE assistant.consent (
    user_id uuid PRIMARY KEY,
    agreed_at timestamptz,
    day date NOT NULL DEFAULT '-infinity',
    questions integer NOT NULL DEFAULT 0
);

ALTER TABLE assistant.consent ENABLE ROW LEVEL SECURITY;
ALTER TABLE assistant.consent FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON assistant.consent FOR ALL TO fintwin_api, fintwin_eraser
    USING (user_id = log.tenant()) WITH CHECK (user_id = log.tenant());
CREATE POLICY everything ON assistant.consent FOR SELECT TO fintwin_auditor USING (true);

GRANT SELECT, INSERT, UPDATE ON assistant.consent TO fintwin_api;
GRANT SELECT, DELETE ON assistant.consent TO fintwin_eraser;
GRANT SELECT ON assistant.consent TO fintwin_auditor, fintwin_backup;

CREATE FUNCTION assistant.agreed_at(p_user uuid) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN (SELECT c.agreed_at FROM assistant.consent c WHERE c.user_id = p_user);
END
$$;

CREATE FUNCTION assistant.agree(p_user uuid, p_agreed boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    INSERT INTO assistant.consent AS c (user_id, agreed_at) VALUES (p_user, CASE WHEN p_agreed THEN now() END)
        ON CONFLICT (user_id) DO UPDATE SET agreed_at = CASE WHEN p_agreed THEN coalesce(c.agreed_at, now()) END;
END
$$;

-- One more question of this day, unless there have been p_max; whether it may be asked.
CREATE FUNCTION assistant.take_question(p_user uuid, p_day date, p_max integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE assistant.consent c
        SET day = p_day, questions = CASE WHEN c.day = p_day THEN c.questions + 1 ELSE 1 END
        WHERE c.user_id = p_user AND c.agreed_at IS NOT NULL AND (c.day <> p_day OR c.questions < p_max);
    RETURN FOUND;
END
$$;

GRANT EXECUTE ON FUNCTION assistant.agreed_at, assistant.agree, assistant.take_question TO fintwin_api;
