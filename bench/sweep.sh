#!/bin/bash
# sweep.sh
#   What a sweep costs among a million promises that are owed, of which a
#   thousand are broken: the first one, the next one, which finds nothing new,
#   and one with as many again; beside what a job without indexes does, which
#   asks every promise how it stands. And the fifty worst of sla_breach.
#
#   usage: PGHOST=... PGPORT=... PGUSER=... bench/sweep.sh [open] [due]
#
# A superuser's connection to a throw-away server.
set -euo pipefail
open=${1:-1000000}
due=${2:-1000}
. "$(dirname "$0")/database.sh"
fresh_database sweep -v open="$open" -v due="$due" <<'END'
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace('crm');
-- these read every lead, once a day: they are timed apart
UPDATE crm.alert_rule SET active = kind NOT IN ('volume_without_sales', 'data_gap');
INSERT INTO crm.team_member (member, team, department) VALUES ('boss', 'inbound', 'sales');
INSERT INTO crm.team_member (member, team, department, manager) SELECT 'rep' || n, 'inbound', 'sales', 'boss' FROM generate_series(1, 40) n;
ALTER TABLE crm.lead DISABLE TRIGGER USER;
INSERT INTO crm.lead (source, external_id, full_name, stage, furthest_stage, stage_since, created_at, updated_at, owner)
SELECT 'bench', n::text, 'Lead ' || n, 'mql', 'mql', '2026-10-01', '2026-10-01', '2026-10-01', 'rep' || 1 + n % 40
FROM generate_series(1, :open) n;
ALTER TABLE crm.lead ENABLE TRIGGER USER;
-- at 2026-10-14 12:00, every (open / due)th has been broken for up to two days, and as many will be a day later
INSERT INTO crm.sla_clock (policy, metric, lead_id, owner, team, variant, started_at, warn_at, due_at, target, warn_after, calendar, started_by, definition_version)
SELECT 'new_mql', 'first_response', n, 'rep' || 1 + n % 40, 'inbound', '*', d.at - interval '24 hours', d.at - interval '10 minutes', d.at,
       '24 hours', '23:50', 'UTC; Mo-Fr 09:00-17:00', 'stage mql', 1
FROM generate_series(1, :open) n,
     LATERAL (SELECT CASE n % (:open / :due) WHEN 0 THEN timestamptz '2026-10-14 12:00+00' - random() * interval '2 days'
                          WHEN 1 THEN timestamptz '2026-10-15 12:00+00' - random() * interval '23 hours'
                          ELSE timestamptz '2026-10-16+00' + random() * interval '30 days' END AS at) d;
VACUUM ANALYZE;
CHECKPOINT;
END

show_machine "jit off"
echo "# $open promises are owed, $due of them broken"

# took WHAT STATEMENT: the first column of the last row, and the milliseconds
took() {
	{
		echo "SET jit = off; SET leadflow.clock = '$clock';"
		printf '%s\n' '\timing on' "$2;"
	} | "${psql[@]}" | awk -v what="$1" '/^Time:/ { ms = $2; next } { seen = $0 } END { printf "%-56s %12s %10.1f ms\n", what, seen, ms }'
}

clock='2026-10-14 12:00+00'
swept="SELECT COALESCE(sum(raised), 0) || ' raised' FROM leadflow.sweep('crm')"
for n in 1 2 3; do
	took 'sla_breach, the worst 50' "SELECT count(b) FROM (SELECT * FROM crm.sla_breach LIMIT 50) b"
done
took 'a job that asks every promise (sla_status)' "SELECT count(*) FROM crm.sla_status s WHERE s.state = 'breached'
	AND NOT EXISTS (SELECT FROM crm.alert a WHERE a.clock_id = s.clock_id)"
took 'the first sweep: alerts and escalations' "$swept"
took 'the next sweep' "$swept"
took 'and the next' "$swept"
took 'a job that asks every promise' "SELECT count(*) FROM crm.sla_status s WHERE s.state = 'breached'
	AND NOT EXISTS (SELECT FROM crm.alert a WHERE a.clock_id = s.clock_id)"
clock='2026-10-15 12:00+00'
took 'a day later, as many again' "$swept"
took 'the next sweep' "$swept"
"${psql[@]}" -c "UPDATE crm.alert_rule SET active = kind IN ('volume_without_sales', 'data_gap')"
took 'once a day: campaigns without sales, fields not filled' "$swept"
