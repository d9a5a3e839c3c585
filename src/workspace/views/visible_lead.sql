-- Reports with their owner's rights show the leads that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_lead AS
SELECT x.id FROM lead x;
COMMENT ON VIEW visible_lead IS 'The leads that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_lead.id IS 'number of the lead';
