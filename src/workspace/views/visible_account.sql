-- Reports with their owner's rights show the accounts that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_account AS
SELECT x.id FROM account x;
COMMENT ON VIEW visible_account IS 'The accounts that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_account.id IS 'number of the account';
