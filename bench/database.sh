# database.sh: to be sourced. A database of its own for a benchmark, and a folder
# (work) that goes when it ends; psql is how to call psql.
export PGOPTIONS=${PGOPTIONS:-'-c client_min_messages=warning'}
psql=(psql -X -q -A -t -v ON_ERROR_STOP=1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fresh_database NAME [ARGUMENTS OF PSQL]: makes leadflow_bench_NAME anew, or the
# database that PGDATABASE names, and has psql fill it
fresh_database() {
	export PGDATABASE=${PGDATABASE:-leadflow_bench_$1}
	"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE"
	"${psql[@]}" "${@:2}" >/dev/null
}

# show_machine HOW: what the figures that follow were measured on, and how
show_machine() {
	echo "# $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), huge pages reserved: $(sed -n 's/HugePages_Total: *//p' /proc/meminfo)"
	echo "# server $("${psql[@]}" -c 'SHOW server_version'), $1"
}
