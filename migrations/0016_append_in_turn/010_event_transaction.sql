-- Ids of transactions grow with time: led by them, the index takes new entries at its end; led by the user, anywhere.
-- Both columns are still compared. Building it keeps appends waiting (SHARE on log.event, about a second per million events),
-- dropping the former keeps reads waiting too, for a moment (ACCESS EXCLUSIVE).
-- The log's turn is taken before: who has it may have read the log, and would wait for this index while this waits for that read.
SELECT FROM log.log_head FOR UPDATE;
CREATE INDEX event_transaction_user ON log.event (transaction_id, user_id);
DROP INDEX log.event_transaction;
ALTER INDEX log.event_transaction_user RENAME TO event_transaction;
