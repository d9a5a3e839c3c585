#!/bin/bash
# months.sh
#   What it costs to keep touches and history by month: single writes to a
#   workspace with 36 months of both, beside the same one without partitions, and
#   how long one lead's pages take.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/months.sh [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is read from /proc.
set -euo pipefail
rounds=${1:-6}
here=$(dirname "$0")
export PGDATABASE=${PGDATABASE:-leadflow_bench_months}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql=(psql -X -q -A -t -v ON_ERROR_STOP=1)
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE" 2>/dev/null
"${psql[@]}" -f "$here/months_setup.sql" >/dev/null
"${psql[@]}" -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = off" -c "ALTER DATABASE $PGDATABASE SET jit = off"

echo "# $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), huge pages reserved: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
echo "# server $("${psql[@]}" -c 'SHOW server_version'), synchronous_commit off, jit off, $rounds rounds"
. "$here/in_turn.sh"

echo
echo "A touch of one lead of 100,000, $slices turns of $slice s: touches a second, and CPU microseconds a touch"
touch="(lead_id, at, kind, direction) VALUES (:id, '2026-06-15 12:00+00', 'web_visit', 'inbound')"
variants="one table|crm.touch|INSERT INTO crm.touch $touch
36 months|months.touch_2026_06|INSERT INTO months.touch $touch"
counted=inserted
in_turn 1 | show_turns 'one table'

echo
echo "Moves of one lead of 100,000: moves a second, and CPU microseconds a move"
move="SET stage = (CASE WHEN stage = 'mql' THEN 'contacted' ELSE 'mql' END)::leadflow.stage WHERE id = :id"
variants="one table|crm.lead|UPDATE crm.lead $move
36 months|months.lead|UPDATE months.lead $move
one table, evidence asked for|crm_evidence.lead|UPDATE crm_evidence.lead $move
36 months, evidence asked for|months_evidence.lead|UPDATE months_evidence.lead $move"
counted=updated
in_turn 1 | show_turns 'one table'

echo
echo "Reading one lead, milliseconds, the median of 51"
for workspace in crm months; do
	for report in lead_card lead_story current_stage stage_history contact_attempt; do
		{
			echo '\timing on'
			for lead in $(seq 1 51); do
				echo "SELECT count(v) FROM $workspace.$report v WHERE lead_id = $((lead * 1933));"
			done
		} | "${psql[@]}" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n 26p | sed "s/^/$report|$workspace|/"
	done
done | awk -F'|' '
	$2 == "crm" { plain[$1] = $3; name[++n] = $1 }
	$2 == "months" { months[$1] = $3 }
	END { printf "%-31s %10s %10s\n", "", "one table", "36 months"
		for (i = 1; i <= n; i++) printf "%-31s %10.2f %10.2f\n", name[i], plain[name[i]], months[name[i]] }'
