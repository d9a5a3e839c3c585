#!/bin/bash
# attach.sh
#   What it costs a CRM to be attached: its own single-row updates beside those
#   of the same table alone and of one with a trigger written by hand; and how
#   fast a backfill takes in what is there.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/attach.sh [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is read from /proc.
set -euo pipefail
rounds=${1:-6}
here=$(dirname "$0")
export PGDATABASE=${PGDATABASE:-leadflow_bench_attach}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql=(psql -X -q -A -t -v ON_ERROR_STOP=1)
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE" 2>/dev/null
PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -f "$here/attach_setup.sql" >/dev/null
. "$here/in_turn.sh"

echo "# $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), huge pages reserved: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
echo "# server $("${psql[@]}" -c 'SHOW server_version'), synchronous_commit off, jit off, $slices turns of $slice s"
"${psql[@]}" -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = off" -c "ALTER DATABASE $PGDATABASE SET jit = off"

# compare WHAT SET: single-row updates of the three tables
compare() {
	local table
	variants=$(while IFS='|' read -r name table; do
		echo "$name|$table|UPDATE $table SET $2 WHERE number = :id"
	done <<-END
		the table alone|suite.alone
		attached|suite.attached
		a trigger by hand|suite.by_hand
	END
	)
	echo
	echo "$1: transactions a second, and CPU microseconds a transaction"
	in_turn 1 | show_turns 'the table alone'
	"${psql[@]}" -c 'VACUUM'
}
compare "One row, no mapped column" "score = score + 1, modified_at = modified_at + interval '1 second'"
compare "One row, a mapped column that moves nothing" "phone = 'p' || (random() * 1000000)::int"
compare "One row, the stage" "status = CASE status WHEN 'Assigned' THEN 'In Process' ELSE 'Assigned' END"

echo
echo "200,000 rows into an empty workspace: rows a second (CPU time of the backend)"
"${psql[@]}" -f "$here/attach_fill.sql" | awk -F'|' '{ printf "%-31s %10.0f\n", $1, $2 }'
