-- The time of whole microseconds since 1970 UTC, exactly. (Times an interval of one microsecond they would pass through a
-- double, which is exact for some 285 years either way only.)
CREATE FUNCTION log.moment(microseconds bigint) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN timestamptz '1970-01-01 00:00:00+00' + microseconds / 3600000000 * interval '1 hour'
    + microseconds % 3600000000 * interval '1 microsecond';

GRANT EXECUTE ON FUNCTION log.moment(bigint) TO fintwin_append;
