-- Reports with their owner's rights show the opportunities that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_opportunity AS
SELECT x.id FROM opportunity x;
COMMENT ON VIEW visible_opportunity IS 'The opportunities that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_opportunity.id IS 'number of the opportunity';
