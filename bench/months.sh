#!/bin/bash
# months.sh
#   What it costs to keep touches and history by month: single writes to a
#   workspace with 36 months of both, beside the same one without partitions, and
#   how long one lead's pages take.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/months.sh [rounds]
#
# A superuser's connection to a throw-away server on this machine, as CPU time
# is read from /proc.
set -euo pipefail
rounds=${1:-6}
here=$(dirname "$0")
. "$here/database.sh"
fresh_database months -f "$here/months_setup.sql"

show_machine "synchronous_commit off, jit off, $rounds rounds"
. "$here/in_turn.sh"

echo
echo "A touch of one lead of 100,000, $slices turns of $slice s: touches a second, and CPU microseconds a touch"
touch="(lead_id, at, kind, direction) VALUES (:id, '2026-06-15 12:00+00', 'web_visit', 'inbound')"
variants="one table|crm.touch|INSERT INTO crm.touch $touch
36 months|months.touch_2026_06|INSERT INTO months.touch $touch"
counted=inserted
in_turn 1 | show_turns 'one table'

echo
echo "Moves of one lead of 100,000: moves a second, and CPU microseconds a move"
move="SET stage = (CASE WHEN stage = 'mql' THEN 'contacted' ELSE 'mql' END)::leadflow.stage WHERE id = :id"
variants="one table|crm.lead|UPDATE crm.lead $move
36 months|months.lead|UPDATE months.lead $move
one table, evidence asked for|crm_evidence.lead|UPDATE crm_evidence.lead $move
36 months, evidence asked for|months_evidence.lead|UPDATE months_evidence.lead $move"
counted=updated
in_turn 1 | show_turns 'one table'

for workspace in crm months; do
	echo
	echo "Reading one lead of $workspace"
	LEAD=1933 RUNS=51 AS_OF='' REPORTS='lead_card lead_story current_stage stage_history contact_attempt' "$here/views.sh" $workspace
done
