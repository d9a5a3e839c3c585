/*
 * answers.sql: what marketing answers to the rejections of sales, mostly within
 * a few days.
 */
INSERT INTO verdict_answer (verdict_id, answer, note, at)
SELECT v.id, x.answer,
       CASE x.answer WHEN 'disputes' THEN chance.pick('dispute' || v.at, v.lead_id, '{Has asked for a price twice since.,The budget is approved: see the form.,Nobody called this person; an assistant was reached.}')
                     WHEN 'mends' THEN chance.pick('mend' || v.at, v.lead_id, '{The audience leaves out students and assistants from now on.,The score counts the role more.,The keyword is paused.}') END,
       x.at
FROM verdict v
CROSS JOIN LATERAL (
    SELECT add_worktime(c.calendar, v.at, interval '1 second' * floor(50000 * chance.skewed('answer' || v.at, v.lead_id, 0.8))) AS at,
           CASE WHEN v.reason IN ('not_target', 'wrong_role') AND chance.even('mends' || v.at, v.lead_id) < 0.45 THEN 'mends'
                WHEN v.reason IN ('no_budget', 'no_need', 'not_now') AND chance.even('disputes' || v.at, v.lead_id) < 0.14 THEN 'disputes'
                ELSE 'agrees' END AS answer
    FROM business_calendar c
    WHERE c.code = 'warsaw') x
WHERE v.verdict = 'rejected' AND x.at <= clock() AND chance.even('answers' || v.at, v.lead_id) < 0.75
ORDER BY x.at, v.lead_id;
\echo :ROW_COUNT 'answers of marketing'
