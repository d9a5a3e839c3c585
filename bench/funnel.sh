#!/bin/bash
# funnel.sh
#   What funnels, time in stage, last stages and attribution cost over many
#   events, beside the plain SQL that one would write without leadflow, and
#   beside DuckDB (where npm can install it).
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/funnel.sh [leads] [rounds]
#
# A superuser's connection to a throw-away server on this machine. Ten events a
# lead. All is asked twice: with an index on (lead, at), and with one that covers
# what is read, so that plain SQL gets its rows in order without sorting them.
set -euo pipefail
leads=${1:-100000}
rounds=${2:-3}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/database.sh"
chmod 755 "$work"
n=$((leads * 10))
floor='(rows of each lead counted)'

. "$here/cases.sh"
fresh_database funnel -v leads="$leads" -f "$here/funnel.sql"

steps="'{new,contacted,qualified,proposal,won}'"
timeline="SELECT leadflow.timeline_agg(at, stage) AS t FROM event GROUP BY lead"
models="'{first,last,linear,position 40 20 40,time_decay 7 days}'"
path="leadflow.attribution_agg(at, channel, CASE WHEN stage = 'won' THEN 'conversion' END, value)"
window() {
	local from=event i list=(new contacted qualified proposal won)
	printf 'WITH s1 AS (SELECT *, max(at) FILTER (WHERE stage = %s) OVER w AS f1 FROM event WINDOW w AS (PARTITION BY lead ORDER BY at))' "'new'"
	for i in 1 2 3 4; do
		printf ", s%d AS (SELECT *, max(f%d) FILTER (WHERE stage = '%s' AND at <= f%d + interval '30 days') OVER w AS f%d FROM s%d WINDOW w AS (PARTITION BY lead ORDER BY at))" \
			$((i + 1)) "$i" "${list[i]}" "$i" $((i + 1)) "$i"
	done
}
first_chain="WITH a AS (SELECT lead, min(at) t1 FROM event WHERE stage = 'new' GROUP BY 1)"
previous=a
for step in 2:contacted:b 3:qualified:c 4:proposal:d 5:won:f; do
	IFS=: read -r i name table <<<"$step"
	first_chain+=", $table AS (SELECT $previous.lead, t1, min(e.at) t$i FROM $previous JOIN event e USING (lead)
		WHERE e.stage = '$name' AND e.at > t$((i - 1)) AND e.at <= t1 + interval '30 days' GROUP BY 1, 2)"
	previous=$table
done
converted="WITH c AS (SELECT lead, min(at) AS at FROM event WHERE stage = 'won' GROUP BY 1),
	t AS (SELECT e.lead, e.channel, row_number() OVER w n, count(*) OVER (PARTITION BY e.lead) m,
			exp(-0.693147180559945 * date_part('epoch', c.at - e.at) / 604800) w
		FROM event e JOIN c USING (lead) WHERE e.at <= c.at AND e.at > c.at - interval '90 days' WINDOW w AS (PARTITION BY e.lead ORDER BY e.at)),
	u AS (SELECT *, sum(w) OVER (PARTITION BY lead) total FROM t)"

ask() {
	local with=$1
	part="funnel of five steps in 30 days, $with"
	add leadflow "SELECT sum(level) FROM (SELECT leadflow.funnel_level(leadflow.funnel_agg(at, stage, $steps, '30 days')) AS level FROM event GROUP BY lead) l"
	add 'leadflow, the whole table of steps' "SELECT sum(reached) FROM leadflow.funnel_table((SELECT leadflow.funnel_total(f)
		FROM (SELECT leadflow.funnel_agg(at, stage, $steps, '30 days') AS f FROM event GROUP BY lead) l))"
	add 'SQL, exact: five windows' "$(window) SELECT count(f1) + count(f2) + count(f3) + count(f4) + count(f5)
		FROM (SELECT lead, max(f1) f1, max(f2) f2, max(f3) f3, max(f4) f4, max(f5) f5 FROM s5 GROUP BY lead) q"
	add 'PL/pgSQL aggregate, exact' "SELECT sum(level) FROM (SELECT by_hand(at, array_position($steps, stage), interval '30 days' ORDER BY at) AS level FROM event GROUP BY lead) l"
	add 'SQL that everybody writes: from the first' "$first_chain
		SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b) + (SELECT count(*) FROM c) + (SELECT count(*) FROM d) + (SELECT count(*) FROM f)"
	add "$floor" 'SELECT max(n) FROM (SELECT lead, count(*) AS n FROM event GROUP BY lead) l'

	part="time in stage, $with"
	add leadflow "SELECT sum(total_seconds) FROM leadflow.duration_table((SELECT leadflow.stage_durations(t) FROM ($timeline) l))"
	add '(leadflow, in working time)' "SELECT sum(total_seconds) FROM leadflow.duration_table((
		SELECT leadflow.stage_durations(t, NULL, 'Europe/Warsaw; Mo-Fr 09:00-17:00') FROM ($timeline) l))"
	add 'SQL: lead(), stays not merged' "SELECT sum(d) FROM (SELECT stage, sum(date_part('epoch', d)) AS d FROM
		(SELECT stage, lead(at) OVER (PARTITION BY lead ORDER BY at) - at AS d FROM event) l GROUP BY stage) s"
	add 'SQL: stays merged' "SELECT sum(d) FROM (SELECT stage, sum(date_part('epoch', d)) AS d FROM (
		SELECT lead, stage, lead(min(at)) OVER (PARTITION BY lead ORDER BY min(at)) - min(at) AS d FROM (
			SELECT lead, stage, at, count(*) FILTER (WHERE stage IS DISTINCT FROM before) OVER (PARTITION BY lead ORDER BY at) AS stay FROM (
				SELECT lead, stage, at, lag(stage) OVER (PARTITION BY lead ORDER BY at) AS before FROM event) a) b GROUP BY lead, stay, stage) c GROUP BY stage) s"
	add "$floor" 'SELECT max(n) FROM (SELECT lead, count(*) AS n FROM event GROUP BY lead) l'

	part="last stage as of a day, $with"
	add leadflow "SELECT count(*) FILTER (WHERE s = 'won') FROM (SELECT leadflow.last_state(at, stage, timestamptz '2025-06-01') AS s FROM event GROUP BY lead) l"
	add 'SQL: DISTINCT ON' "SELECT count(*) FILTER (WHERE stage = 'won') FROM (SELECT DISTINCT ON (lead) lead, stage FROM event WHERE at <= '2025-06-01' ORDER BY lead, at DESC) l"
	add 'SQL: array_agg, sorted' "SELECT count(*) FILTER (WHERE s = 'won') FROM (SELECT (array_agg(stage ORDER BY at DESC))[1] AS s FROM event WHERE at <= '2025-06-01' GROUP BY lead) l"
	add 'SQL: LATERAL, from a table of leads' "SELECT count(*) FILTER (WHERE stage = 'won') FROM (SELECT generate_series(1, $leads) AS lead) l
		CROSS JOIN LATERAL (SELECT stage FROM event e WHERE e.lead = l.lead AND at <= '2025-06-01' ORDER BY at DESC LIMIT 1) x"
	add "$floor" 'SELECT max(n) FROM (SELECT lead, count(*) AS n FROM event GROUP BY lead) l'

	part="five attribution models, $with"
	add leadflow "SELECT sum(conversions * array_position($models, model)) FROM leadflow.attribution_table((
		SELECT leadflow.attribution_total(p, $models, '90 days', 'first') FROM (SELECT $path AS p FROM event GROUP BY lead) l)) WHERE channel = 'google'"
	add 'SQL, five in one query' "$converted SELECT sum(f * 1 + l * 2 + li * 3 + p * 4 + d * 5) FROM (SELECT channel, count(*) FILTER (WHERE n = 1) f,
		count(*) FILTER (WHERE n = m) l, sum(1.0::float8 / m) li, sum(CASE WHEN m = 1 THEN 1 WHEN m = 2 THEN .5 WHEN n IN (1, m) THEN .4 ELSE .2 / (m - 2) END) p,
		sum(w / total) d FROM u GROUP BY 1) q WHERE channel = 'google'"
	add '(SQL, one of them: linear)' "$converted SELECT sum(1.0 / m) FROM t WHERE channel = 'google'"
	add "$floor" 'SELECT max(n) FROM (SELECT lead, count(*) AS n FROM event GROUP BY lead) l'

	part="Markov chain of first order, $with"
	add 'leadflow, removal effects too' "SELECT (SELECT sum(weight) FROM leadflow.transitions(m)) + 0 * (SELECT sum(removal_effect) FROM leadflow.markov_attribution(m))
		FROM (SELECT leadflow.markov_agg(p) AS m FROM (SELECT $path AS p FROM event GROUP BY lead) l OFFSET 0) c"
	add 'SQL, the counts alone' "WITH c AS (SELECT lead, min(at) AS at FROM event WHERE stage = 'won' GROUP BY 1),
		p AS (SELECT e.lead, e.channel, e.at, c.at AS won FROM event e LEFT JOIN c USING (lead) WHERE c.at IS NULL OR e.at <= c.at),
		x AS (SELECT channel, lead(channel) OVER w nxt, lag(channel) OVER w prv, won FROM p WINDOW w AS (PARTITION BY lead ORDER BY at)),
		y AS (SELECT channel a, coalesce(nxt, CASE WHEN won IS NULL THEN '(null)' ELSE '(conversion)' END) b FROM x UNION ALL SELECT '(start)', channel FROM x WHERE prv IS NULL)
		SELECT sum(n) FROM (SELECT a, b, count(*) n FROM y GROUP BY 1, 2) z"
	add "$floor" 'SELECT max(n) FROM (SELECT lead, count(*) AS n FROM event GROUP BY lead) l'
}

settings="SET search_path = bench_funnel; SET timezone = 'UTC'; SET jit = off; SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '$((leads / 100000 * 128 + 128))MB';"
show_machine "one process, jit off, $n events of $leads leads, $rounds rounds, medians"
ask 'index on (lead, at)'
run_cases "$settings"

"${psql[@]}" -c 'CREATE INDEX event_covering ON bench_funnel.event (lead, at) INCLUDE (stage, channel, value)' -c 'DROP INDEX bench_funnel.event_lead_at' -c 'VACUUM ANALYZE bench_funnel.event'
rm "$work/cases"
ask 'covering index'
run_cases "$settings"

# DuckDB has the same rows in its own tables, in memory and in columns
"${psql[@]}" -c "\\copy (SELECT lead, to_char(at, 'YYYY-MM-DD HH24:MI:SS.US') AS at, stage, channel, value FROM bench_funnel.event) TO '$work/event.csv' (FORMAT csv, HEADER)"
cd "$work"
if npm install --silent --no-audit --no-fund @duckdb/node-api >/dev/null 2>&1; then
	printf '\n%-42s %12s %12s %8s\n' "DuckDB $(node -p "require('@duckdb/node-api/package.json').version"), one thread" 'CPU seconds' 'ns a row' ''
	node "$here/duckdb.mjs" "$work/event.csv" "$rounds" | while IFS='|' read -r what rows seconds answer; do
		printf '%-42s %12.3f %12.0f           answers %s\n' "$what" "$seconds" "$(echo "$seconds $rows" | awk '{ print $1 / $2 * 1e9 }')" "$answer"
	done
else
	echo "DuckDB could not be installed: left out."
fi
