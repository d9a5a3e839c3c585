#!/bin/bash
# routing.sh
#   What it costs to hand leads over by rules, and how fairly it is done: leads
#   inserted by several connections at once into a workspace without rules, into
#   one whose rule deals them out by turns, and into one whose PL/pgSQL trigger
#   takes the member after the owner of the newest lead.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/routing.sh [leads] [connections]
#
# A connection to a throw-away server.  The peer gives all members the same
# weight; leadflow's have 1, 2 and 3.
set -euo pipefail
leads=${1:-10000}
connections=${2:-8}
here=$(dirname "$0")
. "$here/database.sh"
fresh_database routing -f "$here/routing.sql"

show_machine "synchronous_commit $("${psql[@]}" -c 'SHOW synchronous_commit')"
echo "# $leads leads, one a transaction, over $connections connections"

# run SCHEMA: leads a second
run() {
	echo "INSERT INTO $1.lead (source, stage) VALUES ('bench', 'mql');" >"$work/$1.sql"
	pgbench -n -M prepared -c "$connections" -j "$connections" -t "$((leads / connections))" -f "$work/$1.sql" 2>/dev/null |
		sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

# how far off his share the farthest is, after any number of leads, and at the end
off() {
	"${psql[@]}" -F'|' -c "
		WITH given AS (SELECT owner, row_number() OVER (ORDER BY $2) AS k FROM $1),
		promised AS (SELECT member, share FROM ($3) s (member, share)),
		counted AS (SELECT p.member, g.k, count(*) FILTER (WHERE g.owner = p.member) OVER (PARTITION BY p.member ORDER BY g.k) - g.k * p.share AS off
			FROM given g CROSS JOIN promised p)
		SELECT round(max(abs(off)), 2), round(max(abs(off)) FILTER (WHERE k = (SELECT max(k) FROM given)), 2) FROM counted"
}

printf '%-40s %10s %22s %22s\n' '' 'leads/s' 'leads off, at any time' 'leads off, at the end'
printf '%-40s %10.0f\n' 'no rules' "$(run unrouted)"
tps=$(run crm)
IFS='|' read -r any end < <(off crm.assignment id "SELECT member, weight::numeric / sum(weight) OVER () FROM crm.pool_member")
printf '%-40s %10.0f %22s %22s\n' 'leadflow, by turns' "$tps" "$any" "$end"
tps=$(run naive)
IFS='|' read -r any end < <(off naive.lead id "SELECT member, 1::numeric / count(*) OVER () FROM naive.ring")
printf '%-40s %10.0f %22s %22s\n' 'after the owner of the newest lead' "$tps" "$any" "$end"
