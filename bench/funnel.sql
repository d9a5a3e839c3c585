-- funnel.sql
--   What funnel.sh works on: events of leads that walk through six stages, ten of
--   each lead, appended in the order of time. psql variables: leads (a multiple
--   of 10,000).
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
CREATE SCHEMA bench_funnel;
SET search_path = bench_funnel;
SET timezone = 'UTC';
SET work_mem = '1GB';
SELECT setseed(0.123);

CREATE UNLOGGED TABLE chance AS
SELECT lead, n, random() AS moves, random() AS comes_from, -ln(1 - random()) * 2.2 AS days
  FROM generate_series(1, 10000) lead, generate_series(1, 10) n;

-- 10,000 walks: mostly forward, at times back, lost or back from there
CREATE UNLOGGED TABLE walk AS
WITH RECURSIVE step AS (
    SELECT c.lead, c.n, c.comes_from, 1 AS stage, timestamptz '2024-01-01' + c.moves * interval '700 days' AS at
      FROM chance c WHERE c.n = 1
    UNION ALL
    SELECT c.lead, c.n, c.comes_from,
           CASE WHEN s.stage < 5 AND c.moves < 0.38 THEN s.stage + 1
                WHEN s.stage < 5 AND c.moves < 0.46 THEN greatest(1, s.stage - 1)
                WHEN s.stage < 5 AND c.moves < 0.52 THEN 6
                WHEN s.stage = 6 AND c.moves < 0.15 THEN 2
                ELSE s.stage END,
           s.at + c.days * interval '1 day'
      FROM step s JOIN chance c ON c.lead = s.lead AND c.n = s.n + 1)
SELECT lead, date_trunc('milliseconds', at) AS at,
       (ARRAY['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'])[stage] AS stage,
       (ARRAY['google', 'facebook', 'email', 'referral', 'organic', 'partner', 'event', 'direct'])[1 + floor(8 * power(comes_from, 1.7))::int] AS channel,
       CASE WHEN stage = 5 THEN (100 + lead % 900)::numeric END AS value
  FROM step;

-- as often as it takes, each time some days and milliseconds later
CREATE UNLOGGED TABLE event AS
SELECT w.lead + 10000 * copy AS lead, w.at + copy * interval '9 hours 17 milliseconds' AS at, w.stage, w.channel, w.value
  FROM walk w, generate_series(0, :leads / 10000 - 1) copy
 ORDER BY 2, 1;
CREATE INDEX event_lead_at ON event (lead, at);
VACUUM ANALYZE event;

-- the longest chain in a window as an aggregate in PL/pgSQL; rows must come in order
CREATE FUNCTION by_hand_add(state timestamptz[], at timestamptz, step int, within interval) RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF step IS NULL THEN
        RETURN state;
    ELSIF step = 1 THEN
        state[1] := at;
    ELSIF state[step - 1] IS NOT NULL AND at <= state[step - 1] + within
        AND (state[step] IS NULL OR state[step - 1] > state[step]) THEN
        state[step] := state[step - 1];
    END IF;
    RETURN state;
END $$;
CREATE FUNCTION by_hand_level(state timestamptz[]) RETURNS int LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN state[5] IS NOT NULL THEN 5 WHEN state[4] IS NOT NULL THEN 4 WHEN state[3] IS NOT NULL THEN 3
                 WHEN state[2] IS NOT NULL THEN 2 WHEN state[1] IS NOT NULL THEN 1 ELSE 0 END';
CREATE AGGREGATE by_hand(timestamptz, int, interval)
    (SFUNC = by_hand_add, STYPE = timestamptz[], INITCOND = '{NULL,NULL,NULL,NULL,NULL}', FINALFUNC = by_hand_level);
