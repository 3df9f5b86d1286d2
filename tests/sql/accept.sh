#!/bin/bash
# tlswarden: the policy database takes what is right.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sql.inc.sh
. "$(dirname "$0")/sql.inc.sh"

# One shell takes them all, one statement a line, and goes on after an error,
# whose line number tells the row. Each line must also have its effect.
# run FORMS
run() {
	cp "$pristine" "$tmp/t.db"
	sqlite3 "$tmp/t.db" "INSERT INTO audit(at, tbl, op, key)
		VALUES('2001-01-01T00:00:00Z', 'policy', 'insert', '0')"
	awk -v fields=2 -v forms="$1" -f "$here/expand.awk" \
		"$here/good.txt" > "$tmp/$1"
	cut -d'|' -f3- "$tmp/$1" > "$tmp/$1.sql"
	sqlite3 "$tmp/t.db" < "$tmp/$1.sql" > "$tmp/out" 2> "$tmp/err"
}

# judge FORMS: a line of TAP for each.
judge() {
	local n=0 label
	while IFS='|' read -r label _; do
		n=$((n + 1))
		grep "error near line $n:" "$tmp/err" > "$tmp/diag"
		[ ! -s "$tmp/diag" ]
		result "$label ($1)"
	done < "$tmp/$1"
}

run insert
status=$?
judge insert
same "insert: exit status" 0 "$status"
same "insert: nothing was said" "" "$(cat "$tmp/out" "$tmp/err")"
plain=$(grep -c '^[^#|]*|set ' "$here/good.txt")
# 4 rules are there before; the other statements add 1, 3 and 5, and take 1
same "insert: a row for each" "$plain" \
	"$(ask "$tmp/t.db" "SELECT count(*) - (4 + 1 + 3 + 5 - 1) FROM policy")"

run update
status=$?
same "update: exit status" 0 "$status"
cp "$tmp/err" "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "update: rule 1 becomes each of the $plain rules"
same "update: each is in the audit" "$plain" \
	"$(ask "$tmp/t.db" "SELECT count(*) FROM audit WHERE op = 'update'")"
finish
