-- The lifecycle stage: what it accepts, how it sorts, what it says when asked
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS leadflow;
RESET client_min_messages;
-- every operator must be found without a search_path
SET search_path = '';

SELECT ordinal, stage, phase, meaning FROM leadflow.spine() ORDER BY ordinal;

-- input: any case, surrounding space; output is canonical
SELECT ' MQL '::leadflow.stage, 'Proposal.Legal_Review'::leadflow.stage,
       'lost.2_no_reply'::leadflow.stage, E'\tSal\n'::leadflow.stage;
SELECT ('won.' || pg_catalog.repeat('x', 63))::leadflow.stage;

-- input that names no stage
SELECT 'mqll'::leadflow.stage;
SELECT 'Oportunity'::leadflow.stage;
SELECT 'prposal.legal'::leadflow.stage;
SELECT 'customer'::leadflow.stage;
SELECT ''::leadflow.stage;
SELECT ' . '::leadflow.stage;
SELECT 'proposal.'::leadflow.stage;
SELECT 'proposal.legal.review'::leadflow.stage;
SELECT 'proposal.legal review'::leadflow.stage;
SELECT 'proposal .legal'::leadflow.stage;
SELECT ('won.' || pg_catalog.repeat('x', 64))::leadflow.stage;
SELECT 'won'::leadflow.stage < 'sqll'::pg_catalog.text;

-- parts
SELECT s, leadflow.base(s), leadflow.ordinal(s), leadflow.phase(s), leadflow.is_exit(s)
  FROM pg_catalog.unnest('{visitor,mql.hot,sal,decision.board,won,lost.price}'::leadflow.stage[]) AS s;

-- order and containment
CREATE TEMP TABLE status (s leadflow.stage);
INSERT INTO status VALUES
    ('proposal.legal_review'), ('decision'), ('proposal'), ('mql'), ('nurture'), ('visitor'),
    ('churned.bankrupt'), ('proposal.legal'), ('proposal._'), ('proposal.1'), ('lead'), (NULL);
SELECT s, s >= 'mql' AS past_mql, s <@ 'proposal' AS in_proposal, 'proposal.legal' @> s AS in_legal
  FROM status ORDER BY s;
SELECT s FROM status ORDER BY s DESC NULLS LAST LIMIT 3;
SELECT max(s), min(s), GREATEST('lead', 'sal.x'::leadflow.stage, 'lost') FROM status;

-- no silent comparison as text, no implicit cast
CREATE TEMP TABLE as_text (t pg_catalog.text);
INSERT INTO as_text SELECT s FROM status;
INSERT INTO as_text SELECT s::pg_catalog.text FROM status;
SELECT count(*) FROM status JOIN as_text ON s = t;

-- what drivers bind
PREPARE by_text (pg_catalog.text) AS SELECT s FROM status WHERE s >= $1 ORDER BY s;
PREPARE by_varchar (pg_catalog.varchar) AS SELECT s FROM status WHERE $1 <= s ORDER BY s;
PREPARE by_any AS SELECT s FROM status WHERE s >= $1 ORDER BY s;
PREPARE put (pg_catalog.varchar) AS INSERT INTO status VALUES ($1) RETURNING s;
EXECUTE by_text ('PROPOSAL.LEGAL');
EXECUTE by_varchar ('proposal.legal');
EXECUTE by_any ('proposal.legal');
EXECUTE put ('Won');
EXECUTE put ('Wonn');

DROP TABLE status, as_text;
DEALLOCATE ALL;
RESET search_path;
