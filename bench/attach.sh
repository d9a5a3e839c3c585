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
. "$here/database.sh"
fresh_database attach -f "$here/attach_setup.sql"
. "$here/in_turn.sh"

show_machine "synchronous_commit off, jit off, $slices turns of $slice s"

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
