# cases.sh: to be sourced. Times statements that answer with one number, all in
# one session and in rounds, so that all of them see the same moods of the machine.
#
# Needs: database.sh, rounds. The CPU time is the backend's own, from
# /proc/PID/schedstat: the server is on this machine.

# add WHAT STATEMENT: one line of the part whose name is in $part and size in $n;
# the first of a part is what its others are compared with, and in brackets is what
# is no peer. An answer that differs from the first's over as many rows is shown.
add() {
	echo "$part|$1|$n|$(tr -s '\n\t' '  ' <<<"$2")" >>"$work/cases"
}

# run_cases SETTINGS: each statement once to warm up, then once a round; prints
# the medians
run_cases() {
	local round part what n statement
	{
		printf '%s\n' "$1"
		printf '%s\n' "SELECT pg_backend_pid() AS pid \\gset" "\\setenv BENCH_PID :pid"
		for round in $(seq 0 "$rounds"); do
			while IFS='|' read -r part what n statement; do
				printf '%s\n' "\\set before \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
				printf '%s\n' "SELECT ($statement) AS answer \\gset"
				printf '%s\n' "\\set after \`cut -d' ' -f1 /proc/\$BENCH_PID/schedstat\`"
				printf '%s\n' "\\echo '$round|$part|$what|$n|' :before '|' :after '|' :answer"
			done <"$work/cases"
		done
	} >"$work/run.sql"
	"${psql[@]}" -f "$work/run.sql" >"$work/times"

	awk -F'|' '
	$1 == 0 { order[++keys] = $2 "|" $3; answer[$2 "|" $3] = $7; size[$2 "|" $3] = $4 }
	$1 > 0 { key = $2 "|" $3; time[key, ++count[key]] = ($6 - $5) / 1e9 }
	function median(key,    i, j, n, x, v) {
		n = count[key]
		for (i = 1; i <= n; i++) v[i] = time[key, i]
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] > v[j]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	END {
		for (i = 1; i <= keys; i++) {
			split(order[i], label, "|")
			cost = median(order[i]) / size[order[i]]
			if (label[1] != part) {
				part = label[1]
				own = cost
				n = size[order[i]]
				truth = answer[order[i]]
				printf "\n%s\n%-42s %12s %12s %8s\n", part, "", "CPU seconds", "ns a row", "ratio"
			}
			off = label[2] ~ /^\(/ || size[order[i]] != n || truth == 0 ? 0 : (answer[order[i]] - truth) / truth
			printf "%-42s %12.3f %12.0f %8.2f%s\n", label[2], median(order[i]), cost * 1e9, cost / own,
				(off > 1e-9 || off < -1e-9) ? "  answers " answer[order[i]] " and not " truth : ""
		}
	}' "$work/times"
}
