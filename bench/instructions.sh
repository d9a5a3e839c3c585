#!/bin/bash
# instructions.sh
#   How many instructions a backend executes for one UPDATE of one row, by
#   primary key and in a transaction of its own.  Unlike a time, the count is
#   the same on a busy machine.
#
#   usage: bench/instructions.sh      (needs valgrind, and leadflow installed)
#
# Runs a server of its own in a temporary directory, as user postgres when
# called by root.  PG_CONFIG names the PostgreSQL to use.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
bin=$("${PG_CONFIG:-pg_config}" --bindir)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
	chown postgres "$work"
	as_owner=(runuser -u postgres --)
fi
cp "$here/enforce_setup.sql" "$work/"
chmod -R a+rX "$work"
cd "$work"

"${as_owner[@]}" "$bin/initdb" -D "$work/data" -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null
"${as_owner[@]}" "$bin/pg_ctl" -w -D "$work/data" -l "$work/log" \
	-o "-k $work -c listen_addresses='' -c fsync=off" start >/dev/null
"$bin/psql" -h "$work" -U postgres -X -q -o /dev/null -f enforce_setup.sql postgres
"${as_owner[@]}" "$bin/pg_ctl" -D "$work/data" -m fast stop >/dev/null

# count TABLE N: instructions of a backend that updates N rows
count() {
	rm -rf "$work/copy"
	cp -a "$work/data" "$work/copy"
	{
		echo "SET synchronous_commit = off"
		echo "PREPARE move (int, leadflow.stage) AS UPDATE $1 SET stage = \$2 WHERE id = \$1"
		for id in $(seq 1 20) $(seq 101 $((100 + $2))); do
			echo "EXECUTE move ($id, 'contacted')"
		done
	} >"$work/statements"
	"${as_owner[@]}" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$bin/postgres" --single -D "$work/copy" -c fsync=off -c jit=off postgres \
		<"$work/statements" 2>&1 | sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

printf '%-28s %12s %10s\n' '' instructions added
bare=
while IFS='|' read -r name table; do
	each=$((($(count "$table" 400) - $(count "$table" 100)) / 300))
	bare=${bare:-$each}
	printf '%-28s %12d %+10d\n' "$name" "$each" $((each - bare))
done <<-END
	bare|bench.bare
	leadflow guard|crm_guard.lead
	leadflow guard and recorder|crm.lead
	PL/pgSQL guard|bench.peer_plpgsql_guard
	PL/pgSQL guard and history|bench.peer_plpgsql
	five CHECK constraints|bench.peer_check
END
