#!/bin/sh
# Writes leadflow.workspace_script(part): the parts of a workspace, as text that
# create_workspace runs.  Arguments: the parts, and the views, in order.
set -eu
dir=$(dirname "$0")

echo "CREATE FUNCTION leadflow.workspace_script(part text) RETURNS text"
echo "    LANGUAGE sql IMMUTABLE PARALLEL SAFE"
echo "    SET search_path = pg_catalog, pg_temp"
echo "    AS \$leadflow_function\$ SELECT CASE part"
for part in $1; do
	printf "WHEN '%s' THEN \$leadflow_text\$" "$part"
	cat "$dir/$part.sql"
	echo "\$leadflow_text\$"
done
printf "WHEN 'views' THEN \$leadflow_text\$"
for view in $2; do
	cat "$dir/views/$view.sql"
done
echo "\$leadflow_text\$"
echo "END \$leadflow_function\$;"
echo "COMMENT ON FUNCTION leadflow.workspace_script(text) IS"
echo "    'the text of one part of a workspace: $1 views';"
