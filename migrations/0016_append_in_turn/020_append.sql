-- The one way into the log: appends a batch of decided commands, each whole or not at all, and never raises for one of them.
--
-- Differs from the one before in its cost, and in that appends keep the order in which they came.
--
-- Arrays run in parallel. c_*: one entry per command (c_first..c_last index its events; at most one event per stream).
-- s_*: the distinct streams, t_*: the distinct event types of the batch. e_*: one entry per event, with
--   e_stream    index into s_*
--   e_version   the version the decision was made on (NULL: a credit, which asks for none); with it e_balance, the balance,
--               and e_basis, the transaction of the last change that was itself decided on the stream's state
--               e_balance NULL where money moves: decided knowing when everything counted, so that it may count before the last
--   e_type      index into t_*; NULL: no event, only the question whether that version still stands (a refusal being confirmed)
--   e_delta     change of the account's balance in minor units, e_currency its currency (NULL where no money moves)
--   e_effective microseconds since 1970 UTC, NULL: when recorded
--   e_command   index into c_*
-- h_*: the new head facts of those events that change more than the balance.
--
-- Status per command: 0 appended, 1 replayed (the key is known: transaction, position and balance are the first ones),
-- 2 conflicted (decide again on `heads`), 3 no such recipient, 4 recipient cannot receive, 5 denied (our bug: not the
-- owner, money made or lost, malformed), 6 already reversed, 7 key reused for another request, 8 the question is
-- confirmed, 9 another command of the atomic batch failed.
GRANT CREATE ON SCHEMA log TO fintwin_append;
SET LOCAL ROLE fintwin_append;
CREATE OR REPLACE FUNCTION log.append(
    p_shard integer, p_atomic boolean,
    c_user uuid[], c_transaction uuid[], c_key bytea[], c_request bytea[], c_reverses uuid[],
    c_first integer[], c_last integer[],
    s_kind smallint[], s_id uuid[],
    t_name text[], t_schema smallint[],
    e_command integer[], e_stream integer[], e_type integer[], e_version bigint[], e_balance bigint[], e_basis uuid[],
    e_delta bigint[],
    e_currency text[], e_effective bigint[], e_payload bytea[], e_metadata bytea[],
    h_event integer[], h_currency text[], h_status smallint[], h_limit bigint[], h_facts text[]
) RETURNS log.append_result
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Every look-up here is by key, one row each (OFFSET 0 keeps it so): a join planned while the tables were small or not yet
-- counted compares each key with every row.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_memoize = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    commands integer := cardinality(c_user);
    events integer := cardinality(e_stream);
    streams integer := cardinality(s_id);
    v_position bigint;
    v_hash bytea;
    v_recorded timestamptz;
    v_recorded_us bigint;
    first_position bigint;
    -- working heads, one per stream of the batch
    w_user uuid[];
    w_version bigint[];
    w_balance bigint[];
    w_limit bigint[];
    w_status smallint[];
    w_currency text[];
    w_effective bigint[];
    w_hash bytea[];
    w_basis uuid[];
    w_facts text[];
    w_position bigint[] := array_fill(NULL::bigint, ARRAY[streams]);
    -- what each event became
    a_position bigint[] := array_fill(NULL::bigint, ARRAY[events]);
    a_version bigint[] := array_fill(NULL::bigint, ARRAY[events]);
    a_balance bigint[] := array_fill(NULL::bigint, ARRAY[events]);
    a_own boolean[] := array_fill(NULL::boolean, ARRAY[events]);
    a_digest bytea[] := array_fill(NULL::bytea, ARRAY[events]);
    a_stream_hash bytea[] := array_fill(NULL::bytea, ARRAY[events]);
    a_hash bytea[] := array_fill(NULL::bytea, ARRAY[events]);
    change integer[] := array_fill(NULL::integer, ARRAY[events]);
    next_version bigint;
    r_status smallint[] := array_fill(NULL::smallint, ARRAY[commands]);
    r_transaction uuid[] := c_transaction;
    r_position bigint[] := array_fill(NULL::bigint, ARRAY[commands]);
    r_balance bigint[] := array_fill(NULL::bigint, ARRAY[commands]);
    seen_reversals uuid[] := '{}';
    conflicted integer[] := '{}';
    result log.append_result;
    found record;
    acting uuid;
    verdict smallint;
    transit bigint;
    money bigint;
    moved bigint;
    effective bigint;
    digest bytea;
    shard_bytes bytea := int4send(p_shard);
    stream_bytes bytea[];
    type_bytes bytea[];
    leads bytea[];
    bodies bytea[];
    payloads json[];
    recorded_bytes bytea;
    sent integer := coalesce(array_position(t_name, 'TransferSent'), 0);
    received integer := coalesce(array_position(t_name, 'TransferReceived'), 0);
    c integer;
    e integer;
    s integer;
    h integer;
BEGIN
    -- What needs no lock comes before it.
    stream_bytes := ARRAY(
        SELECT int2send(q.kind) || uuid_send(q.id) FROM unnest(s_kind, s_id) WITH ORDINALITY AS q(kind, id, i)
            ORDER BY q.i);
    type_bytes := ARRAY(
        SELECT int2send(octet_length(q.name)::smallint) || convert_to(q.name, 'UTF8') || int2send(q.schema_version)
            FROM unnest(t_name, t_schema) WITH ORDINALITY AS q(name, schema_version, i) ORDER BY q.i);

    FOR h IN 1 .. cardinality(h_event) LOOP
        change[h_event[h]] := h;
    END LOOP;
    payloads := ARRAY(
        SELECT convert_from(e_payload[i], 'UTF8')::json FROM generate_series(1, events) AS i ORDER BY i);
    leads := ARRAY(
        SELECT type_bytes[e_type[i]] || uuid_send(c_transaction[e_command[i]])
            FROM generate_series(1, events) AS i ORDER BY i);
    bodies := ARRAY(
        SELECT int4send(octet_length(e_payload[i])) || e_payload[i]
                || int4send(octet_length(e_metadata[i])) || e_metadata[i]
            FROM generate_series(1, events) AS i ORDER BY i);

    -- Appends take their turn in the order in which they come. Who waits for a row that is then updated looks for its new
    -- version and may find that a later one was faster; the second of two slices of one writer is decided on the first.
    PERFORM pg_advisory_xact_lock(hashtext('fintwin log'), p_shard);
    SELECT l.position, l.hash, l.recorded_at INTO STRICT v_position, v_hash, v_recorded
        FROM log.log_head l WHERE l.shard = p_shard FOR UPDATE;
    first_position := v_position;
    v_recorded := greatest(clock_timestamp(), v_recorded);
    v_recorded_us := (extract(epoch FROM v_recorded) * 1000000)::bigint;
    recorded_bytes := int8send(v_recorded_us);

    FOR found IN
        SELECT q.i, k.request, k.transaction_id, k.position, k.balance_minor
            FROM unnest(c_user, c_key) WITH ORDINALITY AS q(user_id, key, i)
            CROSS JOIN LATERAL (
                SELECT * FROM log.idempotency one WHERE one.user_id = q.user_id AND one.key = q.key OFFSET 0
            ) AS k
    LOOP
        r_status[found.i] := CASE WHEN found.request = c_request[found.i] THEN 1 ELSE 7 END;
        r_transaction[found.i] := found.transaction_id;
        r_position[found.i] := found.position;
        r_balance[found.i] := found.balance_minor;
    END LOOP;

    -- One sort, not one for each column.
    SELECT array_agg(h.user_id), array_agg(h.version), array_agg(h.balance_minor), array_agg(h.overdraft_limit_minor),
            array_agg(h.status), array_agg(h.currency), array_agg(h.effective), array_agg(h.stream_hash),
            array_agg(h.facts), array_agg(h.decided_in)
        INTO w_user, w_version, w_balance, w_limit, w_status, w_currency, w_effective, w_hash, w_facts, w_basis
        FROM (
            SELECT w.user_id, coalesce(w.version, 0) AS version, w.balance_minor, w.overdraft_limit_minor, w.status,
                    w.currency, (extract(epoch FROM w.effective_at_last) * 1000000)::bigint AS effective,
                    coalesce(w.stream_hash, '\x0000000000000000000000000000000000000000000000000000000000000000')
                        AS stream_hash,
                    w.facts::text AS facts, w.decided_in
                FROM unnest(s_kind, s_id) WITH ORDINALITY AS q(kind, id, i)
                LEFT JOIN LATERAL (
                    SELECT * FROM log.stream_head one
                        WHERE one.shard = p_shard AND one.stream_kind = q.kind AND one.stream_id = q.id OFFSET 0
                ) AS w ON true
                ORDER BY q.i
        ) AS h;

    FOR c IN 1 .. commands LOOP
        CONTINUE WHEN r_status[c] IS NOT NULL;
        acting := c_user[c];
        verdict := 0;
        transit := 0;
        -- A condition with a query inside is run as a query, also where its first half is false.
        IF c_reverses[c] IS NOT NULL THEN
            IF c_reverses[c] = ANY (seen_reversals)
                OR EXISTS (SELECT FROM log.reversal r WHERE r.user_id = acting AND r.transaction_id = c_reverses[c])
            THEN
                verdict := 6;
            END IF;
        END IF;

        FOR e IN c_first[c] .. c_last[c] LOOP
            -- A payee that cannot receive is told at once, also where the payment itself would have to be decided again:
            -- else each bad payment of many would send all the later ones of its payer round once more.
            EXIT WHEN verdict <> 0 AND (verdict <> 2 OR e_type[e] IS DISTINCT FROM received);
            s := e_stream[e];
            moved := e_delta[e];
            IF e_type[e] = received AND e_version[e] IS NULL THEN
                transit := transit + moved;
                IF moved > 0 AND w_status[s] = 1 AND w_currency[s] = e_currency[e]
                    AND w_balance[s] + moved < 1000000000000000
                    -- A payee's closed period is closed to everybody.
                    AND (e_effective[e] IS NULL OR e_effective[e] >= (
                        extract(epoch FROM ((w_facts[s]::json ->> 'closed_through')::date + 1)) * 1000000
                    )::bigint) IS NOT FALSE
                THEN
                    CONTINUE;
                END IF;
                verdict := CASE WHEN moved <= 0 THEN 5 WHEN w_version[s] = 0 THEN 3 ELSE 4 END;
            ELSIF w_user[s] <> acting THEN
                -- Somebody else's stream is not there for the one who asks about it.
                verdict := CASE WHEN e_type[e] IS NOT NULL THEN 5 WHEN e_version[e] = 0 THEN 0 ELSE 2 END;
            ELSIF e_version[e] IS NULL THEN
                -- Money that comes in, or a note: whatever the balance is.
                IF moved < 0 OR e_type[e] IS NULL OR e_type[e] = sent THEN
                    verdict := 5;
                ELSIF w_version[s] = 0 AND s_kind[s] IN (4, 5) THEN
                    -- Notifications and simulations: the stream of a user begins with the first event, whatever it is.
                    IF s_id[s] <> acting THEN
                        verdict := 5;
                    END IF;
                ELSIF w_version[s] = 0 OR (moved > 0 AND (w_status[s] = 3 OR w_currency[s] <> e_currency[e]
                    OR w_balance[s] + moved >= 1000000000000000))
                THEN
                    verdict := 2;
                END IF;
            ELSE
                -- Money that came in since does not touch the decision on a payment; any other difference does.
                IF e_basis[e] IS DISTINCT FROM w_basis[s]
                    OR (e_effective[e] < w_effective[s] AND e_balance[e] IS NOT NULL)
                    OR (moved IS NULL AND (e_version[e] <> w_version[s] OR e_balance[e] IS DISTINCT FROM w_balance[s]))
                    OR (moved < 0 AND (w_status[s] <> 1 OR w_balance[s] + moved < -w_limit[s]))
                    OR (moved > 0 AND w_balance[s] + moved >= 1000000000000000)
                THEN
                    verdict := 2;
                ELSIF (w_version[s] = 0 AND e_type[e] IS NOT NULL AND change[e] IS NULL)
                    OR e_currency[e] <> w_currency[s]
                THEN
                    verdict := 5;
                ELSIF e_type[e] = sent THEN
                    transit := transit + moved;
                END IF;
            END IF;
        END LOOP;
        IF verdict = 0 AND transit <> 0 THEN
            verdict := 5;
        END IF;
        IF verdict = 0 AND (c_last[c] < c_first[c] OR e_type[c_first[c]] IS NULL) THEN
            verdict := 8;
        END IF;
        r_status[c] := verdict;
        IF verdict = 2 THEN
            conflicted := conflicted || c;
        END IF;
        CONTINUE WHEN verdict <> 0;

        -- From here on the command is in.
        IF c_reverses[c] IS NOT NULL THEN
            seen_reversals := seen_reversals || c_reverses[c];
        END IF;
        FOR e IN c_first[c] .. c_last[c] LOOP
            s := e_stream[e];
            v_position := v_position + 1;
            next_version := w_version[s] + 1;
            IF next_version = 1 THEN
                w_user[s] := acting;
                IF s_kind[s] = 1 THEN
                    w_balance[s] := 0;
                END IF;
            END IF;
            w_version[s] := next_version;
            a_version[e] := next_version;
            w_position[s] := v_position;
            -- A stream that began with this event has no other basis.
            IF e_version[e] IS NOT NULL OR w_basis[s] IS NULL THEN
                w_basis[s] := c_transaction[c];
            END IF;
            effective := coalesce(e_effective[e], v_recorded_us);
            IF e_delta[e] IS NOT NULL THEN
                money := w_balance[s] + e_delta[e];
                w_balance[s] := money;
                a_balance[e] := money;
                w_effective[s] := greatest(w_effective[s], effective);
            END IF;
            IF change[e] IS NOT NULL THEN
                h := change[e];
                w_currency[s] := h_currency[h];
                w_status[s] := h_status[h];
                w_limit[s] := h_limit[h];
                w_facts[s] := h_facts[h];
            END IF;
            digest := sha256(
                shard_bytes || int8send(v_position) || stream_bytes[s] || int8send(next_version)
                || uuid_send(w_user[s]) || leads[e] || int8send(effective) || recorded_bytes || bodies[e]);
            v_hash := sha256(v_hash || digest);
            w_hash[s] := sha256(w_hash[s] || digest);
            a_position[e] := v_position;
            a_own[e] := w_user[s] = acting;
            a_digest[e] := digest;
            a_stream_hash[e] := w_hash[s];
            a_hash[e] := v_hash;
        END LOOP;
        r_position[c] := v_position;
        r_balance[c] := a_balance[c_first[c]];
    END LOOP;

    IF p_atomic AND EXISTS (SELECT FROM unnest(r_status) AS q(status) WHERE q.status NOT IN (0, 1)) THEN
        r_status := array_replace(r_status, 0::smallint, 9::smallint);
        v_position := first_position;
    END IF;

    IF v_position > first_position THEN
        -- Each value from its array: unnest() of many puts every one of them into a store of its own first.
        INSERT INTO log.event
            SELECT p_shard, a_position[i], s_kind[e_stream[i]], s_id[e_stream[i]], a_version[i], w_user[e_stream[i]],
                    t_name[e_type[i]], t_schema[e_type[i]], c_transaction[e_command[i]],
                    coalesce(log.moment(e_effective[i]), v_recorded), v_recorded, payloads[i],
                    CASE WHEN e_metadata[i] = '\x7b7d' THEN '{}' ELSE convert_from(e_metadata[i], 'UTF8')::json END,
                    a_digest[i], a_stream_hash[i], a_hash[i]
                FROM generate_series(1, events) AS i
                WHERE a_position[i] IS NOT NULL;

        INSERT INTO log.stream_head AS head
            SELECT p_shard, s_kind[i], s_id[i], w_user[i], w_version[i], w_position[i], w_basis[i], w_hash[i],
                    w_currency[i], w_status[i], w_balance[i], w_limit[i], log.moment(w_effective[i]), w_facts[i]::json
                FROM generate_series(1, streams) AS i
                WHERE w_position[i] IS NOT NULL
            ON CONFLICT (shard, stream_kind, stream_id) DO UPDATE
                SET version = excluded.version, position = excluded.position, decided_in = excluded.decided_in,
                    stream_hash = excluded.stream_hash, currency = excluded.currency, status = excluded.status,
                    balance_minor = excluded.balance_minor, overdraft_limit_minor = excluded.overdraft_limit_minor,
                    effective_at_last = excluded.effective_at_last, facts = excluded.facts;

        INSERT INTO log.idempotency
            SELECT c_user[i], c_key[i], c_request[i], p_shard, c_transaction[i], r_position[i], r_balance[i]
                FROM generate_series(1, commands) AS i
                WHERE r_status[i] = 0 AND c_key[i] IS NOT NULL;
        IF cardinality(seen_reversals) > 0 THEN
            INSERT INTO log.reversal
                SELECT DISTINCT w_user[q.stream], c_reverses[q.command], p_shard, c_transaction[q.command],
                        r_position[q.command]
                    FROM unnest(a_position, e_command, e_stream) AS q(position, command, stream)
                    WHERE q.position IS NOT NULL AND c_reverses[q.command] IS NOT NULL;
        END IF;
        UPDATE log.log_head SET position = v_position, hash = v_hash, recorded_at = v_recorded WHERE shard = p_shard;
        PERFORM pg_notify('fintwin_log', p_shard || ':' || v_position);
    END IF;

    IF cardinality(conflicted) > 0 THEN
        result.heads := ARRAY(
            SELECT head FROM log.stream_head head
                WHERE head.shard = p_shard AND (head.stream_kind, head.stream_id) IN (
                    SELECT s_kind[e_stream[q.event]], s_id[e_stream[q.event]]
                        FROM unnest(conflicted) AS k(command)
                        CROSS JOIN LATERAL generate_series(c_first[k.command], c_last[k.command]) AS q(event)
                )
        );
    END IF;
    result.status := r_status;
    result.transaction_id := r_transaction;
    result.position := r_position;
    result.balance := r_balance;
    result.event_version := a_version;
    result.event_balance := a_balance;
    result.event_own := a_own;
    result.recorded_at := v_recorded;
    RETURN result;
END
$$;
SET LOCAL ROLE fintwin_owner;
REVOKE CREATE ON SCHEMA log FROM fintwin_append;
