DROP FUNCTION identity.begin_session(uuid, uuid, smallint, bytea, timestamptz);
DROP FUNCTION identity.sessions(uuid);

-- A session begins.
CREATE FUNCTION identity.begin_session(
    p_user uuid, p_id uuid, p_kind smallint, p_refresh bytea, p_expires_at timestamptz, p_device text
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    DELETE FROM identity.session s WHERE s.user_id = p_user AND s.expires_at < now() - interval '30 days';
    INSERT INTO identity.session (user_id, id, kind, refresh, expires_at, device)
        VALUES (p_user, p_id, p_kind, p_refresh, p_expires_at, p_device);
END
$$;

-- The user's sessions that still count, latest first.
CREATE FUNCTION identity.sessions(p_user uuid)
RETURNS TABLE (
    id uuid, kind smallint, device text, created_at timestamptz, refreshed_at timestamptz, used_at timestamptz,
    expires_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT s.id, s.kind, s.device, s.created_at, s.refreshed_at, greatest(s.used_at, s.refreshed_at), s.expires_at
        FROM identity.session s
        WHERE s.user_id = p_user AND s.ended_at IS NULL AND s.expires_at > now() ORDER BY s.created_at DESC, s.id;
END
$$;

-- Sessions that have been used until now.
CREATE FUNCTION identity.touch_sessions(p_users uuid[], p_ids uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one record;
BEGIN
    -- Sorted, so that two processes that note the same sessions wait for each other and never in a circle.
    FOR one IN SELECT q.user_id, q.id FROM unnest(p_users, p_ids) AS q(user_id, id) ORDER BY 1, 2 LOOP
        PERFORM set_config('fintwin.user_id', one.user_id::text, true);
        UPDATE identity.session s SET used_at = now() WHERE s.user_id = one.user_id AND s.id = one.id;
    END LOOP;
END
$$;

-- One session ends, or with p_id NULL all of them; every process hears of it. True where there was one to end. What was none of the
-- user's own is not revoked either: a revocation counts for whoever's session has the id.
CREATE OR REPLACE FUNCTION identity.end_sessions(p_user uuid, p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended boolean;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE identity.session s SET ended_at = clock_timestamp()
        WHERE s.user_id = p_user AND (p_id IS NULL OR s.id = p_id) AND s.ended_at IS NULL;
    ended := FOUND;
    IF ended OR p_id IS NULL THEN
        INSERT INTO identity.revocation (user_id, session_id, expires_at)
            VALUES (p_user, p_id, now() + interval '25 hours');
        PERFORM pg_notify('fintwin_revoked', '');
    END IF;
    DELETE FROM identity.revocation r WHERE r.expires_at < now();
    RETURN ended;
END
$$;

-- As before, and in addition no session is refreshed for longer than thirty days.
CREATE OR REPLACE FUNCTION identity.refresh_session(
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
                expires_at = least(p_expires_at, known.created_at + interval '30 days')
            WHERE s.user_id = p_user AND s.id = p_id;
        RETURN 0;
    ELSIF known.refresh_before = p_shown AND known.refreshed_at > clock_timestamp() - interval '10 seconds' THEN
        RETURN 3;
    END IF;
    PERFORM identity.end_sessions(p_user, p_id);
    RETURN 2;
END
$$;

GRANT EXECUTE ON FUNCTION identity.begin_session, identity.sessions, identity.touch_sessions TO fintwin_identity;
