/* scored: the scores of the won and of the lost */

CREATE TYPE leadflow.scored;

CREATE FUNCTION leadflow.scored_in(cstring) RETURNS leadflow.scored
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_in';
COMMENT ON FUNCTION leadflow.scored_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.scored_out(leadflow.scored) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_out';
COMMENT ON FUNCTION leadflow.scored_out(leadflow.scored) IS 'I/O';

CREATE FUNCTION leadflow.scored_recv(internal) RETURNS leadflow.scored
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_recv';
COMMENT ON FUNCTION leadflow.scored_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.scored_send(leadflow.scored) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_send';
COMMENT ON FUNCTION leadflow.scored_send(leadflow.scored) IS 'I/O';

CREATE TYPE leadflow.scored (
    INPUT = leadflow.scored_in,
    OUTPUT = leadflow.scored_out,
    RECEIVE = leadflow.scored_recv,
    SEND = leadflow.scored_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.scored IS
    'scored outcomes: the score of every lead that was won and of every one that was lost, for example ''{won: 0.7 0.9, lost: 0.2}''; made by scored_outcomes(), asked by auc(), gains(), lift() and calibration(); 8 bytes a lead, at most 1 GB';

CREATE FUNCTION leadflow.scored_add(leadflow.scored, double precision, boolean) RETURNS leadflow.scored
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_add';
COMMENT ON FUNCTION leadflow.scored_add(leadflow.scored, double precision, boolean) IS 'transition function of scored_outcomes and auc';

CREATE FUNCTION leadflow.scored_combine(leadflow.scored, leadflow.scored) RETURNS leadflow.scored
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_combine';
COMMENT ON FUNCTION leadflow.scored_combine(leadflow.scored, leadflow.scored) IS 'combine function of scored_outcomes and auc, transition function of rollup';

CREATE AGGREGATE leadflow.scored_outcomes(score double precision, outcome boolean) (
    SFUNC = leadflow.scored_add,
    STYPE = leadflow.scored,
    SSPACE = 256,
    COMBINEFUNC = leadflow.scored_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.scored_outcomes(double precision, boolean) IS
    'the scored outcomes of the rows: outcome is true for won and false for lost. Rows with a null score or outcome do not count; null when none counts. A score may be infinite. Errors: a score is NaN (22003); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.rollup(scored leadflow.scored) (
    SFUNC = leadflow.scored_combine,
    STYPE = leadflow.scored,
    SSPACE = 256,
    COMBINEFUNC = leadflow.scored_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.scored) IS
    'several scored outcomes as one, as if made of all their rows at once; nulls do not count; null when there is nothing else. Errors: more than 1 GB (54000)';

CREATE FUNCTION leadflow.won(scored leadflow.scored) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_won';
COMMENT ON FUNCTION leadflow.won(leadflow.scored) IS 'number of leads that were won';

CREATE FUNCTION leadflow.lost(scored leadflow.scored) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_scored_lost';
COMMENT ON FUNCTION leadflow.lost(leadflow.scored) IS 'number of leads that were lost';

CREATE FUNCTION leadflow.auc(scored leadflow.scored) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_scored_auc';
COMMENT ON FUNCTION leadflow.auc(leadflow.scored) IS
    'area under the ROC curve: the share of the pairs of a won and a lost lead in which the won one has the higher score, a tie counting half (the Mann-Whitney statistic U / (won * lost)); 0.5 tells nothing apart, 1 everything; null when none was won or none lost';

CREATE AGGREGATE leadflow.auc(score double precision, outcome boolean) (
    SFUNC = leadflow.scored_add,
    STYPE = leadflow.scored,
    SSPACE = 256,
    FINALFUNC = leadflow.auc,
    COMBINEFUNC = leadflow.scored_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.auc(double precision, boolean) IS
    'area under the ROC curve of the rows, as auc(scored_outcomes(score, outcome)), with which it shares its work';

CREATE FUNCTION leadflow.gains(scored leadflow.scored, groups integer DEFAULT 10)
    RETURNS TABLE (grp integer, n bigint, won bigint, lost bigint,
        score_from double precision, score_to double precision, conversion double precision,
        cumulative_share_of_won double precision, lift double precision, cumulative_lift double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10
    AS 'MODULE_PATHNAME', 'leadflow_scored_gains';
COMMENT ON FUNCTION leadflow.gains(leadflow.scored, integer) IS
    'the leads in groups of equal size from the best score down: grp (1 is the best), n, won, lost, the lowest and the highest score in the group, conversion (share won, 0..1), cumulative_share_of_won (of all won, how many are in this group or a better one, 0..1), lift (conversion over that of all leads) and cumulative_lift (the same for this group and the better ones); the last three are null when none was won. Groups are those of ntile(), except that leads with the same score are all in the best group that one of them falls into, and that a group which is left without leads has no row. Errors: less than one group (22023)';

CREATE FUNCTION leadflow.lift(scored leadflow.scored, share double precision) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_scored_lift';
COMMENT ON FUNCTION leadflow.lift(leadflow.scored, double precision) IS
    'how many times as many leads are won among the best share (0.1 for a tenth) as among as many taken at random; of leads with the same score, and of one lead, through which the cut goes, a part counts, so that the order of rows does not matter; null when none was won. Errors: a share that is not above 0 and at most 1 (22023)';

CREATE FUNCTION leadflow.calibration(scored leadflow.scored, bins integer DEFAULT 10)
    RETURNS TABLE (bin integer, score_from double precision, score_to double precision,
        n bigint, won bigint, mean_score double precision, conversion double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10
    AS 'MODULE_PATHNAME', 'leadflow_scored_calibration';
COMMENT ON FUNCTION leadflow.calibration(leadflow.scored, integer) IS
    'do as many win as the score says? For scores that are probabilities, in bins of equal width from 0 to 1: bin, score_from (inclusive), score_to (exclusive, except in the last bin), n, won, mean_score and conversion (share won, 0..1), of which the last two are null in a bin without leads. Errors: a score outside of 0 to 1, or not 1 to 1000 bins (22023)';

/* losses of probabilities: means, of which the state is the count and the sum */

CREATE FUNCTION leadflow.mean_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_mean_combine';
COMMENT ON FUNCTION leadflow.mean_combine(double precision[], double precision[]) IS 'combine function of log_loss and brier';

CREATE FUNCTION leadflow.mean_final(double precision[]) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_mean_final';
COMMENT ON FUNCTION leadflow.mean_final(double precision[]) IS 'final function of log_loss and brier';

CREATE FUNCTION leadflow.log_loss_add(double precision[], double precision, boolean) RETURNS double precision[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_log_loss_add';
COMMENT ON FUNCTION leadflow.log_loss_add(double precision[], double precision, boolean) IS 'transition function of log_loss';

CREATE FUNCTION leadflow.brier_add(double precision[], double precision, boolean) RETURNS double precision[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_brier_add';
COMMENT ON FUNCTION leadflow.brier_add(double precision[], double precision, boolean) IS 'transition function of brier';

CREATE AGGREGATE leadflow.log_loss(probability double precision, outcome boolean) (
    SFUNC = leadflow.log_loss_add,
    STYPE = double precision[],
    INITCOND = '{0,0}',
    FINALFUNC = leadflow.mean_final,
    COMBINEFUNC = leadflow.mean_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.log_loss(double precision, boolean) IS
    'logarithmic loss of predicted probabilities of winning: the mean of -ln(p) over the won and -ln(1 - p) over the lost; 0 is perfect, ln(2) is what saying 0.5 costs. p is kept from 2^-52 to 1 - 2^-52, as scikit-learn does since 1.2, so that a certain prediction that fails costs 36.04. Rows with a null do not count; null when none counts. Errors: a probability that is NaN or outside of 0 to 1 (22023)';

CREATE AGGREGATE leadflow.brier(probability double precision, outcome boolean) (
    SFUNC = leadflow.brier_add,
    STYPE = double precision[],
    INITCOND = '{0,0}',
    FINALFUNC = leadflow.mean_final,
    COMBINEFUNC = leadflow.mean_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.brier(double precision, boolean) IS
    'Brier score of predicted probabilities of winning: the mean squared difference between the probability and the outcome (1 won, 0 lost); 0 is perfect. Rows with a null do not count; null when none counts. Errors: a probability that is NaN or outside of 0 to 1 (22023)';
