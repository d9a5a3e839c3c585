# in_turn.sh: to be sourced. Compares single-row writes to several tables fairly:
# every variant has sessions of its own, which run in turn for a fraction of a
# second, so that all of them see the same moods of the machine.
#
# Needs: database.sh and its fresh_database, rounds, variants: a line each,
# name|table|statement, in which :id is a random number up to 100,000;
# counted=inserted where the statements insert rows. Commits do not wait for the
# disk, as they would otherwise be all that is timed.
counted=${counted:-updated}
slice=0.2
slices=$((rounds * 10))
"${psql[@]}" -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = off" -c "ALTER DATABASE $PGDATABASE SET jit = off"

# in_turn CLIENTS: prints a line for each variant, name|transactions a second|CPU microseconds
in_turn() {
	local names=() tables=() pids=() ran=() counts=() i name table statement begun cpu count
	while IFS='|' read -r name table statement; do
		i=${#names[@]}
		names+=("$name") tables+=("$table") ran+=(0)
		printf '\\set id random(1, 100000)\n%s;\n' "$statement" >"$work/update$i.sql"
		counts+=("$("${psql[@]}" -c "SELECT pg_stat_get_tuples_$counted('$table'::regclass)")")
		bash -c 'kill -STOP $$; exec pgbench "$@"' pgbench -n -M prepared -c "$1" -j "$1" -T 100000 -f "$work/update$i.sql" \
			"dbname=$PGDATABASE application_name=variant$i" >/dev/null 2>&1 &
		pids+=($!)
	done <<<"$variants"
	for _ in $(seq "$slices"); do
		for i in "${!names[@]}"; do
			begun=${EPOCHREALTIME/./}
			kill -CONT "${pids[i]}"
			sleep "$slice"
			kill -STOP "${pids[i]}"
			ran[i]=$((ran[i] + ${EPOCHREALTIME/./} - begun))
		done
	done
	sleep 0.1
	for i in "${!names[@]}"; do
		cpu=$("${psql[@]}" -c "SELECT sum(split_part(pg_read_file('/proc/' || pid || '/schedstat'), ' ', 1)::bigint)
			FROM pg_stat_activity WHERE application_name = 'variant$i'")
		kill -KILL "${pids[i]}"
		wait "${pids[i]}" 2>/dev/null || true
		# a session's counts are complete when it has gone
		until [ "$("${psql[@]}" -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'variant$i'")" = 0 ]; do :; done
		count=$(("$("${psql[@]}" -c "SELECT pg_stat_get_tuples_$counted('${tables[i]}'::regclass)")" - counts[i]))
		awk -v n="${names[i]}" -v k="$count" -v t="${ran[i]}" -v c="$cpu" \
			'BEGIN { printf "%s|%.1f|%.3f\n", n, k / t * 1e6, c / k / 1000 }'
	done
}

# show_turns NAME: the lines of in_turn as a table, beside the variant of that name
show_turns() {
	sort -t'|' -k2,2gr >"$work/single"
	awk -F'|' -v base="$1" 'NR == FNR { if ($1 == base) { tps = $2; cpu = $3 } next }
		FNR == 1 { printf "%-31s %8s %8s %8s %8s\n", "", "tps", "ratio", "CPU", "added" }
		{ printf "%-31s %8.0f %8.2f %8.1f %+8.1f\n", $1, $2, $2 / tps, $3, $3 - cpu }' "$work/single" "$work/single"
}
