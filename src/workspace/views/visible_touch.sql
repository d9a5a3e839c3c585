-- Reports with their owner's rights show the touches that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_touch AS
SELECT x.id FROM touch x;
COMMENT ON VIEW visible_touch IS 'The touches that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_touch.id IS 'number of the touch';
