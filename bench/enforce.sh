#!/bin/bash
# enforce.sh
#   What it costs to hold a table of leads to a standard and to record its
#   history: leadflow beside a bare copy of the table, CHECK constraints,
#   PL/pgSQL and table_log (where its package is installed).
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/enforce.sh [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is read from /proc.  Prints three tables: one UPDATE of many rows, single
# rows by primary key, and a load by COPY.
set -euo pipefail
rounds=${1:-6}
here=$(dirname "$0")
. "$here/database.sh"
fresh_database enforce -f "$here/enforce_setup.sql"
. "$here/in_turn.sh"

show_machine "synchronous_commit off, jit off, $rounds rounds, medians"

variants="bare|bench.bare
five CHECK constraints|bench.peer_check
PL/pgSQL guard|bench.peer_plpgsql_guard
PL/pgSQL guard and history|bench.peer_plpgsql
table_log history|bench.peer_table_log
leadflow guard|crm_guard.lead
leadflow guard and recorder|crm.lead
contrib C trigger (moddatetime)|bench.peer_moddatetime"
if [ "$("${psql[@]}" -c "SELECT to_regclass('bench.peer_table_log') IS NULL")" = t ]; then
	variants=$(grep -v table_log <<<"$variants")
fi

# median FILE COLUMN: the median of a column of numbers, by the name in column 1
medians() {
	sort -t'|' -k1,1 -k2,2g "$1" | awk -F'|' '
		{ if ($1 != name) { if (n) emit(); name = $1; n = 0 } v[++n] = $2 }
		function emit() { m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2; print name "|" m "|" v[1] "|" v[n] }
		END { emit() }'
}

echo
echo "One UPDATE of 33,333 rows: CPU microseconds a row"
for round in $(seq 0 $((rounds - 1))); do
	while IFS='|' read -r name table; do
		"${psql[@]}" -c "SELECT bench.bulk('$name', '$table', $round)" -c "VACUUM $table" >/dev/null
	done <<<"$variants"
done
"${psql[@]}" -F'|' -c 'SELECT variant, us_per_row FROM bench.result' >"$work/bulk"
medians "$work/bulk" >"$work/bulk.medians"
bare=$(awk -F'|' '$1 == "bare" { print $2 }' "$work/bulk.medians")
sort -t'|' -k2,2g "$work/bulk.medians" | awk -F'|' -v bare="$bare" \
	'BEGIN { printf "%-31s %8s %8s %8s %8s\n", "", "median", "min", "max", "ratio" }
	{ printf "%-31s %8.2f %8.2f %8.2f %8.2f\n", $1, $2, $3, $4, $2 / bare }'

# Single rows, in turns
variants=$(sed "s/\([^|]*\)$/\1|UPDATE \1 SET stage = (CASE WHEN stage = 'mql' THEN 'contacted' ELSE 'mql' END)::leadflow.stage WHERE id = :id/" <<<"$variants")
for clients in 1 2; do
	echo
	echo "Single rows by primary key, $clients client(s), $slices turns of $slice s: transactions a second, and CPU microseconds a transaction"
	in_turn "$clients" | show_turns bare
done

echo
echo "COPY of 200,000 leads into an empty table: rows a second (CPU time of the backend)"
"${psql[@]}" -f "$here/enforce_load.sql" | awk -F'|' \
	'BEGIN { printf "%-31s %10s %8s\n", "", "rows/s", "ratio" } NR == 1 { bare = $2 } { printf "%-31s %10.0f %8.2f\n", $1, $2, $2 / bare }'
