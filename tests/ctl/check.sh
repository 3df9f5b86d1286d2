#!/bin/bash
# tlswarden: check names what cannot work.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

# add COLUMNS VALUES
add() {
	sql "INSERT INTO policy($1) VALUES($2)"
}

# found CODE RULES DESC: a finding of that code is about exactly those rules.
found() {
	json ".findings | map(select(.code == \"$1\" and .rules == $2)) |
		length == 1" "$3"
}

not_found() {
	json ".rules > 0 and (.findings | map(select(.code == \"$1\")) |
		length == 0)" "$2"
}

# ---- init, and a good table ---------------------------------------------
rmdir "$work/lib"
tw 0 "init" init
out_has '^created +.*/lib/policy\.db' "says what it did"
[ "$(stat -c %a "$work/lib" "$db" "$work/lib/state" | xargs)" = "750 640 2770" ]
verdict $? "modes are right"
tw 0 "again" init --json
json 'map(.did) == ["kept", "kept", "kept"]' "nothing to do"
add "direction, recipient, level" "'out', 'example.mil', 'encrypt'"
tw 0 "rules stay" init
[ "$(sql 'SELECT count(*) FROM policy')" = 1 ]
verdict $? "they are there"
tw 0 "nothing to find" check --json
json '.problems == 0 and .notices == 0 and .rules == 1 and .loads and
	.findings == []' "nothing is found"
chmod 777 "$work/lib"
tw 1 "a directory that all can write" check
out_has 'problem .*journal' "why that is bad"
out_has 'fix: chmod 0750 ' "and what to do"
tw 0 "init mends it" init
out_has '^repaired ' "and says so"
tw 0 "it is" check
touch "$work/lib/other" && chmod 755 "$work/lib"
tw 0 "a safe directory that holds other files" init
out_has '^kept +.*/lib: holds other files, too' "says that it stays"
[ "$(stat -c %a "$work/lib")" = 755 ]
verdict $? "is left as it is"
chmod 775 "$work/lib"
tw 1 "others can write a directory that holds other files" init
out_has '^problem .*/lib: holds other files, too' "that is a problem"
[ "$(stat -c %a "$work/lib")" = 775 ]
verdict $? "left as it is, too"
chmod 700 "$work/lib"
tw 1 "no daemon can read one that holds other files" init
rm "$work/lib/other"
tw 0 "else it is mended" init
chmod 666 "$db"
tw 1 "a table that all can write" check --json
found unsafe_file '[]' "is a problem"
chmod 640 "$db"
chmod g-s "$work/lib/state"
tw 1 "a state directory without setgid" check --json
found state_setgid '[]' "is a problem"
tw 0 "init again" init
sql "PRAGMA journal_mode=WAL" >/dev/null
tw 1 "WAL mode" check --json
found wal '[]' "is a problem"
tw 0 "init ends it" init
out_has 'WAL mode was ended' "and says so"
tw 0 "all is well" check
echo "state_database = \"$work/lib/state.db\"" |
	cat <(grep -v state_database "$conf") - >"$work/same.conf"
out=$("$program" -c "$work/same.conf" init 2>&1)
[ $? = 78 ]
verdict $? "state beside the table is refused"
if [ "$(id -u)" = 0 ]; then
	sed 's/^user.*/user = "nosuchuser"/' "$conf" >"$work/user.conf"
	out=$("$program" -c "$work/user.conf" init 2>&1)
	[ $? = 67 ]
	verdict $? "an unknown user"
	out_has adduser "and how to make it"
	tw 0 "check with the right user" check
	out=$("$program" -c "$work/user.conf" check --json)
	found no_user '[]' "check finds the unknown user, too"
fi

# ---- shadowed rules -------------------------------------------------------
add "direction, recipient, level, priority" "'out', '*', 'preferred', 50"
tw 1 "a rule that can never win" check --json
json '.findings | map(select(.code == "shadowed"))[0] | .rules == [1] and
	(.text | test("rule 2")) and .severity == "problem"' "by whom"
sql "UPDATE policy SET priority = 200 WHERE id = 2"
tw 0 "behind it is no fault" check --json
not_found shadowed "no more"
sql "UPDATE policy SET priority = 50, expires_at = '2099-01-01' WHERE id = 2"
tw 0 "for a while" check --json
json '.findings | map(select(.code == "shadowed"))[0].severity == "notice"' \
	"is a notice"
sql "DELETE FROM policy WHERE id = 2"
# "in 1 none a.test * -" as the values of a statement; - is NULL.
values() {
	awk '{ for (i = 1; i <= NF; i++)
		printf("%s%s", (i > 1 ? ", " : ""),
		    ($i == "-" ? "NULL" : "\047" $i "\047")) }'
}

while IFS='|' read -r desc first second want; do
	first=$(values <<<"$first")
	second=$(values <<<"$second")
	sql "DELETE FROM policy"
	add "direction, priority, level, sender, recipient, subnet" "$first"
	add "direction, priority, level, sender, recipient, subnet" "$second"
	"$program" -c "$conf" check --json >"$work/out"
	out=$(cat "$work/out") err=
	last=$(sql 'SELECT max(id) FROM policy')
	if [ "$want" = yes ]; then
		found shadowed "[$last]" "shadowed: $desc"
	else
		not_found shadowed "not shadowed: $desc"
	fi
done <<'ROWS'
the same twice|in 1 encrypt a.test * -|in 1 none a.test * -|yes
an address|in 1 none a.test * -|in 2 encrypt u@a.test * -|yes
a subdomain|in 1 none .test * -|in 2 encrypt b.a.test * -|yes
a glob|in 1 none *.test * -|in 2 encrypt mx*.a.test * -|yes
a subnet|in 1 none * * 10.0.0.0/8|in 2 encrypt * * 10.1.2.0/24|yes
an IPv6 subnet|in 1 none * * 2001:db8::/32|in 2 encrypt * * 2001:db8:1::/48|yes
a next hop|out 1 none * a.test -|out 2 encrypt * [a.test]:25 -|yes
other direction|in 1 none * a.test -|out 2 encrypt * a.test -|no
other recipient|in 1 none a.test b.test -|in 2 encrypt a.test c.test -|no
narrower subnet|in 1 none * * 10.1.0.0/16|in 2 encrypt * * 10.0.0.0/8|no
only one has a subnet|in 1 none * * 10.0.0.0/8|in 2 encrypt a.test * -|no
more specific first|in 1 none * * -|in 1 encrypt a.test * -|no
the domain itself|in 1 none .a.test * -|in 2 encrypt a.test * -|no
ROWS

# ---- what an MTA cannot do ------------------------------------------------
sql "DELETE FROM policy; DELETE FROM sqlite_sequence"
pin=$(printf 'a%.0s' {1..64})
sql "INSERT INTO policy(direction, sender, recipient, level, cert_fingerprint,
	min_bits, on_failure, cert_name) VALUES
 ('out', 'a.test', '1.test', 'encrypt', NULL, NULL, 'tempfail', NULL),
 ('out', '*', 'u@2.test', 'encrypt', NULL, NULL, 'tempfail', NULL),
 ('out', '*', '3.test', 'secure', '$pin', NULL, 'tempfail', NULL),
 ('out', '*', '4.test', 'encrypt', '$pin', NULL, 'tempfail', NULL),
 ('out', '*', '5.test', 'encrypt', NULL, 256, 'tempfail', NULL),
 ('out', '*', '6.test', 'none', NULL, NULL, 'tempfail', NULL),
 ('out', '*', '7.test', 'encrypt', NULL, NULL, 'fail', NULL),
 ('in', '8.test', '*', 'encrypt', '$pin', NULL, 'tempfail', NULL),
 ('in', '9.test', '*', 'secure', NULL, NULL, 'tempfail', '/O=Bank/*'),
 ('in', '*', '*', 'encrypt', NULL, NULL, 'tempfail', NULL),
 ('out', '*', 'v@2.test', 'encrypt', NULL, 128, 'tempfail', NULL),
 ('out', '*', '12.test', 'encrypt', NULL, 128, 'tempfail', NULL)"
sql "INSERT INTO policy(direction, recipient, level, subnet)
	VALUES('out', '13.test', 'encrypt', '192.0.2.0/24')"
sql "UPDATE policy SET priority = 999 WHERE id = 10"
tw 1 "Postfix" check --mta postfix --json
reported Postfix out / by address
found sender_outbound '[1]' "a sender outbound"
reported
found users_need_transport '[2, 11]' "users of a domain"
not_found outbound_subnet "the servers of a domain are looked up"
not_found users_subnet "nor has it one for some users"
reported Postfix out / fingerprint
found pin_and_chain '[3]' "pin and chain"
reported Postfix out / min_bits
found tls13_bits '[5]' "bits under TLS 1.3"
reported
found fail_needs_dsn '[7]' "fail needs the map dsn"
reported Postfix in / fingerprint
found inbound_pin '[8]' "an inbound pin"
reported Postfix in / check subject
found dn_glob '[9]' "a whole DN"
reported
found refuses_everybody '[10]' "RFC 3207 section 4"
reported Postfix out / by address
found same_domain_same_level '[2, 11]' "two demands for one lookup"
reported
not_found outbound_pin "nothing about Sendmail"
json '.findings | map(select(.text == "" or .text == null)) | length == 0' \
	"each says why"
sql "INSERT INTO policy(direction, recipient, level, cert_name) VALUES
 ('out', '[192.0.2.14]', 'secure', NULL),
 ('out', '[IPv6:2001:db8::15]:25', 'secure', '.nexthop'),
 ('out', '[192.0.2.16]:25', 'secure', 'nexthop'),
 ('out', '[192.0.2.17]', 'secure', 'hostname:mx.17.test'),
 ('out', '[192.0.2.18]', 'encrypt', NULL),
 ('out', '19.test', 'secure', 'hostname:mx.19.test'),
 ('out', '[mx.20.test]', 'secure', NULL),
 ('out', '[192.0.2.21]', 'secure', '.nexthop:hostname')"
tw 1 "servers that are addresses" check --mta postfix --json
reported Postfix out / check subject
found address_without_name '[14, 15]' "no name, and none possible"
found address_among_names '[17]' "the address among names"
reported
sql "DELETE FROM policy WHERE id > 13; UPDATE sqlite_sequence SET seq = 13"
sql "UPDATE policy SET subnet = '192.0.2.0/24' WHERE id = 11"
tw 1 "a subnet for some users" check --mta postfix --json
reported Postfix out / by subnet
found users_subnet '[11]' "cannot be asked for a recipient"
reported
sql "UPDATE policy SET subnet = NULL WHERE id = 11"
tw 1 "Sendmail" check --mta sendmail --json
found sender_outbound '[1]' "a sender outbound, there too"
reported Sendmail out / fingerprint
found outbound_pin '[3, 4]' "no fingerprint of servers"
reported
not_found none_by_server "try_tls knows the next hop"
not_found tls13_bits "nothing about Postfix"
tw 64 "another MTA" check --mta exim
sql "UPDATE policy SET mode = 'monitor' WHERE id = 10;
	UPDATE policy SET enabled = 0 WHERE id = 1;
	UPDATE policy SET expires_at = '2001-01-01' WHERE id = 3;
	DELETE FROM policy WHERE id IN (11, 13)"
tw 0 "mended" check --mta postfix --json
not_found refuses_everybody "a rule that watches refuses nobody"
not_found sender_outbound "a disabled rule does not count"
found expired '[3]' "an expired one is told"
tw 0 "as text" check --mta postfix
out_has 'notice +\[postfix\] rule 5: wants more than 128 bits' "with the MTA"
out_has '^problems: 0, notices: [0-9]+; .*: 11 rules' "a summary ends it"

# ---- rules about users that smtp(8) cannot tell apart --------------------
cp "$db" "$work/kept.db"
# What | rules "PATTERN LEVEL ON_FAILURE BITS" | those that are named.
while IFS='|' read -r desc rows want; do
	sql "DELETE FROM policy; DELETE FROM sqlite_sequence"
	while read -r -d ';' pattern level fail bits; do
		sql "INSERT INTO policy(direction, recipient, level, on_failure,
			min_bits) VALUES('out', '$pattern', '$level', '$fail',
			nullif('$bits', '-'))"
	done <<<"$rows;"
	out=$("$program" -c "$conf" check --mta postfix --json 2>/dev/null)
	json "[.findings[] | select(.code == \"same_domain_same_level\") |
		.rules] == $want" "$desc: $want"
	out=$("$program" -c "$conf" check --mta sendmail --json 2>/dev/null)
	json "[.findings[] | select(.code == \"same_domain_same_level\")] ==
		[]" "$desc: Sendmail tells them apart"
done <<'ROWS'
the same demands|a@x.test encrypt fail -;b@x.test encrypt fail -|[]
bits differ|a@x.test encrypt fail -;b@x.test encrypt fail 128|[[1,2]]
on_failure differs|a@x.test encrypt fail -;b@x.test encrypt tempfail -|[[1,2]]
on_failure of level none|a@x.test none fail -;b@x.test none tempfail -|[]
other levels|a@x.test encrypt fail -;b@x.test secure tempfail -|[]
other domains|a@x.test encrypt fail -;b@y.test encrypt tempfail -|[]
a third|a@x.t secure fail -;b@x.t secure fail -;c@x.t secure fail 9|[[1,2,3]]
a glob of users|a@x.test encrypt fail -;b-*@x.test encrypt fail 128|[[1,2]]
a glob of domains|a@y.x.test encrypt fail -;b@*.x.test encrypt fail 128|[[2,1]]
a glob of other domains|a@y.test encrypt fail -;b@*.x.test encrypt fail 128|[]
a whole domain|x.test encrypt fail -;b@x.test encrypt fail 128|[]
ROWS
cp "$work/kept.db" "$db"

# ---- bad rows -----------------------------------------------------------
sql "DROP TRIGGER policy_before_insert;
	INSERT INTO policy(direction, level, subnet) VALUES
		('out', 'none', '192.0.2.7/24'), ('sideways', 'none', NULL);
	INSERT INTO policy(direction, level, expires_at)
		VALUES('in', 'none', 'soon')"
tw 1 "bad rows" check --json
found bad_row '[14]' "host bits"
found bad_row '[15]' "direction"
found bad_row '[16]' "a time"
json '.loads == false and .problems == 3' "all of them, and the table no more"
tw 1 "bad rows as text" check
out_has 'problem +rule 14: .*192\.0\.2\.0/24' "with the reason"

# ---- partners that nobody looks at ---------------------------------------
state=$work/lib/state/state.db
new_table
add "direction, recipient, level" "'out', 'a.test', 'encrypt'"
add "direction, recipient, level" "'out', 'u@b.test', 'encrypt'"
add "direction, recipient, level" "'out', '[mx.c.test]:587', 'encrypt'"
add "direction, recipient, level" "'out', '.d.test', 'encrypt'"
add "direction, sender, level" "'in', 'e.test', 'encrypt'"
tw 0 "no daemon has recorded anything yet" check --json
not_found not_probed "nothing is said of probes"
sqlite3 "$state" <"$top_srcdir/sql/state.sql" >/dev/null
sqlite3 "$state" "INSERT INTO probe(domain, host, addr, port, at, verdict,
	client_cert_requested) VALUES
	('a.test', 'mx.a.test', '192.0.2.1', 25, unixepoch() - 3600, 'ok', 0),
	('b.test', 'mx.b.test', '192.0.2.2', 25, unixepoch() - 90000, 'ok', 0)"
tw 0 "a recorded probe and an old one" check --json
found not_probed '[3,2]' "the partners that were not looked at are named"
echo 'probe = false' >>"$conf"
tw 0 "probe = false" check --json
not_found not_probed "then it is meant so"
sed -i '/^probe = false/d' "$conf"
rm -f "$state"*

# ---- who reads it -------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	cp "$conf" "$work/conf.root"
	sed -i 's/^user = .*/user = "nobody"/' "$conf"
	chmod 0755 "$work"
	chgrp "$(id -g nobody)" "$work/lib" "$db"
	chmod 0640 "$db"
	tw 0 "a table that the daemons can read" check --json
	not_found unreadable "nothing is said of that"
	chgrp root "$db"
	tw 1 "one that root has copied there" check --json
	json '.findings | map(select(.code == "unreadable"))[0] |
		.severity == "problem" and (.text | test("user nobody may")) and
		(.fix | startswith("tlswarden init"))' "that they cannot"
	tw 0 "init" init
	tw 0 "makes it theirs" check --json
	mv "$work/conf.root" "$conf"
fi

# ---- trouble ------------------------------------------------------------
mv "$db" "$work/away"
tw 66 "no table" check
head -c 6000 "$work/away" >"$db"
tw 65 "a truncated table" check
: >"$db"
tw 65 "an empty file" check
err_has 'tlswarden init' "and the way out"

finish
