-- Each sets the tenant for its own transaction; row level security decides what there is.

-- Whether a run is under way: somebody spoke of it within 15 seconds.
CREATE FUNCTION work.is_under_way(p_run work.run) RETURNS boolean
LANGUAGE sql STABLE
RETURN (p_run).outcome IS NULL AND (p_run).told_at > clock_timestamp() - interval '15 seconds';

-- Take a run down as begun: 'begun', or 'exists' where one of this id is under way, or 'too_many' where p_most are.
CREATE FUNCTION work.begin_run(p_user uuid, p_id uuid, p_most integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    -- Two of one user at once would both find a place.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_user::text, 12));
    IF EXISTS (SELECT FROM work.run r WHERE r.user_id = p_user AND r.id = p_id AND work.is_under_way(r)) THEN
        RETURN 'exists';
    END IF;
    IF (SELECT count(*) FROM work.run r WHERE r.user_id = p_user AND work.is_under_way(r)) >= p_most THEN
        RETURN 'too_many';
    END IF;
    -- Of a user's results the newest 31 stay beside the new one.
    DELETE FROM work.run r WHERE r.user_id = p_user AND (r.id = p_id OR (NOT work.is_under_way(r) AND r.id NOT IN (
        SELECT k.id FROM work.run k WHERE k.user_id = p_user ORDER BY k.told_at DESC LIMIT 31
    )));
    INSERT INTO work.run (user_id, id) VALUES (p_user, p_id);
    RETURN 'begun';
END
$$;

-- Say how far a run is; whether somebody has cancelled it.
CREATE FUNCTION work.tell_run(p_user uuid, p_id uuid, p_done integer, p_in_all integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_cancelled boolean;
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE work.run r SET months_done = p_done, months_in_all = p_in_all, told_at = clock_timestamp()
        WHERE r.user_id = p_user AND r.id = p_id AND r.outcome IS NULL
        RETURNING r.is_cancelled INTO v_cancelled;
    RETURN coalesce(v_cancelled, false);
END
$$;

-- Keep what came of a run; NULL takes it off the list.
CREATE FUNCTION work.end_run(p_user uuid, p_id uuid, p_outcome bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    IF p_outcome IS NULL THEN
        DELETE FROM work.run r WHERE r.user_id = p_user AND r.id = p_id;
    ELSE
        UPDATE work.run r SET outcome = p_outcome, told_at = clock_timestamp() WHERE r.user_id = p_user AND r.id = p_id;
    END IF;
END
$$;

-- One run of the user's, or none. With an outcome of NULL and not under way it ended with its process.
CREATE FUNCTION work.find_run(p_user uuid, p_id uuid) RETURNS TABLE (
    months_done integer, months_in_all integer, under_way boolean, outcome bytea
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    RETURN QUERY SELECT r.months_done, r.months_in_all, work.is_under_way(r), r.outcome
        FROM work.run r WHERE r.user_id = p_user AND r.id = p_id;
END
$$;

-- Ask for a run to be stopped; whether it is under way.
CREATE FUNCTION work.cancel_run(p_user uuid, p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', p_user::text, true);
    UPDATE work.run r SET is_cancelled = true WHERE r.user_id = p_user AND r.id = p_id AND work.is_under_way(r);
    RETURN FOUND;
END
$$;

-- Forget everybody's runs of more than an hour ago. As nobody: then the policy tidy_up alone decides which rows there are to delete,
-- and a condition of its own would ask for rows that nobody may see.
CREATE FUNCTION work.sweep() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('fintwin.user_id', '', true);
    DELETE FROM work.run;
END
$$;

GRANT EXECUTE ON FUNCTION work.is_under_way, work.begin_run, work.tell_run, work.end_run, work.find_run, work.cancel_run,
    work.sweep TO fintwin_api;
