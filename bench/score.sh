#!/bin/bash
# score.sh
#   What scoring costs over many rows: points that fade, the quality of a
#   score, naive Bayes and logistic regression, beside the plain SQL that one
#   would write without leadflow, and beside scikit-learn.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/score.sh [touches] [leads] [rows] [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is the backend's own, from /proc/PID/schedstat.  Each statement answers with
# one number; one that differs from leadflow's over the same rows is shown.
set -euo pipefail
touches=${1:-10000000}
leads=${2:-1000000}
rows=${3:-1000000}
rounds=${4:-3}
here=$(dirname "$0")
. "$here/database.sh"
fresh_database score -v touches="$touches" -v leads="$leads" -v rows="$rows" -f "$here/score.sql"

show_machine "one process, jit off, work_mem 512 MB, $rounds rounds, medians"

. "$here/cases.sh"

part="decayed_sum, $touches touches of $leads leads" n=$touches
by_lead() {
	echo "SELECT sum(points) FROM (SELECT $1 AS points FROM ${2:-touch} GROUP BY lead) l"
}
age="timestamptz '2026-01-01' - at"
add leadflow "$(by_lead "leadflow.decayed_sum(points, at, '7 days', '2026-01-01')")"
add 'plain SQL, in double precision' \
	"$(by_lead "sum(points * power(2::float8, -date_part('epoch', $age) / date_part('epoch', interval '7 days')))")"
add '(the points without decay)' "$(by_lead 'sum(points)')"
n=$((touches / 50))
add 'plain SQL, numeric, a 50th of them' \
	"$(by_lead "sum(points * power(2, -extract(epoch FROM $age) / extract(epoch FROM interval '7 days')))" few_touches)"

for score in score points; do
	part="auc, $rows rows, $([ "$score" = score ] && echo 'hardly a tie' || echo '101 scores')" n=$rows
	add leadflow "SELECT leadflow.auc($score, outcome) FROM closed"
	add 'GROUP BY score, running sum' "
		SELECT sum(won * below) / (sum(won) * sum(lost)) FROM (
			SELECT won, lost, sum(lost) OVER (ORDER BY score) - lost / 2.0 AS below FROM (
				SELECT $score AS score, count(*) FILTER (WHERE outcome) AS won,
					count(*) FILTER (WHERE NOT outcome) AS lost FROM closed GROUP BY 1) s) r"
	add 'rank() and count() as windows' "
		SELECT (sum(place) FILTER (WHERE outcome) - w * (w + 1) / 2.0) / (w * (n - w)) FROM (
			SELECT outcome, rank() OVER (ORDER BY $score) + (count(*) OVER (PARTITION BY $score) - 1) / 2.0 AS place FROM closed) r,
			(SELECT count(*) AS n, count(*) FILTER (WHERE outcome) AS w FROM closed) c GROUP BY n, w"
	add '(the rows counted)' "SELECT count($score) + count(outcome) FROM closed"
done

part="naive_bayes_fit, $rows rows, 8 attributes" n=$rows
columns='source, country, city, size, industry, opted_in, visits, campaign'
add leadflow "
	SELECT sum(distinct_values) FROM leadflow.information_value((
		SELECT leadflow.naive_bayes_fit(outcome, ARRAY[$columns], '{$columns}') FROM described))"
add 'leadflow, from jsonb' "
	SELECT sum(distinct_values) FROM leadflow.information_value((
		SELECT leadflow.naive_bayes_fit(outcome, to_jsonb(d) - 'outcome') FROM described d))"
add 'GROUP BY GROUPING SETS' "
	SELECT count(*) FROM (
		SELECT $columns, count(*) FILTER (WHERE outcome) AS won, count(*) FILTER (WHERE NOT outcome) AS lost
		FROM described GROUP BY GROUPING SETS ($columns)) g WHERE coalesce($columns) IS NOT NULL"
add 'LATERAL VALUES, GROUP BY' "
	SELECT count(*) FROM (
		SELECT attribute, value, count(*) FILTER (WHERE outcome) AS won, count(*) FILTER (WHERE NOT outcome) AS lost
		FROM described, LATERAL (VALUES $(sed -E "s/[a-z_]+/('&', &)/g" <<<"$columns")) v(attribute, value)
		WHERE value IS NOT NULL GROUP BY attribute, value) g"
add '(the arrays made and counted)' "SELECT count(ARRAY[$columns]) FROM described"

part="predict by naive Bayes, $rows rows, 8 attributes"
add leadflow "SELECT sum(leadflow.predict(model, ARRAY[$columns])) FROM described, model"
add '(the arrays made and counted)' "SELECT count(ARRAY[$columns]) FROM described"

part="logistic_fit, $rows rows, 20 features"
add leadflow "SELECT (leadflow.fit_report(leadflow.logistic_fit(outcome, x, 1))).log_likelihood FROM featured"
add '(the arrays counted)' "SELECT count(x) + count(outcome) FROM featured"

part="predict by logistic regression, $rows rows, 20 features"
model="(SELECT leadflow.logistic_fit(outcome, x) AS model FROM (SELECT * FROM featured LIMIT 10000) f OFFSET 0) m"
add leadflow "SELECT sum(leadflow.predict(model, x)) FROM featured, $model"
add 'plain SQL, a sum written out' "
	SELECT sum(1 / (1 + exp(-(b[1]$(for i in {1..20}; do printf ' + b[%d] * x[%d]' $((i + 1)) "$i"; done)))))
	FROM featured, (SELECT array_agg(coefficient ORDER BY \"position\") AS b FROM $model, leadflow.coefficients(model) c OFFSET 0) c"
add '(the arrays counted)' "SELECT count(x) FROM featured"

run_cases "SET search_path = bench_score; SET jit = off; SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '512MB';"

/usr/bin/python3 "$here/score_logistic.py" "$rounds"
