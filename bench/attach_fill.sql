/*
 * attach_fill.sql: 200,000 rows of a CRM's table into an empty workspace, by a
 * backfill and by one INSERT ... SELECT. Prints name|rows per second of CPU.
 */
SET client_min_messages = warning;
SET jit = off;
SELECT bench.cpu() AS before \gset
INSERT INTO direct.lead (source, external_id, full_name, email, phone, role, verified, status, origin, budget, currency, owner, created_at)
SELECT 'suite', id, first_name || ' ' || last_name, email, phone, title, true, status, origin, amount, currency, owner_id, created_at AT TIME ZONE 'UTC' FROM suite.old;
SELECT 'one INSERT ... SELECT|' || round(200000 / ((bench.cpu() - :before) / 1e9));
SELECT bench.cpu() AS before \gset
CALL leadflow.backfill('load', 'suite.old');
SELECT 'backfill|' || round(200000 / ((bench.cpu() - :before) / 1e9)) FROM load.backfill_progress WHERE rows_read = 200000 AND rows_parked = 0;
-- and again: nothing has changed
SELECT bench.cpu() AS before \gset
CALL leadflow.backfill('load', 'suite.old');
SELECT 'backfill, nothing new|' || round(200000 / ((bench.cpu() - :before) / 1e9));
