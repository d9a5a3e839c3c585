#!/bin/sh
# Times every report of a workspace: the median of five runs, in milliseconds,
# with every column computed and no rows sent.  Arguments: the workspace, made
# by create_workspace and filled by bench/views.sql, and psql's own, if any:
#
#	psql -c "SELECT leadflow.create_workspace('bench')" test
#	PGOPTIONS='-c search_path=bench' psql -f bench/views.sql test
#	bench/views.sh bench test
#
# REPORTS names those to read, with spaces between; unset for all.  LEAD reads of
# the reports that list leads what they say of that one.  RUNS is how often each
# is read (5), AS_OF the instant of the second column, empty for none, and LIMIT
# how long a read may take, as of statement_timeout: a report that does not
# answer in time is given with a dash. WORK_MEM is the work_mem to read with
# (64MB). PREWARM=1 brings what a report reads into
# shared buffers first, by the extension pg_prewarm: for tables of gigabytes,
# which would otherwise be timed as the disk is.
set -eu
workspace=$1
shift
runs=${RUNS:-5}
as_of=${AS_OF-2026-01-01 00:00+00}
only=${LEAD:+WHERE lead_id = $LEAD}
setting="SET work_mem = '${WORK_MEM:-64MB}'; SET jit = off; SET max_parallel_workers_per_gather = 0; SET statement_timeout = '${LIMIT:-0}'"

views=${REPORTS:-$(psql -XqAt "$@" -c "SELECT quote_ident(c.relname) FROM pg_class c
	WHERE c.relnamespace = quote_ident('$workspace')::regnamespace AND c.relkind = 'v'
		AND ('${LEAD:-}' = '' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'lead_id'))
	ORDER BY c.relname")}

# prewarm REPORT PSQL'S ARGUMENTS: the tables and indexes of its plan into shared buffers
prewarm() {
	report=$1
	shift
	psql -XqAt "$@" -c "$setting" -c "DO \$\$ DECLARE plan text; BEGIN
		EXECUTE 'EXPLAIN (FORMAT JSON) SELECT count(v) FROM \"$workspace\".$report v $only' INTO plan;
		PERFORM pg_prewarm(c.oid) FROM pg_class c WHERE c.relnamespace = quote_ident('$workspace')::regnamespace
			AND c.relname IN (SELECT m[1] FROM regexp_matches(plan, '\"(?:Relation|Index) Name\": \"([^\"]+)\"', 'g') m);
	END \$\$"
}

printf '%-24s %10s %10s %10s\n' report rows 'now, ms' "${as_of:+as of, ms}"
for view in $views; do
	rows=
	[ -z "${PREWARM:-}" ] || prewarm "$view" "$@"
	for clock in now ${as_of:+"$as_of"}; do
		[ "$clock" != now ] || clock=
		# the median of the times, and how many rows there were
		read=$({
			echo "$setting; SET leadflow.clock = '$clock';"
			printf '%s\n' '\timing on'
			for run in $(seq "$runs"); do
				echo "SELECT count(v) FROM \"$workspace\".$view v $only;"
			done
		} | psql -XqAt -v ON_ERROR_STOP=1 "$@" 2>&1 | awk '
			/^[0-9]+$/ { rows = $1 }
			/^Time: / && rows != "" { print $2, rows }
			/ERROR/ && !/statement timeout/ { print >"/dev/stderr" }' |
			sort -n | sed -n "$(((runs + 1) / 2))p")
		if [ -z "$rows" ]; then
			rows=${read##* }
			printf '%-24s %10s' "$view" "${rows:=-}"
		fi
		echo "${read:--}" | awk '{ printf $1 == "-" ? "          -" : sprintf($1 < 10 ? " %10.1f" : " %10.0f", $1) }'
	done
	echo
done
