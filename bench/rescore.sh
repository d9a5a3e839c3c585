#!/bin/bash
# rescore.sh
#   What it costs to score leads by the rules of a workspace: one lead, all of
#   them beside a query that one would write, and the facts that are kept when a
#   lead becomes an MQL.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/rescore.sh [leads] [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is the backend's own, from /proc/PID/schedstat.
set -euo pipefail
leads=${1:-1000000}
rounds=${2:-3}
here=$(dirname "$0")
. "$here/database.sh"
fresh_database rescore -v leads="$leads" -f "$here/rescore.sql"

show_machine "one process, jit off, $rounds rounds, medians"
echo "# $leads leads with 10 touches each, $("${psql[@]}" -c 'SELECT count(*) FROM crm.score_rule WHERE active') rules"

# time NAME UNITS STATEMENT...: CPU of the statements, round by round
measure() {
	local name=$1 units=$2 round
	shift 2
	for round in $(seq 1 "$rounds"); do
		{
			echo "SET search_path = crm, public; SET jit = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '256MB';"
			echo "SET leadflow.clock = '2026-03-01 12:00+00';"
			echo "SELECT count(leadflow.score('crm', id)) FROM (SELECT id FROM lead LIMIT 100) l;"
			printf '%s\n' "SELECT pg_backend_pid() AS pid \\gset" "\\setenv BENCH_PID :pid"
			printf '%s\n' "\\set before \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
			printf '%s\n' "$@"
			printf '%s\n' "\\set after \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
			printf '%s\n' "\\echo TIME :before :after"
		} | "${psql[@]}" | awk '/^TIME/ { print $3 - $2 }'
	done | sort -g | awk -v name="$name" -v units="$units" '
		{ v[NR] = $1 }
		END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
			printf "%-52s %10.3f %10.2f %12.0f\n", name, m / 1e9, m / units / 1000, units / (m / 1e9) }'
}

printf '%-52s %10s %10s %12s\n' "" "CPU s" "us a lead" "leads a s"
measure 'score() of one lead, 10,000 times' 10000 "SELECT count(leadflow.score('crm', 4711)) FROM generate_series(1, 10000);"
measure 'explain_score() of one lead, 10,000 times' 10000 "SELECT count(*) FROM generate_series(1, 10000) i, LATERAL leadflow.explain_score('crm', 4711 + i % 2);"
measure 'all leads reckoned (score_leads)' "$leads" "SELECT count(*), sum(total) FROM leadflow.score_leads('crm', 0, $leads, leadflow.clock());"
measure 'all leads reckoned and kept (refresh_scores)' "$leads" "CALL leadflow.refresh_scores('crm');"
measure 'SQL by hand: no days, contents, caps and groups' "$leads" "
	SELECT count(*), sum(fit + behaviour) FROM (
		SELECT l.id,
			CASE WHEN l.role ~* '\\m(chief|ceo|cto|cfo|coo|cmo|cio|head|director|vp|president|owner|founder|partner)\\M' THEN 25 ELSE 0 END
			+ CASE WHEN a.employees BETWEEN 50 AND 499 THEN 15 WHEN a.employees >= 500 THEN 25 ELSE 0 END
			+ CASE WHEN l.budget > 0 THEN 15 ELSE 0 END + CASE WHEN l.decision_by <= '2026-09-01' THEN 15 ELSE 0 END
			+ CASE WHEN length(l.need) >= 20 THEN 10 ELSE 0 END + CASE WHEN l.verified THEN 10 ELSE 0 END AS fit,
			COALESCE(b.points, 0) AS behaviour
		FROM lead l LEFT JOIN account a ON a.id = l.account_id
		LEFT JOIN (
			SELECT t.lead_id, sum(r.points::float8 * power(2::float8, -date_part('epoch', leadflow.clock() - t.at) / date_part('epoch', r.half_life))) AS points
			FROM touch t JOIN score_rule r ON r.active AND t.kind = ANY (r.touch_kinds) AND t.direction = r.direction
			WHERE t.at <= leadflow.clock() GROUP BY t.lead_id) b ON b.lead_id = l.id) s;"

echo
echo "20,000 leads become MQLs, each by a statement of its own"
printf '%-52s %10s %10s %12s\n' "" "CPU s" "us a lead" "leads a s"
move="DO \$\$ DECLARE r record; BEGIN FOR r IN SELECT id FROM public.move LOOP UPDATE crm.lead SET stage = 'mql' WHERE id = r.id; END LOOP; END \$\$;"
prepare="DELETE FROM standard; DELETE FROM sla_policy; DELETE FROM routing_rule;"
measure 'with 19 rules and 12 features' 20000 "BEGIN; $prepare UPDATE lead SET verified = verified WHERE id = 1;" "\\set before \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`" "$move" "\\set after \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`" "\\echo TIME :before :after" "ROLLBACK;" "\\q"
measure 'with neither' 20000 "BEGIN; $prepare DELETE FROM score_rule; DELETE FROM score_feature; UPDATE lead SET verified = verified WHERE id = 1;" "\\set before \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`" "$move" "\\set after \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`" "\\echo TIME :before :after" "ROLLBACK;" "\\q"
