#!/bin/sh
# Times every report of a workspace: the median of five runs, in milliseconds,
# with every column computed and no rows sent.  Arguments: the workspace, made
# by create_workspace and filled by bench/views.sql, and psql's own, if any:
#
#	psql -c "SELECT leadflow.create_workspace('bench')" test
#	PGOPTIONS='-c search_path=bench' psql -f bench/views.sql test
#	bench/views.sh bench test
#
# REPORTS names those to read, with spaces between; unset for all.
set -eu
workspace=$1
shift
setting="SET work_mem = '64MB'; SET jit = off; SET max_parallel_workers_per_gather = 0"

views=${REPORTS:-$(psql -XqAt "$@" -c "SELECT quote_ident(c.relname) FROM pg_class c
	WHERE c.relnamespace = quote_ident('$workspace')::regnamespace AND c.relkind = 'v' ORDER BY c.relname")}

printf '%-24s %10s %10s %10s\n' report rows 'now, ms' 'as of, ms'
for view in $views; do
	rows=$(psql -XqAt "$@" -c "SELECT count(*) FROM \"$workspace\".$view")
	printf '%-24s %10s' "$view" "$rows"
	for clock in '' '2026-01-01 00:00+00'; do
		{
			echo "$setting; SET leadflow.clock = '$clock';"
			printf '%s\n' '\timing on'
			for run in 1 2 3 4 5; do
				echo "SELECT count(v) FROM \"$workspace\".$view v;"
			done
		} | psql -XqAt "$@" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n 3p |
			awk '{ printf " %10.0f", $1 }'
	done
	echo
done
