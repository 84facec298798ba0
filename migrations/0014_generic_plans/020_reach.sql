-- One plan that follows the indexes, whatever the planner knows of the tables yet: making a plan for each read cost more than
-- the read itself.
ALTER FUNCTION read.reach SET enable_seqscan = off;
ALTER FUNCTION read.reach SET enable_bitmapscan = off;
ALTER FUNCTION read.reach SET plan_cache_mode = force_generic_plan;
