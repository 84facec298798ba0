-- Each sets the tenant for its own transaction; row level security decides what there is.

-- Keep a new draft. Of those never booked only the user's newest nine stay beside it, and none longer than a week.
CREATE FUNCTION draft.keep(p_user uuid, p_id uuid, p_account uuid, p_sealed text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    DELETE FROM draft.import_file d WHERE d.user_id = p_user AND d.state = 'open' AND (
        d.made_at < now() - interval '7 days'
        OR d.id NOT IN (
            SELECT k.id FROM draft.import_file k WHERE k.user_id = p_user AND k.state = 'open'
                ORDER BY k.id DESC LIMIT 9
        )
    );
    INSERT INTO draft.import_file (user_id, id, account_id, sealed) VALUES (p_user, p_id, p_account, p_sealed);
END
$$;

-- One draft of the user's, or none.
CREATE FUNCTION draft.find(p_user uuid, p_id uuid) RETURNS SETOF draft.import_file
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT d.* FROM draft.import_file d WHERE d.user_id = p_user AND d.id = p_id;
END
$$;

-- Booking begins, or goes on after an end in the middle.
CREATE FUNCTION draft.begin_booking(p_user uuid, p_id uuid) RETURNS SETOF draft.import_file
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY UPDATE draft.import_file d
        SET state = 'committing',
            booked_after = coalesce(d.booked_after, (SELECT l.position FROM log.log_head l WHERE l.shard = 0))
        WHERE d.user_id = p_user AND d.id = p_id AND d.state IN ('open', 'committing')
        RETURNING d.*;
END
$$;

-- What has come to an end keeps its answer in the place of the file. Says whether it was this call that ended it.
CREATE FUNCTION draft.finish(p_user uuid, p_id uuid, p_from text, p_to text, p_sealed text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE draft.import_file d SET state = p_to, sealed = p_sealed
        WHERE d.user_id = p_user AND d.id = p_id AND d.state = p_from;
    RETURN FOUND;
END
$$;

-- A draft that was never booked is gone without a trace.
CREATE FUNCTION draft.discard(p_user uuid, p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    DELETE FROM draft.import_file d WHERE d.user_id = p_user AND d.id = p_id AND d.state = 'open';
    RETURN FOUND;
END
$$;

GRANT EXECUTE ON FUNCTION draft.keep, draft.find, draft.begin_booking, draft.finish, draft.discard TO fintwin_api;
