-- The roles of FinTwin. Run before the migrations each time, by an administrator; changes nothing where all is there.
--
-- Roles belong to the cluster, not to the database. Login roles are made without a password: who sets up the cluster
-- gives them one (`fintwin migrate` takes FINTWIN_<ROLE>_PASSWORD, the embedded server makes random ones).
DO $$
DECLARE
    role_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('fintwin roles'));
    -- NOINHERIT: the owner may hand functions to fintwin_append, but the policies for that role do not let the owner in.
    FOREACH role_name IN ARRAY ARRAY['fintwin_owner', 'fintwin_append'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
        END IF;
    END LOOP;
    FOREACH role_name IN ARRAY ARRAY[
        'fintwin_api', 'fintwin_twin', 'fintwin_projector', 'fintwin_publisher', 'fintwin_auditor', 'fintwin_identity',
        'fintwin_eraser', 'fintwin_backup'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        END IF;
    END LOOP;
    -- The owner hands the append function to the role that runs it; an administrator who is no superuser acts as the owner.
    IF NOT pg_has_role('fintwin_owner', 'fintwin_append', 'MEMBER') THEN
        GRANT fintwin_append TO fintwin_owner;
    END IF;
    -- From Postgres 16 on, who makes a role may hand it out, but not act as it before it is granted.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT fintwin_owner TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO fintwin_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO fintwin_projector', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO fintwin_api, fintwin_twin, fintwin_projector, fintwin_publisher, '
        'fintwin_auditor, fintwin_identity, fintwin_eraser, fintwin_backup', current_database());
    IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'fintwin_backup') THEN
        BEGIN
            ALTER ROLE fintwin_backup BYPASSRLS;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'fintwin_backup cannot be given BYPASSRLS by this administrator: dumps need another role';
        END;
    END IF;
END
$$;

-- Nothing of ours may hold a statement, a lock or a snapshot for long; dumps may.
ALTER ROLE fintwin_api SET statement_timeout = '15s';
ALTER ROLE fintwin_api SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE fintwin_api SET lock_timeout = '10s';
ALTER ROLE fintwin_twin SET statement_timeout = '30s';
ALTER ROLE fintwin_twin SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE fintwin_twin SET default_transaction_read_only = on;
ALTER ROLE fintwin_projector SET statement_timeout = '60s';
ALTER ROLE fintwin_projector SET idle_in_transaction_session_timeout = '10s';
-- Rows and checkpoint are one transaction: what a crash takes back is folded again.
ALTER ROLE fintwin_projector SET synchronous_commit = off;
ALTER ROLE fintwin_publisher SET statement_timeout = '30s';
ALTER ROLE fintwin_publisher SET idle_in_transaction_session_timeout = '5s';
-- What it notes of its progress it finds again in Redis: a crash may take it back.
ALTER ROLE fintwin_publisher SET synchronous_commit = off;
ALTER ROLE fintwin_auditor SET statement_timeout = '60s';
ALTER ROLE fintwin_auditor SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE fintwin_auditor SET default_transaction_read_only = on;
ALTER ROLE fintwin_identity SET statement_timeout = '5s';
ALTER ROLE fintwin_identity SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE fintwin_eraser SET statement_timeout = '15s';
ALTER ROLE fintwin_eraser SET idle_in_transaction_session_timeout = '5s';

-- What these two ask is found by key; a plan made while a table was small must not scan it when it no longer is.
ALTER ROLE fintwin_api SET enable_seqscan = off;
ALTER ROLE fintwin_twin SET enable_seqscan = off;
-- The auditor walks through indexes from one end to the other, a page at a time: a sort would look at the rest on each page.
ALTER ROLE fintwin_auditor SET enable_seqscan = off;
ALTER ROLE fintwin_auditor SET enable_bitmapscan = off;
ALTER ROLE fintwin_auditor SET enable_sort = off;
ALTER ROLE fintwin_auditor SET enable_incremental_sort = off;
