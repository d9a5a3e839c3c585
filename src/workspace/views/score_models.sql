CREATE OR REPLACE VIEW score_models AS
SELECT m.version,
       m.model,
       m.activated_at IS NOT NULL AND m.retired_at IS NULL AS active,
       m.fitted_at,
       m.fitted_by,
       m.as_of AS known_at,
       m.won,
       m.lost,
       (m.won::numeric / NULLIF(m.won + m.lost, 0))::numeric(9,6) AS base_rate,
       pg_catalog.round((20 / pg_catalog.ln(2::double precision) * m.intercept)::numeric)::bigint AS base_points,
       (m.quality ->> 'auc')::numeric(9,6) AS auc,
       (m.quality ->> 'log_loss')::numeric(12,6) AS log_loss,
       (m.quality ->> 'brier')::numeric(9,6) AS brier,
       m.quality #>> '{held_out,by}' AS held_out,
       (m.quality ->> 'won')::bigint + (m.quality ->> 'lost')::bigint AS held_out_leads,
       (m.quality #>> '{rules,auc}')::numeric(9,6) AS rules_auc,
       (m.quality #>> '{rules,model_auc}')::numeric(9,6) AS auc_beside_rules,
       (m.quality #>> '{rules,leads}')::bigint AS rules_leads,
       (m.quality #>> '{active,version}')::bigint AS active_version,
       (m.quality #>> '{active,leads}')::bigint AS active_leads,
       (m.quality #>> '{active,auc}')::numeric(9,6) AS active_auc,
       (m.quality #>> '{active,auc_beside}')::numeric(9,6) AS auc_beside_active,
       (m.quality #>> '{without_facts,skipped}')::bigint AS skipped,
       (m.quality #>> '{without_facts,rebuilt}')::bigint AS rebuilt,
       m.options,
       m.note,
       m.activated_at,
       m.retired_at
FROM score_model m;
COMMENT ON VIEW score_models IS 'The models that were learnt, and how good each is on leads that it was not learnt from.';
COMMENT ON COLUMN score_models.version IS 'number of the model';
COMMENT ON COLUMN score_models.model IS 'odoo, naive_bayes or logistic';
COMMENT ON COLUMN score_models.active IS 'whether it gives the probabilities now';
COMMENT ON COLUMN score_models.fitted_at IS 'when it was learnt';
COMMENT ON COLUMN score_models.fitted_by IS 'who had it learnt';
COMMENT ON COLUMN score_models.known_at IS 'what was known then is what it was learnt from';
COMMENT ON COLUMN score_models.won IS 'number of won leads that it was learnt from';
COMMENT ON COLUMN score_models.lost IS 'number of lost leads that it was learnt from';
COMMENT ON COLUMN score_models.base_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN score_models.base_points IS 'points of a lead of which nothing is known; with those of its values (score_model_card), 0 means that it is won as likely as not, and each 20 double the odds';
COMMENT ON COLUMN score_models.auc IS 'area under the ROC curve, 0..1: how often it gives more to a won lead than to a lost one; 0.5 is chance. Of held-out leads, as are log_loss and brier';
COMMENT ON COLUMN score_models.log_loss IS 'mean logarithmic loss of the probabilities, natural logarithm; 0 is perfect';
COMMENT ON COLUMN score_models.brier IS 'mean squared error of the probabilities; 0 is perfect';
COMMENT ON COLUMN score_models.held_out IS 'how leads were held out: folds (each lead is judged by a model of the other folds) or time (the last leads by a model of those before)';
COMMENT ON COLUMN score_models.held_out_leads IS 'number of leads that were held out';
COMMENT ON COLUMN score_models.rules_auc IS 'the same measure of the points of the rules, as they were when the leads became MQLs; null where none had points';
COMMENT ON COLUMN score_models.auc_beside_rules IS 'auc of the leads that rules_auc is of, to compare';
COMMENT ON COLUMN score_models.rules_leads IS 'number of those leads';
COMMENT ON COLUMN score_models.active_version IS 'the model that was active when this one was learnt; null for none';
COMMENT ON COLUMN score_models.active_leads IS 'number of held-out leads that qualified after what that model was learnt from, so that both can be judged by them; null for none';
COMMENT ON COLUMN score_models.active_auc IS 'auc of that model on these leads; null where none of them was won, or none lost';
COMMENT ON COLUMN score_models.auc_beside_active IS 'auc of this model on the same leads: it is the better one where this is more than active_auc';
COMMENT ON COLUMN score_models.skipped IS 'closed leads that were not learnt from, because their features were not kept';
COMMENT ON COLUMN score_models.rebuilt IS 'leads that were learnt from with rebuilt features';
COMMENT ON COLUMN score_models.options IS 'how it was learnt';
COMMENT ON COLUMN score_models.note IS 'note';
COMMENT ON COLUMN score_models.activated_at IS 'when it took effect; null for not yet';
COMMENT ON COLUMN score_models.retired_at IS 'when another took its place; null while none has';
