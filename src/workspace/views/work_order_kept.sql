CREATE OR REPLACE VIEW work_order_kept AS
SELECT x.owner,
       x.team,
       x.month,
       x.reactions,
       x.with_choice,
       x.next_in_queue,
       x.out_of_order,
       x.score_ignored,
       (x.next_in_queue::numeric / NULLIF(x.with_choice, 0))::numeric(9,6) AS next_in_queue_share,
       (1 - 2 * x.passed_over / NULLIF(x.pairs, 0))::numeric(9,6) AS queue_agreement,
       (1 - 2 * x.score_passed_over / NULLIF(x.score_pairs, 0))::numeric(9,6) AS score_agreement
FROM (SELECT o.owner,
             o.team,
             pg_catalog.date_trunc('month', o.reaction_at)::date AS month,
             pg_catalog.count(*) AS reactions,
             pg_catalog.count(*) FILTER (WHERE o.waiting > 0) AS with_choice,
             pg_catalog.count(*) FILTER (WHERE o.waiting > 0 AND o.rank_in_queue = 1) AS next_in_queue,
             pg_catalog.count(*) FILTER (WHERE o.out_of_order) AS out_of_order,
             pg_catalog.count(*) FILTER (WHERE o.score_ignored) AS score_ignored,
             pg_catalog.sum(o.waiting) AS pairs,
             pg_catalog.sum(o.rank_in_queue - 1) AS passed_over,
             pg_catalog.sum(o.same_band_higher + o.same_band_lower) AS score_pairs,
             pg_catalog.sum(o.same_band_higher) AS score_passed_over
      FROM order_of_work o
      GROUP BY o.owner, o.team, pg_catalog.date_trunc('month', o.reaction_at)::date) x;
COMMENT ON VIEW work_order_kept IS 'How far owners work in the order of work_queue, by owner and month, as known at leadflow.clock(): whether the score has any consequence. See order_of_work for what is compared. Counts may be added up, shares and agreements may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN work_order_kept.owner IS 'who owed the reactions';
COMMENT ON COLUMN work_order_kept.team IS 'the owner''s team when the promises were made';
COMMENT ON COLUMN work_order_kept.month IS 'first day of the month of the reactions, in the session''s time zone';
COMMENT ON COLUMN work_order_kept.reactions IS 'number of reactions';
COMMENT ON COLUMN work_order_kept.with_choice IS 'how many of them were made while something else waited too';
COMMENT ON COLUMN work_order_kept.next_in_queue IS 'how many of those went to the lead that was to be done next';
COMMENT ON COLUMN work_order_kept.out_of_order IS 'how many went to a lead while something more urgent waited';
COMMENT ON COLUMN work_order_kept.score_ignored IS 'how many went to a lead while something as urgent with a higher score waited';
COMMENT ON COLUMN work_order_kept.next_in_queue_share IS 'next_in_queue / with_choice, 0..1; null where there was no choice';
COMMENT ON COLUMN work_order_kept.queue_agreement IS 'agreement with the order of work_queue, as Kendall''s tau: of all pairs of what was done and what waited, those in order less those out of order, as a share: 1 in order, 0 as by chance, -1 in reverse; null where there was no choice';
COMMENT ON COLUMN work_order_kept.score_agreement IS 'the same by score alone, among what was equally urgent and differed in score: near 0 the score is ignored; null where there was no choice';
