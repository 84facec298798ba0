-- Making a plan for each append cost 0.3 ms of the 1.0 that a single deposit takes. The functions belong to fintwin_append.
SET LOCAL ROLE fintwin_append;
ALTER FUNCTION log.append SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION log.load_heads SET plan_cache_mode = force_generic_plan;
SET LOCAL ROLE fintwin_owner;
