#!/bin/bash
# clocks.sh
#   What promises cost the touches that start and keep them: a question of a lead
#   and its answer, in one transaction, beside a copy of the table without
#   triggers and beside the PL/pgSQL trigger that one would write (which knows
#   no working time, no late touches and one promise only).
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/clocks.sh [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is read from /proc.
set -euo pipefail
rounds=${1:-6}
here=$(dirname "$0")
export PGDATABASE=${PGDATABASE:-leadflow_bench_clocks}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql=(psql -X -q -A -t -v ON_ERROR_STOP=1)
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE" 2>/dev/null
"${psql[@]}" -f "$here/clocks_setup.sql" >/dev/null
"${psql[@]}" -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = off" -c "ALTER DATABASE $PGDATABASE SET jit = off"

echo "# $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), huge pages reserved: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
echo "# server $("${psql[@]}" -c 'SHOW server_version'), synchronous_commit off, jit off, $rounds rounds"

pair() {
	echo "BEGIN; INSERT INTO $1 (lead_id, kind, direction) VALUES (:id, '$2', 'inbound'); INSERT INTO $1 (lead_id, kind, channel, direction) VALUES (:id, 'call', 'phone', 'outbound'); COMMIT"
}
variants="bare|bench.touch|$(pair bench.touch contact_request)
no promises|none.touch|$(pair none.touch contact_request)
promises, none concerned|idle.touch|$(pair idle.touch web_visit | sed "s/'call', 'phone'/'sequence_email', 'email'/")
a clock starts and stops|crm.touch|$(pair crm.touch contact_request)
the same while a cadence runs|cadence.touch|$(pair cadence.touch contact_request)
PL/pgSQL, a clock starts and stops|bench.peer_touch|$(pair bench.peer_touch contact_request)"
counted=inserted
. "$here/in_turn.sh"

echo
echo "A question and its answer, of one lead of 100,000, $slices turns of $slice s: touches a second, and CPU microseconds a touch"
in_turn 1 | show_turns bare
