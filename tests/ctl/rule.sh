#!/bin/bash
# tlswarden: rules are added, changed, listed and removed by tlswarden(1).
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table

# ---- add ----------------------------------------------------------------
tw 0 "add prints the id" rule add --direction out --recipient example.mil \
	--level encrypt --min-protocol TLSv1.2 --comment "it's ours"
out_is 1 "the id is all that it prints"
tw 0 "add with --json" --json rule add --direction in --sender .example.org \
	--level secure --on-failure fail --subnet 192.0.2.0/24 --mode monitor \
	--min-bits 128 --expires-at 2099-01-01 --cert-name '*Example*' \
	--priority -7
json '.id == 2' "the id as JSON"
tail='*Example*|128|monitor|2099-01-01|-7|1'
[ "$(sql "SELECT direction, sender, recipient, subnet, level, on_failure,
	cert_name, min_bits, mode, expires_at, priority, enabled FROM policy
	WHERE id = 2")" = \
	"in|.example.org|*|192.0.2.0/24|secure|fail|$tail" ]
verdict $? "every option is in its column"
tw 0 "add with a pin" rule add --direction out --recipient '[mx.test]:25' \
	--level encrypt --cert-fingerprint "$(printf 'a%.0s' {1..64})"
tw 0 "add with U-labels" rule add --direction out --recipient bücher.example \
	--level preferred

# OUT, IN, ENC and NONE stand for the options that most rows have.
while IFS='|' read -r desc args want; do
	args=${args/OUT/--direction out}
	args=${args/IN/--direction in}
	args=${args/ENC/--level encrypt}
	args=${args/NONE/--level none}
	# shellcheck disable=SC2086 # words
	tw 65 "refused: $desc" rule add $args
	err_has "$want" "and says what is allowed: $desc"
	[ -z "$out" ]
	verdict $? "and prints no id: $desc"
done <<'ROWS'
unknown level|OUT --level tls|'encrypt'
unknown direction|--direction both NONE|direction
host bits|IN NONE --subnet 192.0.2.7/24|192\.0\.2\.0/24
not an address|IN NONE --subnet mx.test|subnet
pattern with blanks|IN NONE --sender a@b@c|sender
empty sender|IN NONE --sender @|sender
ca without secure|OUT ENC --ca bank|ca
unknown ca|OUT --level secure --ca bank|ca
name without secure|OUT ENC --cert-name mx.test|cert_name
version without TLS|OUT NONE --min-protocol TLSv1.2|min_protocol
unknown version|OUT ENC --min-protocol TLSv9|min_protocol
bits|OUT ENC --min-bits 257|min_bits
bits are a number|OUT ENC --min-bits many|--min-bits: "many" is no whole number
bits are whole|OUT ENC --min-bits 128.5|--min-bits: "128.5" is no whole
short pin|OUT ENC --cert-fingerprint abcd|cert_fingerprint
mode|OUT ENC --mode try|mode
action|OUT ENC --on-failure drop|on_failure
time with offset|OUT ENC --expires-at 2099-01-01T00:00+02:00|expires_at
February 30th|OUT ENC --expires-at 2099-02-30|expires_at
priority|OUT ENC --priority high|--priority: "high" is no whole number
priority of a sign|OUT ENC --priority -|--priority: "-" is no whole number
next hop inbound|IN ENC --recipient [mx.test]|recipient
null recipient|IN ENC --recipient <>|recipient
ROWS
tw 65 "what only the loader sees is refused before it is committed" \
	rule add --direction out --level encrypt \
	--recipient "$(printf '\u1806').example"
[ "$(sql 'SELECT count(*) FROM policy')" = 4 ]
verdict $? "nothing of what was refused is in the table"

tw 64 "direction and level are needed" rule add --level none
tw 64 "an option of another verb" rule add --direction in --level none --for 4h
err_has 'try "tlswarden rule add --help"' "where help is"
tw 64 "a misspelt option" rule add --directon in
err_has 'do you mean --direction' "the nearest option is named"
tw 64 "an option without its value" rule add --level
tw 64 "an option given twice" rule add --level none --level encrypt
err_has 'twice' "and says so"
tw 64 "a word too many" rule add --direction in --level none example.org
tw 64 "rule alone" rule
tw 64 "an unknown verb of rule" rule lsit
err_has 'do you mean "list"' "the nearest verb is named"

# ---- list ---------------------------------------------------------------
tw 0 "list" rule list
[ "$(wc -l <<<"$out")" = 5 ]
verdict $? "a head and a line per rule"
out_has '^1 .* example\.mil .* encrypt .* TLSv1\.2 ' "with what a rule demands"
awk 'NR == 1 { at = index($0, "LEVEL") }
	NR > 1 && substr($0, at - 1, 1) != " " { exit 1 }' \
	<<<"$(grep -v bü <<<"$out")"
verdict $? "columns are aligned"
tw 0 "list --json" rule list --json
json 'length == 4 and .[0].recipient == "example.mil" and .[1].min_bits == 128
	and .[0].subnet == null and .[0].comment == "it'"'"'s ours"' \
	"list --json has the columns"
tw 0 "list by direction" rule list --direction in --json
json 'map(.id) == [2]' "only those of the direction"
tw 0 "list by level and mode" rule list --level encrypt --mode enforce --json
json 'map(.id) == [1, 3]' "all filters hold"
tw 0 "list by text" rule list --match MIL --json
json 'map(.id) == [1]' "case does not count"
tw 0 "nothing fits" rule list --match nothing.test
out_is "no such rule" "and it says so"
tw 0 "nothing fits, --json" rule list --match nothing.test --json
json '. == []' "an empty array"

# ---- what no MTA can enforce is said at once ------------------------------
tw 0 "a rule that cannot work" rule add --direction out --sender a.test \
	--level encrypt
err_has "note: rule $out names a sender" "is told, with its number"
note=$out
tw 0 "a rule that works" rule add --direction in --sender a.test --level none
[ -z "$err" ]
verdict $? "is not"
sql "DELETE FROM policy WHERE id >= $note;
	UPDATE sqlite_sequence SET seq = 4 WHERE name = 'policy'"

# ---- set, enable, disable, move, remove ------------------------------------
tw 0 "set" rule set 1 --level secure --comment ''
[ "$(sql 'SELECT level, comment, min_protocol FROM policy WHERE id = 1')" = \
	"secure||TLSv1.2" ]
verdict $? "changes what is given, leaves the rest"
tw 0 "an empty value is NULL" rule set 1 --min-protocol ''
[ "$(sql 'SELECT min_protocol IS NULL FROM policy WHERE id = 1')" = 1 ]
verdict $? "in the table, too"
tw 64 "set nothing" rule set 1
tw 65 "set in no rule" rule set 99 --level none
err_has 'no rule 99' "it is named"
tw 65 "set what cannot be" rule set 3 --level none
tw 64 "set without a number" rule set one --level none
tw 0 "disable two" rule disable 1 3
tw 0 "list --disabled" rule list --disabled --json
json 'map(.id) == [1, 3] and all(.enabled == 0)' "they are"
tw 65 "enable one that is there and one that is not" rule enable 1 99
[ "$(sql 'SELECT enabled FROM policy WHERE id = 1')" = 0 ]
verdict $? "none was"
tw 0 "enable" rule enable 1
tw 0 "move before" rule move 1 --before 2
[ "$(sql 'SELECT a.priority < b.priority FROM policy a, policy b
	WHERE a.id = 1 AND b.id = 2')" = 1 ]
verdict $? "it wins now"
tw 0 "move after" rule move 1 --after 2
[ "$(sql 'SELECT a.priority > b.priority FROM policy a, policy b
	WHERE a.id = 1 AND b.id = 2')" = 1 ]
verdict $? "it loses now"
tw 0 "move by number" rule move 1 --priority 5
tw 65 "move before none" rule move 1 --before 99
err_has 'no rule 99' "the one that is missing is named"
tw 65 "move none" rule move 98 --before 1
err_has 'no rule 98' "that one, too"
tw 64 "move before itself" rule move 1 --before 1
tw 64 "move nowhere" rule move 1
tw 64 "move twice" rule move 1 --before 2 --priority 3
tw 0 "remove" rule remove 2 3
tw 0 "add after that" rule add --direction out --level none
out_is 5 "numbers are never used again"
tw 65 "remove what is gone" rule remove 2

# ---- show, audit ----------------------------------------------------------
tw 0 "show" rule show 1
out_has 'recipient +example\.mil' "all columns"
out_has "$(id -un)  rule 1 changed: priority" "and its history with names"
tw 0 "show a removed rule" rule show 2
out_has 'removed' "it says so"
tw 0 "show --json of a removed rule" rule show 2 --json
json '.exists == false and .rule.sender == ".example.org" and
	.history[0].op == "delete" and (.history | length) == 2' "what it said"
tw 65 "show what never was" rule show 99
err_has 'never was' "it says so"
tw 64 "show no number" rule show x1
sql "INSERT INTO policy(direction, level) VALUES('in', 'preferred')"
tw 0 "audit" audit --limit 1
out_has '\(sqlite3 shell\)  rule 6 added' "the shell does not tell who it was"
tw 0 "audit of a rule" audit --rule 1 --json
json 'all(.key == "1" and .table == "policy") and .[0].op == "update" and
	.[-1].op == "insert" and .[0].before.priority != .[0].after.priority' \
	"before and after are objects"
tw 0 "audit since" audit --since 2099 --json
json '. == []' "nothing from the future"
tw 64 "audit of two things" audit --rule 1 --ca x
tw 64 "audit limit" audit --limit x

# ---- names of those who change ----------------------------------------------
if [ "$(id -u)" = 0 ]; then
	SUDO_USER=alice "$program" -c "$conf" rule disable 1 >/dev/null
	tw 0 "audit names who is behind sudo" audit --limit 1 --json
	json '.[0].actor == "alice"' "it does"
fi

# ---- trouble ------------------------------------------------------------
"$program" -c "$work/none.conf" rule list >/dev/null 2>"$work/err"
rc=$?
err=$(cat "$work/err")
[ $rc = 78 ] || [ $rc = 66 ]
verdict $? "a missing configuration (exit code $rc)"
err_has 'none\.conf' "is named"
echo 'policy_databse = "x"' >"$work/bad.conf"
"$program" -c "$work/bad.conf" rule list >/dev/null 2>"$work/err"
[ $? = 78 ]
verdict $? "a wrong configuration"
err=$(cat "$work/err")
err_has 'bad\.conf:1: .*policy_databse' "with file, line and key"
mv "$db" "$db.away"
tw 66 "no table" rule list
err_has 'policy\.db' "is named"
tw 66 "no table to change" rule enable 1
echo "this is no database, and long enough to be told from one" >"$db"
tw 65 "a table that is none" rule list
tw 65 "changing a table that is none" rule enable 1
mv "$db.away" "$db"
"$program" -c "$conf" rule list >/dev/full 2>/dev/null
[ $? = 74 ]
verdict $? "a full disk behind standard output is told"
tw 0 "colours stay out of pipes" rule list
! grep -q $'\033' <<<"$out"
verdict $? "no escape"
sqlite3 "$db" "BEGIN IMMEDIATE" ".shell sleep 1.5" "COMMIT" &
sleep 0.3
tw 0 "waits for another writer" rule enable 1
wait

if [ "$(id -u)" = 0 ]; then
	as_nobody() {
		local want=$1 desc=$2 rc
		shift 2
		out=$(setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$program" -c "$conf" "$@" 2>"$work/err")
		rc=$?
		err=$(cat "$work/err")
		case " $want " in *" $rc "*) true ;; *) false ;; esac
		verdict $? "$desc (exit code $rc, want $want)"
	}
	chmod 0755 "$work"
	as_nobody "66 77" "a directory that we may not enter" rule list
	chmod 0755 "$work/lib"
	chmod 0644 "$db"
	as_nobody 0 "reading needs no right to write" rule list
	as_nobody 77 "a read-only table" rule add --direction out --level none
	err_has 'policy\.db' "is named"
fi

# What the triggers would refuse came in without them.
sql "DROP TRIGGER policy_before_update;
	UPDATE policy SET comment = 'red' || char(27) || '[31m' WHERE id = 1"
tw 0 "control characters in a comment" rule list
! grep -q $'\033' <<<"$out"
verdict $? "do not reach the terminal"

finish
