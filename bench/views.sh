#!/bin/sh
# Times every report of a workspace: the median of five runs, in milliseconds,
# with every column computed and no rows sent.  Arguments: the workspace, made
# by create_workspace and filled by bench/views.sql, and psql's own, if any:
#
#	psql -c "SELECT leadflow.create_workspace('bench')" test
#	PGOPTIONS='-c search_path=bench' psql -f bench/views.sql test
#	bench/views.sh bench test
#
# REPORTS names those to read, with spaces between; unset for all.  RUNS is how
# often each is read (5); LIMIT how long it may take, as of statement_timeout: one
# that does not answer in time is given with a dash.
set -eu
workspace=$1
shift
runs=${RUNS:-5}
setting="SET work_mem = '64MB'; SET jit = off; SET max_parallel_workers_per_gather = 0; SET statement_timeout = '${LIMIT:-0}'"

views=${REPORTS:-$(psql -XqAt "$@" -c "SELECT quote_ident(c.relname) FROM pg_class c
	WHERE c.relnamespace = quote_ident('$workspace')::regnamespace AND c.relkind = 'v' ORDER BY c.relname")}

printf '%-24s %10s %10s %10s\n' report rows 'now, ms' 'as of, ms'
for view in $views; do
	rows=$(psql -XqAt "$@" -c "$setting" -c "SELECT count(*) FROM \"$workspace\".$view" 2>/dev/null) || rows=-
	printf '%-24s %10s' "$view" "$rows"
	for clock in '' '2026-01-01 00:00+00'; do
		[ "$rows" = - ] && { printf ' %10s' -; continue; }
		{
			echo "$setting; SET leadflow.clock = '$clock';"
			printf '%s\n' '\timing on'
			for run in $(seq "$runs"); do
				echo "SELECT count(v) FROM \"$workspace\".$view v;"
			done
		} | psql -XqAt "$@" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n "$(((runs + 1) / 2))p" |
			awk '{ printf " %10.0f", $1 }'
	done
	echo
done
