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

same "policy.sql says nothing" "" "$(ask "$db" < "$sql/policy.sql")"
same "user_version, application_id, journal" "1 1953264496 delete" \
	"$(ask "$db" "PRAGMA user_version; PRAGMA application_id;
	PRAGMA journal_mode" | tr '\n' ' ' | sed 's/ $//')"
same "integrity" ok "$(ask "$db" "PRAGMA integrity_check")"
same "the columns of policy" \
	"id enabled priority direction sender recipient subnet level on_failure ca cert_name cert_fingerprint min_protocol min_bits mode expires_at comment" \
	"$(ask "$db" "SELECT group_concat(name, ' ') FROM pragma_table_info('policy')")"
same "the columns of ca" "name pem comment added_at" \
	"$(ask "$db" "SELECT group_concat(name, ' ') FROM pragma_table_info('ca')")"
same "the columns of audit" "id at actor tbl op key before after" \
	"$(ask "$db" "SELECT group_concat(name, ' ') FROM pragma_table_info('audit')")"
same "the defaults" "1|100|*|*||tempfail||||||enforce||" \
	"$(ask "$db" "INSERT INTO policy(direction, level) VALUES('out', 'encrypt')
	RETURNING enabled, priority, sender, recipient, subnet, on_failure, ca,
	cert_name, cert_fingerprint, min_protocol, min_bits, mode, expires_at,
	comment")"

# Again, on a database in use.
cp "$pristine" "$db"
same "a second run says nothing" "" "$(ask "$db" < "$sql/policy.sql")"
same "a second run keeps all rows" "$(contents "$pristine")" "$(contents "$db")"
same "a second run keeps the schema" "$(schema "$pristine")" "$(schema "$db")"
ask "$db" "DROP TRIGGER policy_before_insert; DROP VIEW check_domain;
	DROP VIEW rules_readable" > "$tmp/diag"
same "a run mends triggers and views that were lost" "" \
	"$(ask "$db" < "$sql/policy.sql")"
same "and the schema is whole again" "$(schema "$pristine")" "$(schema "$db")"
same "inside a transaction of the caller" "$(contents "$pristine")" \
	"$( (echo "BEGIN;"; cat "$sql/policy.sql"; echo "COMMIT;") |
	ask "$db"; contents "$db")"

# Dump and restore.
sqlite3 "$pristine" .dump > "$tmp/dump.sql"
same "a dump restores" "" "$(ask "$tmp/r.db" < "$tmp/dump.sql")"
same "policy.sql gives it its version back" "1" \
	"$(ask "$tmp/r.db" < "$sql/policy.sql"; ask "$tmp/r.db" "PRAGMA user_version")"
same "the restored rows are the same" "$(contents "$pristine")" \
	"$(contents "$tmp/r.db")"
same "the restored table refuses" 1 "$(ask "$tmp/r.db" \
	"INSERT INTO policy(direction, level) VALUES('in', 'x')" |
	grep -c "level: 'none'")"
same "the restored table goes on with its ids" 6 "$(ask "$tmp/r.db" \
	"INSERT INTO policy(direction, level) VALUES('in', 'none') RETURNING id")"
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
cp "$pristine" "$db"
ask "$db" "
	INSERT INTO policy(direction, level, sender, subnet, min_protocol,
	    min_bits, on_failure, expires_at, comment)
	VALUES('in', 'encrypt', '<>', '192.0.2.0/24', 'TLSv1.2', 128, 'fail',
	    '2001-01-01', 'old');
	INSERT INTO policy(direction, level, expires_at, mode)
	VALUES('in', 'secure', datetime('now', '+4 hours'), 'monitor');
	UPDATE policy SET enabled = 0 WHERE id = 5;
	UPDATE policy SET level = 'secure', ca = 'bank' WHERE id = 1" \
	> "$tmp/diag"
same "rules_readable: states" "on on on off expired watching" "$(ask "$db" \
	"SELECT group_concat(state, ' ') FROM rules_readable")"
same "rules_readable: a rule" \
	"received mail from the null sender by clients in 192.0.2.0/24: TLS, TLSv1.2 or newer, 128 bits or more, else refuse (until 2001-01-01 UTC)" \
	"$(ask "$db" "SELECT rule FROM rules_readable WHERE id = 6")"
same "rules_readable: another" \
	"sent mail to bank.example: TLS with a verified certificate, chain up to CA bank, else defer" \
	"$(ask "$db" "SELECT rule FROM rules_readable WHERE id = 2")"
same "rules_active" "4 7 1 2" "$(ask "$db" \
	"SELECT group_concat(id, ' ') FROM rules_active")"
same "rules_expiring" "6|expired|1 7|watching|0" "$(ask "$db" \
	"SELECT id, state, hours_left < 0 FROM rules_expiring" |
	tr '\n' ' ' | sed 's/ $//')"
same "rules_summary" "6" "$(ask "$db" "SELECT sum(rules) FROM rules_summary")"
same "ca_used" "bank|1|2|1 2 spare|1|0|" "$(ask "$db" \
	"SELECT name, certificates, rules, rule_ids FROM ca_used" |
	tr '\n' ' ' | sed 's/ $//')"
same "audit_readable: an update" \
	"shell|rule 1 updated|level: encrypt -> secure; ca: NULL -> bank" \
	"$(ask "$db" "SELECT who, what, changes FROM audit_readable LIMIT 1")"
same "audit_readable: a delete" \
	"shell|rule 3 deleted|id: 3; enabled: 1; priority: 100; direction: in; sender: *; recipient: *; level: none; on_failure: tempfail; mode: enforce" \
	"$(ask "$db" "SELECT who, what, changes FROM audit_readable
	WHERE what GLOB '*deleted'")"
same "audit_readable: all of the audit" 12 "$(ask "$db" \
	"SELECT count(*) FROM audit_readable WHERE changes <> ''")"
same "subnet_masks" \
	"0|0.0.0.0|0|1|4294967296 17|255.255.128.0|3|128|32768 27|255.255.255.224|4|32|32 32|255.255.255.255|4|1|1" \
	"$(ask "$db" "SELECT * FROM subnet_masks WHERE bits IN (0, 17, 27, 32)" |
	tr '\n' ' ' | sed 's/ $//')"
for view in $(ask "$db" "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
	sqlite3 "$db" "SELECT * FROM $view" > /dev/null 2> "$tmp/diag" || break
done
[ ! -s "$tmp/diag" ]
result "every view can be selected"
same "a reader that trusts no schema can read" "4|6" "$(ask -readonly "$db" \
	"PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;
	SELECT (SELECT count(*) FROM rules_active), count(*) FROM policy")"

# The other files.
cp "$pristine" "$db"
sqlite3 "$tmp/x.db" < "$sql/policy.sql"
same "examples.sql runs" "" "$(ask "$tmp/x.db" < "$sql/examples.sql")"
same "at least a dozen rules, each with its reason" 1 "$(ask "$tmp/x.db" \
	"SELECT count(*) >= 12 AND min(comment <> '') FROM policy")"
same "state.sql" "wal" "$(ask "$tmp/s.db" < "$sql/state.sql")"
same "state.sql again" "wal" "$(ask "$tmp/s.db" < "$sql/state.sql")"
same "state: version, application, tables" \
	"1 1953264499 probe session session_domain violation" \
	"$(ask "$tmp/s.db" "PRAGMA user_version; PRAGMA application_id;
	SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name" |
	tr '\n' ' ' | sed 's/ $//')"
same "state: pruning by time uses the index" 3 "$(for t in session violation probe; do
	ask "$tmp/s.db" "EXPLAIN QUERY PLAN SELECT at FROM $t WHERE at < 9"
	done | grep -c "USING COVERING INDEX .*_at")"
# They are compiled in as C strings, line by line.
LC_ALL=C grep -n '[^ -~]' "$sql/policy.sql" "$sql/state.sql" > "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "policy.sql and state.sql are printable ASCII"
awk 'length > 500 { print FILENAME ":" FNR ": " length " bytes" }' \
	"$sql/policy.sql" "$sql/state.sql" > "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "no line is too long for a string literal"
finish
