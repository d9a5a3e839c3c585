-- calendar: how it looks in SQL.  What it computes is tested in test/pgtap.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS leadflow;
RESET client_min_messages;
SET search_path = leadflow, public;
SET timezone = 'Europe/Warsaw';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

-- input, output
SELECT 'Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-14:00; 2026 Dec 24 09:00-13:00; Dec 25-26 off; 2026 May 1,2026 May 3 off'::calendar;
SELECT 'utc; 24/7'::calendar, 'UTC; off'::calendar;

-- errors name the rule
SELECT 'Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-26:00'::calendar;
SELECT 'Europe/Warsaw; Mo-Fr 09:00-17:00; Feb 30 off'::calendar;
SELECT 'Europe/Warsaw; Dec 26-24 off'::calendar;
SELECT 'Europe/Warsaw; 2026 Dec 30-Jan 2 off'::calendar;
SELECT 'Warsaw; Mo-Fr 09:00-17:00'::calendar;
SELECT '+02; Mo-Fr 09:00-17:00'::calendar;
SELECT 'Europe/Warsaw'::calendar;
SELECT 'UTC; PH off'::calendar;
SELECT ('UTC; ' || repeat('Mo off; ', 100000))::calendar;
SELECT ('UTC; ' || repeat('Mo off; ', 12000))::calendar;

-- casts: text is read on assignment, and written only when asked for
CREATE TABLE team (name text PRIMARY KEY, hours calendar);
INSERT INTO team VALUES ('sales', 'Europe/Warsaw; Mo-Fr 09:00-17:00'), ('support', 'Europe/Warsaw; 24/7');
INSERT INTO team SELECT 'night', 'Europe/Warsaw; Mo-Th 22:00-06:00'::text;
INSERT INTO team SELECT 'shop', 'Europe/Warsaw; Mo-Su 09:00-17:00; Sa-Su off'::varchar;
SELECT name, hours::text FROM team ORDER BY name;
SELECT 'Open ' || hours FROM team WHERE name = 'sales';
SELECT hours LIKE '%24/7' FROM team;
CREATE TABLE note (body text);
INSERT INTO note SELECT hours FROM team;

-- keys
SELECT hours, string_agg(name, ' ' ORDER BY name) FROM team GROUP BY hours ORDER BY hours;
SET enable_hashagg = off;
SELECT hours, count(*) FROM team GROUP BY hours ORDER BY hours DESC;
RESET enable_hashagg;
CREATE INDEX team_hours ON team (hours);
CREATE INDEX team_hours_hash ON team USING hash (hours);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT name FROM team WHERE hours > 'Europe/Warsaw; Mo-Fr 09:00-17:00';
SELECT name FROM team WHERE hours > 'Europe/Warsaw; Mo-Fr 09:00-17:00' ORDER BY name;
SELECT name FROM team WHERE hours = 'Europe/Warsaw; 24/7';
RESET enable_seqscan;
SELECT a.name, b.name FROM team a JOIN team b ON a.hours = b.hours AND a.name < b.name;
SELECT 'UTC; 24/7'::calendar <> 'UTC; off', 'UTC; 24/7'::calendar <= 'UTC; off', 'UTC; 24/7'::calendar < 'UTC; off', 'UTC; 24/7'::calendar >= 'UTC; off';

-- binary form
SELECT encode(calendar_send('UTC; 24/7'), 'escape');
CREATE TABLE team_copy (LIKE team);
\copy team TO 'results/calendar.bin' (FORMAT binary)
\copy team_copy FROM 'results/calendar.bin' (FORMAT binary)
SELECT count(*) FROM team JOIN team_copy USING (name, hours);
-- a bytea is sent as it is, so it can pretend to be a calendar
CREATE TABLE received (hours calendar);
\copy (SELECT '\x01'::bytea || 'utc; Fr-Fr 9:00-17:00; Mo-Th 09:00-17:00') TO 'results/calendar.bin' (FORMAT binary)
\copy received FROM 'results/calendar.bin' (FORMAT binary)
SELECT * FROM received;
\copy (SELECT '\x02'::bytea || 'UTC; 24/7') TO 'results/calendar.bin' (FORMAT binary)
\copy received FROM 'results/calendar.bin' (FORMAT binary)
\copy (SELECT '\x01'::bytea || 'UTC; Mo 09:00-25:00') TO 'results/calendar.bin' (FORMAT binary)
\copy received FROM 'results/calendar.bin' (FORMAT binary)
\copy (SELECT '\x01'::bytea || 'UTC; 24/7' || '\x00'::bytea) TO 'results/calendar.bin' (FORMAT binary)
\copy received FROM 'results/calendar.bin' (FORMAT binary)

-- working time
SELECT name, worktime(hours, '2026-10-02 16:00', '2026-10-05 10:00'),
       add_worktime(hours, '2026-10-02 16:00', '2 h'), add_worktime(hours, '2026-10-02 16:00', '-2 h'),
       hours @> '2026-10-02 16:00' AS open, next_open(hours, '2026-10-02 16:00'), next_close(hours, '2026-10-02 16:00')
FROM team ORDER BY name;
SELECT name FROM team WHERE timestamptz '2026-10-02 23:00' <@ hours ORDER BY name;
SELECT * FROM open_spans('Europe/Warsaw; Mo-Fr 09:00-12:30,13:00-17:00', '2026-10-02 16:00', '2026-10-05 14:00');
SELECT worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '2026-10-05 13:00', '{[2026-10-02 16:00,2026-10-05 10:00)}');
SELECT add_worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '4 h', '{[2026-10-02 16:00,2026-10-05 10:00)}');
SELECT with_holidays('Europe/Warsaw; Mo-Fr 09:00-17:00', '{2026-12-25,2026-12-26,2027-01-01}');
SELECT add_worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '1 day');
SELECT worktime('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', 'infinity');
SELECT worktime(NULL, '2026-10-02', '2026-10-05') IS NULL AS is_null;

-- the rule of a day
SELECT day, day_rule('Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 25-26,Jan 1 off; 2026 Dec 24 09:00-13:00', day)
FROM unnest('{2026-12-23,2026-12-24,2026-12-25,2026-12-27,2027-01-01}'::date[]) AS day;
SELECT day_rule('Europe/Warsaw; Mo-Fr 09:00-17:00', 'infinity');

-- whole seconds, rounded down, as PostgreSQL counts days, months and years
SELECT i AS length, seconds(i) AS whole, seconds(i) = floor(extract(epoch FROM i)) AS as_epoch
FROM unnest('{00:00:00,00:00:01.999999,-00:00:00.000001,-00:00:02,25:00:00,3 days 00:00:01,1 mon,1 year 2 mons -3 days,-13 mons,178000000 years}'::interval[]) AS i;

-- immutable: good for a generated column
CREATE TABLE ticket (hours calendar, opened timestamptz, due timestamptz GENERATED ALWAYS AS (add_worktime(hours, opened, '4 h')) STORED);
INSERT INTO ticket SELECT hours, '2026-10-02 15:30' FROM team;
SELECT hours, due FROM ticket ORDER BY hours;

-- every object says what it is for
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'leadflow'
WHERE obj_description(p.oid, 'pg_proc') IS NULL;
SELECT o.oid::regoperator FROM pg_operator o JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'leadflow'
WHERE obj_description(o.oid, 'pg_operator') IS NULL;

DROP TABLE team, team_copy, received, note, ticket;
DROP EXTENSION leadflow;
