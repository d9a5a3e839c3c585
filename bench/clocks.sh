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
. "$here/database.sh"
fresh_database clocks -f "$here/clocks_setup.sql"
. "$here/in_turn.sh"

show_machine "synchronous_commit off, jit off, $rounds rounds"

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

echo
echo "A question and its answer, of one lead of 100,000, $slices turns of $slice s: touches a second, and CPU microseconds a touch"
in_turn 1 | show_turns bare
