-- The user of a subject; `p_user` becomes it where there is none. However many first sign-ins come at once, all get one user.
CREATE FUNCTION identity.claim_subject(p_provider text, p_subject bytea, p_user uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO identity.subject (provider, subject, user_id) VALUES (p_provider, p_subject, p_user)
        ON CONFLICT DO NOTHING;
    RETURN (SELECT s.user_id FROM identity.subject s WHERE s.provider = p_provider AND s.subject = p_subject);
END
$$;

-- A session begins.
CREATE FUNCTION identity.begin_session(
    p_user uuid, p_id uuid, p_kind smallint, p_refresh bytea, p_expires_at timestamptz
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    DELETE FROM identity.session s WHERE s.user_id = p_user AND s.expires_at < now() - interval '30 days';
    INSERT INTO identity.session (user_id, id, kind, refresh, expires_at)
        VALUES (p_user, p_id, p_kind, p_refresh, p_expires_at);
END
$$;

-- The user's sessions that still count, latest first.
CREATE FUNCTION identity.sessions(p_user uuid)
RETURNS TABLE (id uuid, kind smallint, created_at timestamptz, refreshed_at timestamptz, expires_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT s.id, s.kind, s.created_at, s.refreshed_at, s.expires_at FROM identity.session s
        WHERE s.user_id = p_user AND s.ended_at IS NULL AND s.expires_at > now() ORDER BY s.created_at DESC, s.id;
END
$$;

-- One session ends, or with p_id NULL all of them; every process hears of it. True where there was one to end.
CREATE FUNCTION identity.end_sessions(p_user uuid, p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended boolean;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE identity.session s SET ended_at = clock_timestamp()
        WHERE s.user_id = p_user AND (p_id IS NULL OR s.id = p_id) AND s.ended_at IS NULL;
    ended := FOUND;
    INSERT INTO identity.revocation (user_id, session_id, expires_at)
        VALUES (p_user, p_id, now() + interval '25 hours');
    DELETE FROM identity.revocation r WHERE r.expires_at < now();
    PERFORM pg_notify('fintwin_revoked', '');
    RETURN ended;
END
$$;

-- The next secret of a cookie session takes the place of the one shown. Status 0 refreshed, 1 no such session or over,
-- 2 an old secret was shown: somebody has copied it, and the session has ended. The secret just replaced is taken for ten
-- more seconds, so that two tabs that refresh together both go on; that answer (status 3) changes nothing.
CREATE FUNCTION identity.refresh_session(
    p_user uuid, p_id uuid, p_shown bytea, p_next bytea, p_expires_at timestamptz
) RETURNS smallint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known identity.session;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    SELECT s.* INTO known FROM identity.session s
        WHERE s.user_id = p_user AND s.id = p_id AND s.kind = 2 AND s.ended_at IS NULL AND s.expires_at > now()
        FOR UPDATE;
    IF known.id IS NULL THEN
        RETURN 1;
    ELSIF known.refresh = p_shown THEN
        UPDATE identity.session s
            SET refresh = p_next, refresh_before = known.refresh, refreshed_at = clock_timestamp(),
                expires_at = p_expires_at
            WHERE s.user_id = p_user AND s.id = p_id;
        RETURN 0;
    ELSIF known.refresh_before = p_shown AND known.refreshed_at > clock_timestamp() - interval '10 seconds' THEN
        RETURN 3;
    END IF;
    PERFORM identity.end_sessions(p_user, p_id);
    RETURN 2;
END
$$;

-- Revocations made since a moment that still matter; NULL: all of them.
CREATE FUNCTION identity.revocations(p_since timestamptz)
RETURNS TABLE (user_id uuid, session_id uuid, made_at timestamptz, expires_at timestamptz)
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.user_id, r.session_id, r.made_at, r.expires_at FROM identity.revocation r
        WHERE r.expires_at > now() AND (p_since IS NULL OR r.made_at > p_since) ORDER BY r.made_at
$$;

GRANT EXECUTE ON FUNCTION identity.claim_subject, identity.begin_session, identity.sessions, identity.end_sessions,
    identity.refresh_session, identity.revocations TO fintwin_identity;

-- The same for many subjects of one provider, in their order.
CREATE FUNCTION identity.claim_subjects(p_provider text, p_subjects bytea[], p_users uuid[]) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Sorted, so that two who claim the same subjects at once wait for each other and never in a circle.
    INSERT INTO identity.subject (provider, subject, user_id)
        SELECT p_provider, q.subject, q.user_id FROM unnest(p_subjects, p_users) AS q(subject, user_id)
        ORDER BY q.subject
        ON CONFLICT DO NOTHING;
    RETURN ARRAY(
        SELECT s.user_id FROM unnest(p_subjects) WITH ORDINALITY AS q(subject, i)
            JOIN identity.subject s ON s.provider = p_provider AND s.subject = q.subject ORDER BY q.i
    );
END
$$;

GRANT EXECUTE ON FUNCTION identity.claim_subjects TO fintwin_identity;
