#!/bin/bash
# tlswarden: the audit has every change, with the row before and after, and
# nothing that did not happen; ids of rules are used once.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sql.inc.sh
. "$(dirname "$0")/sql.inc.sh"

db=$tmp/t.db

# logs LABEL STATEMENT WANTED: what the audit holds after STATEMENT on a fresh
# copy; an error of the statement is fine. WANTED has a line for each row: what
# was done, and level or comment before and after.
logs() {
	local got
	cp "$pristine" "$db"
	sqlite3 "$db" "$2" > /dev/null 2>&1
	got=$(ask "$db" "
		SELECT tbl || ' ' || op || ' ' || key || ' '
		    || coalesce(json_extract(before, '\$.level'),
			json_extract(before, '\$.comment'), '-') || ' '
		    || coalesce(json_extract(after, '\$.level'),
			json_extract(after, '\$.comment'), '-')
		FROM audit WHERE id > 8 ORDER BY id")
	same "$1" "$3" "$got"
}

same "the rows before have 8 in the audit" 8 \
	"$(ask "$pristine" "SELECT max(id) FROM audit")"

logs "insert" "INSERT INTO policy(direction, level) VALUES('in', 'none')" \
	"policy insert 6 - none"
logs "insert of two" \
	"INSERT INTO policy(direction, level) VALUES('in', 'none'), ('in', 'encrypt')" \
	"policy insert 6 - none
policy insert 7 - encrypt"
logs "update" "UPDATE policy SET level = 'none' WHERE id = 1" \
	"policy update 1 encrypt none"
logs "update of a row to what it was" "UPDATE policy SET level = level WHERE id = 1" \
	"policy update 1 encrypt encrypt"
logs "update of many" "UPDATE policy SET level = 'none' WHERE id IN (1, 4)" \
	"policy update 1 encrypt none
policy update 4 preferred none"
logs "delete" "DELETE FROM policy WHERE id = 1" \
	"policy delete 1 encrypt -"
logs "delete of all" "DELETE FROM policy" \
	"policy delete 1 encrypt -
policy delete 2 secure -
policy delete 4 preferred -
policy delete 5 encrypt -"
logs "insert or replace" \
	"INSERT OR REPLACE INTO policy(id, direction, level) VALUES(1, 'in', 'none')" \
	"policy delete 1 encrypt -
policy insert 1 - none"
logs "replace, triggers being recursive" \
	"PRAGMA recursive_triggers = ON; REPLACE INTO policy(id, direction, level) VALUES(1, 'in', 'none')" \
	"policy delete 1 encrypt -
policy insert 1 - none"
logs "replace of two" \
	"REPLACE INTO policy(id, direction, level) VALUES(1, 'in', 'none'), (2, 'in', 'none')" \
	"policy delete 1 encrypt -
policy insert 1 - none
policy delete 2 secure -
policy insert 2 - none"
logs "replace of a row twice" \
	"REPLACE INTO policy(id, direction, level) VALUES(1, 'in', 'none'), (1, 'in', 'secure')" \
	"policy delete 1 encrypt -
policy insert 1 - none
policy delete 1 none -
policy insert 1 - secure"
logs "insert or ignore of a row that is there" \
	"INSERT OR IGNORE INTO policy(id, direction, level) VALUES(1, 'in', 'none')" ""
logs "insert or ignore of it, then a replace" \
	"INSERT OR IGNORE INTO policy(id, direction, level) VALUES(1, 'in', 'none');
	 UPDATE policy SET level = 'secure' WHERE id = 1;
	 REPLACE INTO policy(id, direction, level) VALUES(1, 'in', 'none')" \
	"policy update 1 encrypt secure
policy delete 1 secure -
policy insert 1 - none"
logs "upsert" \
	"INSERT INTO policy(id, direction, level) VALUES(1, 'in', 'none')
	 ON CONFLICT(id) DO UPDATE SET level = 'preferred'" \
	"policy update 1 encrypt preferred"
logs "upsert that does nothing" \
	"INSERT INTO policy(id, direction, level) VALUES(1, 'in', 'none')
	 ON CONFLICT DO NOTHING" ""
logs "insert that fails" \
	"INSERT INTO policy(id, direction, level) VALUES(1, 'in', 'none')" ""
logs "insert or fail: rows before the failure stay" \
	"INSERT OR FAIL INTO policy(id, direction, level)
	 VALUES(8, 'in', 'none'), (1, 'in', 'none'), (9, 'in', 'none')" \
	"policy insert 8 - none"
logs "insert or rollback" \
	"BEGIN; DELETE FROM policy WHERE id = 4;
	 INSERT OR ROLLBACK INTO policy(id, direction, level) VALUES(1, 'in', 'none')" ""
logs "transaction taken back" \
	"BEGIN; DELETE FROM policy; ROLLBACK" ""
logs "update from" \
	"UPDATE policy SET level = x.column1 FROM (VALUES('none')) AS x WHERE id = 5" \
	"policy update 5 encrypt none"

logs "ca: insert, update, delete" \
	"INSERT INTO ca(name, pem, comment) SELECT 'new', pem, 'a' FROM ca LIMIT 1;
	 UPDATE ca SET comment = 'b' WHERE name = 'new';
	 DELETE FROM ca WHERE name = 'new'" \
	"ca insert new - a
ca update new a b
ca delete new b -"
logs "ca: replace of one in use" \
	"REPLACE INTO ca(name, pem, comment) SELECT name, pem, 'b' FROM ca WHERE name = 'bank'" \
	"ca delete bank  -
ca insert bank - b"
logs "ca: renamed" "UPDATE ca SET name = 'x', comment = 'b' WHERE name = 'spare'" \
	"ca update spare  b"
logs "ca: update or replace deletes another" \
	"UPDATE ca SET comment = name;
	 INSERT INTO ca(name, pem, comment) SELECT 'third', pem, 'c' FROM ca LIMIT 1;
	 UPDATE OR REPLACE ca SET name = 'third', comment = 'x' WHERE name = 'spare'" \
	"ca update bank  bank
ca update spare  spare
ca insert third - c
ca delete third c -
ca update spare spare x"
logs "ca: update or ignore onto another" \
	"INSERT INTO ca(name, pem, comment) SELECT 'third', pem, 'c' FROM ca LIMIT 1;
	 UPDATE OR IGNORE ca SET name = 'third' WHERE name = 'spare'" \
	"ca insert third - c"

# The JSON holds every column, as it is.
cp "$pristine" "$db"
sqlite3 "$db" "
	INSERT INTO policy(direction, sender, recipient, subnet, level,
	    on_failure, ca, cert_name, cert_fingerprint, min_protocol,
	    min_bits, mode, expires_at, comment, enabled, priority)
	VALUES('out', '\"a \\\"b\"@example.com', 'bücher.example', '10.0.0.0/8',
	    'secure', 'fail', 'bank', 'nexthop', printf('%064d', 1),
	    'TLSv1.2', 128, 'monitor', '2030-01-01', 'x ''y'' \"z\" \\ ü',
	    0, -7);
	UPDATE policy SET enabled = 1 WHERE id = 6;
	DELETE FROM policy WHERE id = 6" 2> "$tmp/diag"
result "a rule with every column is made, changed and deleted"
for t in policy ca; do
	same "audit of $t: JSON with all columns" 0 "$(ask "$db" "
		SELECT count(*) FROM audit a
		WHERE tbl = '$t' AND EXISTS (
		  SELECT 1 FROM (SELECT before AS j UNION ALL SELECT after)
		  WHERE j IS NOT NULL
		    AND (NOT json_valid(j)
		    OR (SELECT group_concat(key) FROM json_each(j)) IS NOT
		       (SELECT group_concat(name) FROM pragma_table_info('$t'))))")"
done
same "the values are those of the row" \
	'6|1|-7|out|"a \"b"@example.com|bücher.example|10.0.0.0/8|secure|fail|bank|nexthop|0000000000000000000000000000000000000000000000000000000000000001|TLSv1.2|128|monitor|2030-01-01|x '"'y'"' "z" \ ü' \
	"$(ask "$db" "
		SELECT group_concat(j.value, '|') FROM audit a, json_each(a.after) j
		WHERE a.op = 'update' AND a.key = '6'")"
same "numbers are numbers, NULL is null" "integer,integer,null" "$(ask "$db" "
	SELECT json_type(after, '\$.id') || ',' || json_type(after, '\$.priority')
	    || ',' || json_type(after, '\$.subnet')
	FROM audit WHERE key = '1' AND tbl = 'policy' AND op = 'insert'")"
same "an update's before is the after of the change before it" 1 "$(ask "$db" "
	SELECT (SELECT after FROM audit WHERE key = '6' AND op = 'insert')
	     = (SELECT before FROM audit WHERE key = '6' AND op = 'update')
	   AND (SELECT after FROM audit WHERE key = '6' AND op = 'update')
	     = (SELECT before FROM audit WHERE key = '6' AND op = 'delete')")"
same "the time is UTC" 1 "$(ask "$db" "
	SELECT min(at GLOB '????-??-??T??:??:??Z'
	    AND abs(julianday(at) - julianday('now')) < 1) FROM audit")"
same "an actor is the shell unless it says who it is" "alice|1" "$(ask "$db" "
	SELECT group_concat(actor), sum(actor IS NOT NULL) FROM audit")"

# The table can be made again from its audit: all changes of the tests above.
cp "$pristine" "$db"
awk -v fields=2 -v forms=insert -f "$here/expand.awk" "$here/good.txt" |
	cut -d'|' -f3- | sqlite3 "$db" 2> "$tmp/diag"
sqlite3 "$db" "UPDATE policy SET enabled = NOT enabled WHERE id % 3 = 0;
	DELETE FROM policy WHERE id % 5 = 0;
	REPLACE INTO policy(id, direction, level) SELECT id, 'in', 'none'
	FROM policy WHERE id % 7 = 0" 2>> "$tmp/diag"
same "the last state in the audit is the table" "" "$(ask "$db" "
	WITH last AS (
	  SELECT tbl, key, after FROM audit
	  WHERE id IN (SELECT max(id) FROM audit WHERE tbl = 'policy'
	               GROUP BY key) AND after IS NOT NULL)
	SELECT key FROM last l LEFT JOIN policy_json p ON p.id = l.key
	WHERE l.after IS NOT p.json
	UNION ALL
	SELECT id FROM policy WHERE id NOT IN (SELECT key + 0 FROM last)")"
same "nothing is left pending but what was ignored" 0 "$(ask "$db" "
	SELECT count(*) FROM audit_pending WHERE key <> '4'")"

# ids
cp "$pristine" "$db"
same "the id of the last rule is not used again" 6 "$(ask "$db" "
	DELETE FROM policy WHERE id = 5;
	INSERT INTO policy(direction, level) VALUES('in', 'none')
	RETURNING id")"
same "nor when the table was emptied" 7 "$(ask "$db" "
	DELETE FROM policy;
	INSERT INTO policy(direction, level) VALUES('in', 'none')
	RETURNING id")"
same "after a chosen id the next one follows" "50 51" "$(ask "$db" "
	INSERT INTO policy(id, direction, level) VALUES(50, 'in', 'none')
	RETURNING id;
	INSERT INTO policy(direction, level) VALUES('in', 'none')
	RETURNING id" | tr '\n' ' ' | sed 's/ $//')"
ask "$db" "INSERT INTO policy(id, direction, level) VALUES(49, 'in', 'none')" |
	grep -q 'id: that number or a higher one' 
result "a number between is refused: nobody knows if it was in use"
same "an id beyond 32 bits is possible when SQLite gives it" 2147483648 \
	"$(ask "$db" "
	INSERT INTO policy(id, direction, level) VALUES(2147483647, 'in', 'none');
	INSERT INTO policy(direction, level) VALUES('in', 'none') RETURNING id")"
finish
