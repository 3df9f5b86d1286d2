#!/bin/bash
# tlswarden: the audit has every change, with the row before and after, and
# nothing that did not happen; ids of rules are used once.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sql.inc.sh
. "$(dirname "$0")/sql.inc.sh"

db=$tmp/t.db

# shellcheck disable=SC2317 # called by cases
asked() {
	cp "$pristine" "$db"
	ask "$db" "$1"
}

# audited STATEMENTS: the new rows of the audit, and what is left pending.
# shellcheck disable=SC2317 # called by cases
audited() {
	asked "$1" > "$tmp/out"
	ask "$db" "
		SELECT tbl, op, key,
		    coalesce(json_extract(before, '\$.level'),
			json_extract(before, '\$.comment'), '-'),
		    coalesce(json_extract(after, '\$.level'),
			json_extract(after, '\$.comment'), '-')
		FROM audit WHERE id > 8 ORDER BY id" \
		"SELECT 'pending', tbl, key FROM audit_pending" | tr '|' ' '
}

same "the rows before have 8 in the audit" 8 \
	"$(ask "$pristine" "SELECT max(id) FROM audit")"
cases audit.txt audited
cases ids.txt asked

# All that good.txt does, and more: the table can be made from its audit.
cp "$pristine" "$db"
awk -v fields=2 -v forms=insert -f "$here/expand.awk" "$here/good.txt" |
	cut -d'|' -f3- | sqlite3 "$db" 2> "$tmp/diag"
result "many changes"
sqlite3 "$db" "UPDATE policy SET enabled = NOT enabled WHERE id % 3 = 0;
	DELETE FROM policy WHERE id % 5 = 0;
	REPLACE INTO policy(id, direction, level) SELECT id, 'in', 'none'
	FROM policy WHERE id % 7 = 0" 2> "$tmp/diag"
result "and more"
same "the last state in the audit is the table" "" "$(ask "$db" "
	WITH last AS (
	  SELECT key, after FROM audit
	  WHERE id IN (SELECT max(id) FROM audit WHERE tbl = 'policy'
	               GROUP BY key) AND after IS NOT NULL)
	SELECT key FROM last l LEFT JOIN policy_json p ON p.id = l.key
	WHERE l.after IS NOT p.json
	UNION ALL
	SELECT id FROM policy
	WHERE id NOT IN (SELECT key + 0 FROM last)")"
same "every JSON of the audit is valid" 0 "$(ask "$db" "
	SELECT count(*) FROM audit
	WHERE NOT json_valid(coalesce(before, after))
	   OR NOT json_valid(coalesce(after, before))
	   OR (before IS NULL) <> (op = 'insert')
	   OR (after IS NULL) <> (op = 'delete')")"
same "nothing is left pending" "" "$(ask "$db" "
	SELECT group_concat(key) FROM audit_pending")"
finish
