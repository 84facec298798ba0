-- What the owner of a hook does. Each function sets the tenant for its own transaction; row level security decides what there is.

-- The user's hooks in the order of their making, or the one asked for, each with the number of its letters.
CREATE FUNCTION webhook.hooks(p_user uuid, p_id uuid)
RETURNS TABLE (
    id uuid, sealed text, types text[], state text, "position" bigint, attempts integer, next_attempt_at timestamptz,
    last_attempt_at timestamptz, last_outcome text, delivered_at timestamptz, made_at timestamptz, letters bigint
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT h.id, h.sealed, h.types, h.state, h.position, h.attempts, h.next_attempt_at, h.last_attempt_at,
            h.last_outcome, h.delivered_at, h.made_at,
            (SELECT count(*) FROM webhook.letter l WHERE l.user_id = p_user AND l.hook_id = h.id)
        FROM webhook.hook h WHERE h.user_id = p_user AND (p_id IS NULL OR h.id = p_id) ORDER BY h.id;
END
$$;

-- A new hook, which is told of what comes after the end of the log as it is now. False where there are p_most already.
CREATE FUNCTION webhook.add(p_user uuid, p_id uuid, p_sealed text, p_types text[], p_most integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    PERFORM pg_advisory_xact_lock(hashtext('fintwin webhook ' || p_user));
    IF (SELECT count(*) FROM webhook.hook h WHERE h.user_id = p_user) >= p_most THEN
        RETURN false;
    END IF;
    INSERT INTO webhook.hook (user_id, id, sealed, types, position)
        SELECT p_user, p_id, p_sealed, p_types, l.position FROM log.log_head l WHERE l.shard = 0;
    RETURN true;
END
$$;

-- Change what is not NULL; whatever was under way begins anew. p_position is from where on events are told again.
CREATE FUNCTION webhook.change(
    p_user uuid, p_id uuid, p_sealed text, p_types text[], p_state text, p_position bigint
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE webhook.hook h
        SET sealed = coalesce(p_sealed, h.sealed), types = coalesce(p_types, h.types),
            state = coalesce(p_state, h.state),
            -- LEAST passes NULL over: without a position to go to it stays where it is.
            position = CASE WHEN p_position IS NULL THEN h.position
                ELSE least(p_position, (SELECT l.position FROM log.log_head l WHERE l.shard = 0)) END,
            revision = h.revision + 1, attempts = 0, given_up = 0, next_attempt_at = clock_timestamp()
        WHERE h.user_id = p_user AND h.id = p_id;
    IF FOUND THEN
        PERFORM pg_notify('fintwin_webhook', '');
        RETURN true;
    END IF;
    RETURN false;
END
$$;

-- The hook is gone, and its letters with it.
CREATE FUNCTION webhook.remove(p_user uuid, p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    DELETE FROM webhook.letter l WHERE l.user_id = p_user AND l.hook_id = p_id;
    DELETE FROM webhook.hook h WHERE h.user_id = p_user AND h.id = p_id;
    RETURN FOUND;
END
$$;

-- What was given up for a hook after a position, oldest first.
CREATE FUNCTION webhook.letters(p_user uuid, p_hook uuid, p_after bigint, p_limit integer)
RETURNS TABLE ("position" bigint, attempts integer, outcome text, given_up_at timestamptz, asked_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT l.position, l.attempts, l.outcome, l.given_up_at, l.asked_at FROM webhook.letter l
        WHERE l.user_id = p_user AND l.hook_id = p_hook AND l.position > p_after ORDER BY l.position LIMIT p_limit;
END
$$;

-- Letters of a hook, all of them or one, are to be tried again; how many.
CREATE FUNCTION webhook.ask_again(p_user uuid, p_hook uuid, p_position bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked integer;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE webhook.letter l SET asked_at = clock_timestamp()
        WHERE l.user_id = p_user AND l.hook_id = p_hook AND (p_position IS NULL OR l.position = p_position);
    GET DIAGNOSTICS asked = ROW_COUNT;
    PERFORM pg_notify('fintwin_webhook', '');
    RETURN asked;
END
$$;

GRANT EXECUTE ON FUNCTION webhook.hooks, webhook.add, webhook.change, webhook.remove, webhook.letters, webhook.ask_again
    TO fintwin_api;
