CREATE OR REPLACE VIEW account_scores AS
SELECT a.id AS account_id,
       a.name AS account,
       a.owner,
       a.segment,
       a.territory,
       COALESCE(s.leads, 0) AS leads,
       s.sum_score::numeric(18,4) AS sum_score,
       s.max_score::numeric(15,4) AS max_score,
       s.top_score::numeric(18,4) AS top_score,
       s.decayed_score::numeric(15,4) AS decayed_score,
       (CASE w.account_score WHEN 'sum' THEN s.sum_score WHEN 'max' THEN s.max_score WHEN 'top' THEN s.top_score ELSE s.decayed_score END)::numeric(18,4) AS score_in_force,
       w.account_score AS in_force,
       s.best_grade,
       COALESCE(i.intent, 0)::numeric(18,4) AS intent,
       i.last_signal_at
FROM account a
CROSS JOIN LATERAL (SELECT (SELECT w.account_score FROM workspace w) AS account_score) w
LEFT JOIN (SELECT l.account_id,
                  pg_catalog.count(l.score) AS leads,
                  pg_catalog.sum(l.score) AS sum_score,
                  pg_catalog.max(l.score) AS max_score,
                  pg_catalog.sum(l.score) FILTER (WHERE l.rank <= (SELECT w.account_score_top FROM workspace w)) AS top_score,
                  -- of more than 64 leads nothing is left at four decimals
                  pg_catalog.sum(l.score / pg_catalog.power(2::numeric, LEAST(l.rank, 65) - 1)) FILTER (WHERE l.rank <= 64) AS decayed_score,
                  pg_catalog.min(l.grade COLLATE "C") COLLATE "default" AS best_grade
           FROM (SELECT s.account_id, s.score_in_force AS score, s.grade,
                        pg_catalog.row_number() OVER (PARTITION BY s.account_id ORDER BY s.score_in_force DESC NULLS LAST, s.lead_id) AS rank
                 FROM lead_scores s
                 WHERE s.account_id IS NOT NULL) l
           GROUP BY l.account_id) s ON s.account_id = a.id
LEFT JOIN (SELECT g.account_id,
                  leadflow.decayed_sum(g.strength::float8, g.at, t.half_life, (SELECT leadflow.clock())) FILTER (WHERE t.topic IS NOT NULL) AS intent,
                  pg_catalog.max(g.at) AS last_signal_at
           FROM intent_signal g
           LEFT JOIN intent_topic t ON t.topic = g.topic AND t.active
           WHERE g.at <= (SELECT leadflow.clock())
           GROUP BY g.account_id) i ON i.account_id = a.id;
COMMENT ON VIEW account_scores IS 'The score of every company, made of the scores in force of its leads in each of the ways that workspace.account_score may name, and the interest that it shows. Signals are as known at leadflow.clock(); scores, and who belongs to the company, are the present ones. Leads in lead_outside are left out.';
COMMENT ON COLUMN account_scores.account_id IS 'the company';
COMMENT ON COLUMN account_scores.account IS 'name of the company';
COMMENT ON COLUMN account_scores.owner IS 'team member who owns the account';
COMMENT ON COLUMN account_scores.segment IS 'market segment';
COMMENT ON COLUMN account_scores.territory IS 'sales territory';
COMMENT ON COLUMN account_scores.leads IS 'number of its leads that have a score (lead_scores.score_in_force)';
COMMENT ON COLUMN account_scores.sum_score IS 'sum of them: many leads make a high score; this and the following four are null where no lead has a score';
COMMENT ON COLUMN account_scores.max_score IS 'the highest of them: the best lead alone';
COMMENT ON COLUMN account_scores.top_score IS 'sum of the highest, as many as workspace.account_score_top says';
COMMENT ON COLUMN account_scores.decayed_score IS 'sum of all, the highest in full, each further one half of the one before';
COMMENT ON COLUMN account_scores.score_in_force IS 'the one of these that workspace.account_score names';
COMMENT ON COLUMN account_scores.in_force IS 'which one that is: sum, max, top or decayed';
COMMENT ON COLUMN account_scores.best_grade IS 'the best grade of its leads: by fit, then by behaviour; null where none has a grade';
COMMENT ON COLUMN account_scores.intent IS 'sum of the strengths of its signals on active topics (intent_topic), each faded by the half-life of its topic';
COMMENT ON COLUMN account_scores.last_signal_at IS 'its last signal on whatever topic; null for none';
