#!/bin/sh
# Writes leadflow.workspace_reports(), the reports in the order in which they
# are made, leadflow.workspace_steps(), the steps that bring an older workspace
# to this version, and leadflow.workspace_script(part), the parts of a workspace
# as text that create_workspace and upgrade_workspace run.  Arguments: the
# parts, the reports, and the steps.
set -eu
dir=$(dirname "$0")

# when NAME FILE: a branch of the CASE
when() {
	printf "WHEN '%s' THEN \$leadflow_text\$" "$1"
	cat "$dir/$2.sql"
	echo "\$leadflow_text\$"
}

echo "CREATE FUNCTION leadflow.workspace_reports() RETURNS text[]"
echo "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
echo "    SET search_path = pg_catalog, pg_temp"
echo "    AS \$\$ SELECT pg_catalog.string_to_array('$2', ' ') \$\$;"
echo "COMMENT ON FUNCTION leadflow.workspace_reports() IS"
echo "    'names of the reports of a workspace, each after those that it reads';"
echo
echo "CREATE FUNCTION leadflow.workspace_steps() RETURNS text[]"
echo "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
echo "    SET search_path = pg_catalog, pg_temp"
echo "    AS \$\$ SELECT pg_catalog.string_to_array('$3', ' ') \$\$;"
echo "COMMENT ON FUNCTION leadflow.workspace_steps() IS"
echo "    'the steps from version to version that bring a workspace to this one, in order, each named after the version before it and the one that it leads to';"
echo
echo "CREATE FUNCTION leadflow.workspace_script(part text) RETURNS text"
echo "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
echo "    SET search_path = pg_catalog, pg_temp"
echo "    AS \$leadflow_function\$ SELECT CASE part"
for part in $1; do
	when "$part" "$part"
done
for report in $2; do
	when "$report" "views/$report"
done
for step in $3; do
	when "$step" "upgrades/$step"
done
echo "END \$leadflow_function\$;"
echo "COMMENT ON FUNCTION leadflow.workspace_script(text) IS"
echo "    'the text of one part of a workspace, by its name: $1, a report, or a step';"
