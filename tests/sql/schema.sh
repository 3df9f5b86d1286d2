#!/bin/bash
# tlswarden: the SQL files make working databases, alone, and again.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sql.inc.sh
. "$(dirname "$0")/sql.inc.sh"

db=$tmp/t.db

# contents DATABASE: all rows and counters, for comparison.
contents() {
	ask "$1" "SELECT * FROM policy ORDER BY id" "SELECT * FROM ca" \
		"SELECT * FROM audit ORDER BY id" \
		"SELECT * FROM sqlite_sequence ORDER BY name"
}

# schema DATABASE
schema() {
	ask "$1" "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
}

# line: what stands on stdin, on one line.
line() {
	tr '\n' ' ' | sed 's/ $//'
}

# Once, and again on a database in use.
same "policy.sql says nothing" "" "$(ask "$db" < "$sql/policy.sql")"
cp "$pristine" "$db"
same "a second run says nothing" "" "$(ask "$db" < "$sql/policy.sql")"
same "a second run keeps all rows" "$(contents "$pristine")" \
	"$(contents "$db")"
same "a second run keeps the schema" "$(schema "$pristine")" "$(schema "$db")"
ask "$db" "DROP TRIGGER policy_before_insert; DROP VIEW check_domain;
	DROP VIEW rules_readable" > "$tmp/diag"
same "a run mends triggers and views that were lost" "" \
	"$(ask "$db" < "$sql/policy.sql")"
same "and the schema is whole again" "$(schema "$pristine")" "$(schema "$db")"
{
	echo "BEGIN;"
	cat "$sql/policy.sql"
	echo "COMMIT;"
} | ask "$db" > "$tmp/diag"
same "it runs inside a transaction of the caller" \
	"$(contents "$pristine"; schema "$pristine")" \
	"$(contents "$db"; schema "$db")"

# Dump and restore.
sqlite3 "$pristine" .dump > "$tmp/dump.sql"
same "a dump restores" "" "$(ask "$tmp/r.db" < "$tmp/dump.sql")"
same "policy.sql gives it its version back" "1" \
	"$(ask "$tmp/r.db" < "$sql/policy.sql"
	ask "$tmp/r.db" "PRAGMA user_version")"
same "the restored rows are the same" "$(contents "$pristine")" \
	"$(contents "$tmp/r.db")"
same "the restored table refuses" 1 "$(ask "$tmp/r.db" \
	"INSERT INTO policy(direction, level) VALUES('in', 'x')" |
	grep -c "level: 'none'")"
same "the restored table goes on with its ids" 6 "$(ask "$tmp/r.db" \
	"INSERT INTO policy(direction, level) VALUES('in', 'none')
	RETURNING id")"
sqlite3 "$tmp/e.db" < "$sql/policy.sql"
same "rows alone restore into an empty database with its triggers" "" \
	"$(sqlite3 "$pristine" '.dump --data-only' | ask "$tmp/e.db")"
same "with their ids" \
	"$(ask "$pristine" "SELECT * FROM policy" "SELECT * FROM ca")" \
	"$(ask "$tmp/e.db" "SELECT * FROM policy" "SELECT * FROM ca")"
same "and the old audit" "$(ask "$pristine" "SELECT * FROM audit")" \
	"$(ask "$tmp/e.db" "SELECT * FROM audit WHERE id <= 8")"
same "and deleted ids stay used" 1 "$(ask "$tmp/e.db" \
	"INSERT INTO policy(id, direction, level) VALUES(3, 'in', 'none')" |
	grep -c "id: that number")"

# Views.
cp "$pristine" "$tmp/viewed.db"
sqlite3 "$tmp/viewed.db" "
	INSERT INTO policy(direction, level, sender, subnet, min_protocol,
	    min_bits, on_failure, expires_at, comment)
	VALUES('in', 'encrypt', '<>', '192.0.2.0/24', 'TLSv1.2', 128, 'fail',
	    '2001-01-01', 'old');
	INSERT INTO policy(direction, level, expires_at, mode)
	VALUES('in', 'secure', datetime('now', '+4 hours'), 'monitor');
	UPDATE policy SET enabled = 0 WHERE id = 5;
	UPDATE policy SET level = 'secure', ca = 'bank' WHERE id = 1" \
	2> "$tmp/diag"
result "rows to look at"
# shellcheck disable=SC2317 # called by cases
viewed() {
	cp "$tmp/viewed.db" "$db"
	ask "$db" "$1"
}
cases views.txt viewed
for view in $(ask "$db" \
	"SELECT name FROM sqlite_schema WHERE type = 'view'"); do
	sqlite3 "$db" "SELECT * FROM $view" > "$tmp/out" 2> "$tmp/diag" || break
done
[ -n "$view" ] && [ ! -s "$tmp/diag" ]
result "every view can be selected"

# The other files.
sqlite3 "$tmp/x.db" < "$sql/policy.sql"
same "examples.sql runs" "" "$(ask "$tmp/x.db" < "$sql/examples.sql")"
same "at least a dozen rules, each with its reason" 1 "$(ask "$tmp/x.db" \
	"SELECT count(*) >= 12 AND min(comment <> '') FROM policy")"
same "state.sql" "wal" "$(ask "$tmp/s.db" < "$sql/state.sql")"
same "state.sql again" "wal" "$(ask "$tmp/s.db" < "$sql/state.sql")"
version=$(sed -n 's/.*STATE_VERSION = \([0-9]*\),.*/\1/p' \
	"$sql/../lib/store/state_db.h")
same "state: version, application, tables" \
	"$version 1953264499 $(printf '%s ' lost probe probe_day seen_chain \
	session session_domain)violation" \
	"$(ask "$tmp/s.db" "PRAGMA user_version; PRAGMA application_id;
	SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name" |
	line)"
for t in session violation probe seen_chain; do
	same "state: the time of $t has an index" 1 "$(ask "$tmp/s.db" \
		"EXPLAIN QUERY PLAN SELECT at FROM $t WHERE at < 9" |
		grep -c "USING COVERING INDEX ${t}_at")"
done

# The manual page names every column and every view for a person.
page=$sql/tlswarden-policy.5
ask "$pristine" "
	SELECT 'It Va ' || name FROM pragma_table_info('policy')
	UNION ALL SELECT 'It Va ' || name FROM pragma_table_info('ca')
	UNION ALL SELECT 'It Sy ' || name FROM sqlite_schema
	WHERE type = 'view' AND name NOT GLOB 'check_*'
	  AND name NOT GLOB '*_json'" > "$tmp/names"
grep -vxf <(sed -n 's/^\.\(It Va [a-z_]*\).*/\1/p
	s/^\.\(It Sy [a-z_]*\).*/\1/p' "$page") "$tmp/names" > "$tmp/diag"
n=$(wc -l < "$tmp/names")
[ "$n" -gt 20 ] && [ ! -s "$tmp/diag" ]
result "the manual page has all $n names"

# They are compiled in as C strings, line by line.
LC_ALL=C grep -n '[^ -~]' "$sql/policy.sql" "$sql/state.sql" > "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "policy.sql and state.sql are printable ASCII"
awk 'length > 500 { print FILENAME ":" FNR ": " length " bytes" }' \
	"$sql/policy.sql" "$sql/state.sql" > "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "no line is too long for a string literal"
finish
