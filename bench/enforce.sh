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
export PGDATABASE=${PGDATABASE:-leadflow_bench_enforce}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql=(psql -X -q -A -t -v ON_ERROR_STOP=1)
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE" 2>/dev/null
"${psql[@]}" -f "$here/enforce_setup.sql" >/dev/null

echo "# $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), huge pages reserved: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
echo "# server $("${psql[@]}" -c 'SHOW server_version'), synchronous_commit off, jit off, $rounds rounds, medians"
"${psql[@]}" -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = off" -c "ALTER DATABASE $PGDATABASE SET jit = off"

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

# Single rows: every variant has sessions of its own, which run in turn for a
# fraction of a second, so that all of them see the same moods of the machine.
slice=0.2
slices=$((rounds * 10))

# in_turn CLIENTS: prints a line for each variant, name|transactions a second|microseconds
in_turn() {
	local names=() tables=() pids=() ran=() counts=() i name table begun cpu count
	while IFS='|' read -r name table; do
		i=${#names[@]}
		names+=("$name") tables+=("$table") ran+=(0)
		cat >"$work/move$i.sql" <<-SQL
			\\set id random(1, 100000)
			UPDATE $table SET stage = (CASE WHEN stage = 'mql' THEN 'contacted' ELSE 'mql' END)::leadflow.stage WHERE id = :id;
		SQL
		counts+=("$("${psql[@]}" -c "SELECT pg_stat_get_tuples_updated('$table'::regclass)")")
		bash -c 'kill -STOP $$; exec pgbench "$@"' pgbench -n -M prepared -c "$1" -j "$1" -T 100000 -f "$work/move$i.sql" \
			"dbname=$PGDATABASE application_name=variant$i" >/dev/null 2>&1 &
		pids+=($!)
	done <<<"$variants"
	for _ in $(seq "$slices"); do
		for i in "${!names[@]}"; do
			begun=${EPOCHREALTIME/./}
			kill -CONT "${pids[i]}"
			sleep "$slice"
			kill -STOP "${pids[i]}"
			ran[i]=$((ran[i] + ${EPOCHREALTIME/./} - begun))
		done
	done
	sleep 0.1
	for i in "${!names[@]}"; do
		cpu=$("${psql[@]}" -c "SELECT sum(split_part(pg_read_file('/proc/' || pid || '/schedstat'), ' ', 1)::bigint)
			FROM pg_stat_activity WHERE application_name = 'variant$i'")
		kill -KILL "${pids[i]}"
		wait "${pids[i]}" 2>/dev/null || true
		# a session's counts are complete when it has gone
		until [ "$("${psql[@]}" -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'variant$i'")" = 0 ]; do :; done
		count=$(("$("${psql[@]}" -c "SELECT pg_stat_get_tuples_updated('${tables[i]}'::regclass)")" - counts[i]))
		awk -v n="${names[i]}" -v k="$count" -v t="${ran[i]}" -v c="$cpu" \
			'BEGIN { printf "%s|%.1f|%.3f\n", n, k / t * 1e6, c / k / 1000 }'
	done
}

for clients in 1 2; do
	echo
	echo "Single rows by primary key, $clients client(s), $slices turns of $slice s: transactions a second, and CPU microseconds a transaction"
	in_turn "$clients" | sort -t'|' -k2,2gr >"$work/single"
	awk -F'|' 'NR == FNR { if ($1 == "bare") { tps = $2; cpu = $3 } next }
		FNR == 1 { printf "%-31s %8s %8s %8s %8s\n", "", "tps", "ratio", "CPU", "added" }
		{ printf "%-31s %8.0f %8.2f %8.1f %+8.1f\n", $1, $2, $2 / tps, $3, $3 - cpu }' "$work/single" "$work/single"
done

echo
echo "COPY of 200,000 leads into an empty table: rows a second (CPU time of the backend)"
"${psql[@]}" -f "$here/enforce_load.sql" | awk -F'|' \
	'BEGIN { printf "%-31s %10s %8s\n", "", "rows/s", "ratio" } NR == 1 { bare = $2 } { printf "%-31s %10.0f %8.2f\n", $1, $2, $2 / bare }'
