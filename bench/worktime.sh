#!/bin/sh
# worktime.sh
#   CPU time per call of worktime() and add_worktime() and of what a user would
#   write without them.  Prints medians over interleaved rounds, and ratios.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/worktime.sh [rounds]
#
# CPU time is the backend's own, from /proc/PID/schedstat, so the server must
# run on this machine.  The cost of the loop around the calls is measured with
# an empty statement and taken off.
set -eu
rounds=${1:-5}
here=$(dirname "$0")
db=${PGDATABASE:-leadflow_bench}
export PGDATABASE="$db"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql -X -q -d postgres -tAc "SELECT 1 FROM pg_database WHERE datname = '$db'" | grep -q 1 ||
	psql -X -q -d postgres -c "CREATE DATABASE \"$db\""
psql -X -q -v ON_ERROR_STOP=1 -f "$here/worktime.sql" >/dev/null

echo "# machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "# server: $(psql -X -tAc 'SHOW server_version'), huge_pages = $(psql -X -tAc 'SHOW huge_pages'), shared_buffers = $(psql -X -tAc 'SHOW shared_buffers')"
echo "# transparent huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo unknown); reserved huge pages: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
if [ "$(sed -n 's/HugePages_Total: *//p' /proc/meminfo)" = 0 ]; then
	echo "# no huge pages are reserved: on a busy virtual machine that slows the peers, which touch more memory, more than leadflow"
fi

# kind | what | calls | statement with the call; the first of a kind is the loop alone
cases() {
	for kind in '1 day' '30 days' '1 year'; do
		case $kind in
			'1 day') n=5000 ;;
			'30 days') n=2000 ;;
			*) n=300 ;;
		esac
		from="FROM call WHERE kind = '$kind' AND n <="
		echo "$kind|loop|10000|SELECT sum(b - a) $from 10000"
		echo "$kind|leadflow|10000|SELECT sum(leadflow.worktime($calendar, a, b)) $from 10000"
		echo "$kind|set-based plpgsql|$n|SELECT sum(set_based(1, a, b)) $from $n"
		echo "$kind|multirange plpgsql|$n|SELECT sum(multirange_based(1, a, b)) $from $n"
		echo "$kind|prefix table|5000|SELECT sum(ledger_based(1, a, b)) $from 5000"
	done
	echo "100 years|loop|10000|SELECT sum(b - a) FROM call WHERE kind = '100 years'"
	echo "100 years|leadflow|10000|SELECT sum(leadflow.worktime($calendar, a, b)) FROM call WHERE kind = '100 years'"
	from="FROM call JOIN value ON id = n % 100 WHERE kind = '30 days'"
	echo "100 calendars|loop|10000|SELECT sum(b - a), count(calendar) $from"
	echo "100 calendars|leadflow|10000|SELECT sum(leadflow.worktime(calendar, a, b)), count(calendar) $from"
	for hours in 8 40 400; do
		from="FROM call WHERE kind = '1 day' AND n <="
		echo "due in $hours h|loop|10000|SELECT max(a + interval '$hours h') $from 10000"
		echo "due in $hours h|leadflow|10000|SELECT max(leadflow.add_worktime($calendar, a, '$hours h')) $from 10000"
		echo "due in $hours h|set-based plpgsql|500|SELECT max(set_due(1, a, '$hours h')) $from 500"
		echo "due in $hours h|prefix table|5000|SELECT max(ledger_due(1, a, '$hours h')) $from 5000"
	done
}

calendar=$(psql -X -tAc 'SELECT quote_literal(calendar) FROM bench_worktime.value WHERE id = 0')::leadflow.calendar
cases >"$work/cases"

# One session: each statement is run once to warm up, then once a round.
{
	printf '%s\n' "SET search_path = bench_worktime; SET timezone = 'UTC'; SET jit = off; SET max_parallel_workers_per_gather = 0;"
	printf '%s\n' "SELECT pg_backend_pid() AS pid \\gset"
	printf '%s\n' "\\setenv BENCH_PID :pid"
	printf '%s\n' "\\o /dev/null"
	round=0
	while [ "$round" -le "$rounds" ]; do
		while IFS='|' read -r kind what n statement; do
			printf '%s\n' "\\set before \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
			printf '%s\n' "$statement;"
			printf '%s\n' "\\set after \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
			printf '%s\n' "\\echo '$round|$kind|$what|$n|' :before '|' :after"
		done <"$work/cases"
		round=$((round + 1))
	done
} >"$work/run.sql"
psql -X -q -v ON_ERROR_STOP=1 -f "$work/run.sql" >"$work/times"

# Round 0 was the warm-up.
awk -F'|' '
$1 > 0 {
	key = $2 "|" $3
	if (!(key in count)) order[++keys] = key
	time[key, ++count[key]] = ($6 - $5) / 1000 / $4
}
function median(key,    i, j, n, x, v) {
	n = count[key]
	for (i = 1; i <= n; i++) v[i] = time[key, i]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] > v[j]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
END {
	printf "%-14s %-20s %14s %10s\n", "", "", "CPU us a call", "ratio"
	for (i = 1; i <= keys; i++) {
		split(order[i], part, "|")
		if (part[2] == "loop") { loop = median(order[i]); continue }
		cost = median(order[i]) - loop
		if (part[2] == "leadflow") own = cost
		printf "%-14s %-20s %14.3f %10.1f\n", part[1], part[2], cost, cost / own
	}
}' "$work/times"
