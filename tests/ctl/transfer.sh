#!/bin/bash
# tlswarden: import, export and bypass.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

command -v openssl >/dev/null || skip_all "openssl is not installed"
cd "$work" || bail "no folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout root.key -out root.pem -subj /CN=Root -days 10000 2>/dev/null ||
	bail "openssl req"
pin=$(printf 'a%.0s' {1..64})

# ---- there and back ----------------------------------------------------
new_table
tw 0 "a CA" ca import bank root.pem
sql "INSERT INTO policy(direction, recipient, level, cert_name, ca, comment)
	VALUES('out', 'bank.example', 'secure', 'mx.bank.example', 'bank',
	'it''s \"ours\" — ü');
INSERT INTO policy(direction, sender, subnet, level, min_bits, mode, enabled,
	expires_at, priority, on_failure, min_protocol) VALUES('in',
	'.example.org', '192.0.2.0/24', 'encrypt', 128, 'monitor', 0,
	'2001-01-01', -3, 'fail', 'TLSv1.3')"
all='SELECT enabled, priority, direction, sender, recipient, subnet, level,
	on_failure, ca, cert_name, cert_fingerprint, min_protocol, min_bits,
	mode, expires_at, comment FROM policy ORDER BY id'
before=$(sql "$all")
tw 0 "export" export
json '.format == "tlswarden" and (.policy | length) == 2 and
	(.ca[0].pem | test("BEGIN CERTIFICATE"))' "is JSON with rules and CAs"
printf '%s\n' "$out" >all.json
new_table
sql "INSERT INTO policy(direction, level) VALUES('in', 'none');
	DELETE FROM policy"
tw 0 "a dry run" import all.json --dry-run
out_has 'would be imported: 2 rules, 1 CAs' "says what it would do"
[ "$(sql 'SELECT count(*) FROM policy')" = 0 ]
verdict $? "and does nothing"
tw 0 "import" import all.json --json
json '.imported and .rules == [{"was": 1, "id": 2}, {"was": 2, "id": 3}] and
	.n_cas == 1' "with the new numbers"
[ "$(sql "$all")" = "$before" ]
verdict $? "every column came back"
[ "$(sql "SELECT pem FROM ca")" = "$(cat root.pem)" ]
verdict $? "and the certificates"
tw 0 "import from standard input" import - <all.json
out_has 'imported: 2 rules, 0 CAs' "a CA that is the same is no news"
jq '.ca[0].pem |= . + "\n" + .' all.json >other.json
tw 65 "another CA of that name" import other.json
out_has 'refused .*ca\[0\].*--replace' "is refused"
tw 0 "and taken when asked" import other.json --replace

jq '.policy += [{"direction": "up", "level": "none"}, {"level": {}},
	{"direction": "in", "level": "none", "colour": "red"}, 7]' \
	all.json >bad.json
n=$(sql 'SELECT count(*) FROM policy')
tw 65 "bad rows" import bad.json --replace
out_has 'policy\[2\]: direction' "named with the reason"
out_has 'policy\[3\]: level' "each of them"
out_has 'policy\[4\]: colour' "unknown columns, too"
out_has 'policy\[5\]' "and what is no row"
out_has 'nothing was imported' "nothing is kept"
[ "$(sql 'SELECT count(*) FROM policy')" = "$n" ]
verdict $? "not one"
tw 66 "no file" import none.json
echo '{"policy": 1' >syntax.json
tw 65 "broken JSON" import syntax.json
err_has 'syntax.json:[0-9]' "file and line"
echo '{"rules": []}' >syntax.json
tw 65 "other JSON" import syntax.json
err_has 'tlswarden export' "what is wanted"
tw 64 "another format" import all.json --format yaml
tw 64 "no file given" import
tw 64 "another format to export" export --format yaml

# ---- a tls_policy file of Postfix ---------------------------------------
new_table
cat >tls_policy <<POLICY
# comment

1.test none
.2.test may
[mx.3.test]:587 Encrypt
4.test encrypt protocols=>=TLSv1.2, ciphers=high
5.test	secure match=nexthop:dot-nexthop
	tafile=$work/root.pem
6.test verify
7.test fingerprint match=$pin
	match=$(tr a b <<<"$pin")
8.test encrypt protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1
9.test encrypt protocols=TLSv1.2:TLSv1.3
POLICY
tw 0 "import" import --format postfix tls_policy
out_has 'imported: 9 rules, 1 CAs; refused: 0, .*: 0' "all of it"
rows=$(sql "SELECT recipient, level, cert_name, ca, min_protocol, min_bits,
	length(cert_fingerprint) FROM policy ORDER BY id")
want="1.test|none|||||
.2.test|preferred|||||
[mx.3.test]:587|encrypt|||||
4.test|encrypt|||TLSv1.2|128|
5.test|secure|nexthop:.nexthop|root|||
6.test|secure|hostname||||
7.test|encrypt|||||129
8.test|encrypt|||TLSv1.2||
9.test|encrypt|||TLSv1.2||"
[ "$rows" = "$want" ]
verdict $? "each line as a rule"
[ "$rows" = "$want" ] || show "$rows"
tw 0 "and back" export --format postfix
for line in '1\.test	none' '\.2\.test	may' \
	'\[mx\.3\.test\]:587	encrypt' \
	'4\.test	encrypt protocols=>=TLSv1\.2 ciphers=high' \
	'5\.test	secure match=nexthop:dot-nexthop tafile=tlswarden/ca/' \
	'6\.test	secure match=hostname'; do
	out_has "^$line" "as Postfix reads it: ${line%%	*}"
done

cat >lossy <<'POLICY'
1.test encrypt exclude=aNULL
2.test encrypt protocols=!TLSv1.2
3.test encrypt servername=mx.test
4.test may protocols=>=TLSv1.2
5.test encrypt ciphers=null
POLICY
tw 1 "what a rule cannot say" import --format postfix lossy --json
json '.imported and .n_rules == 5 and .n_lossy == 5 and
	(.lossy | length) == 5' "is named line by line"
while IFS='|' read -r desc line want; do
	printf '%s\n' "$line" >refused
	tw 65 "refused: $desc" import --format postfix refused
	out_has "$want" "with the reason: $desc"
done <<'ROWS'
dane|1.test dane|line 1: .*dane
a level that is none|1.test tls|line 1: .*tls
no level|1.test|key and a level
a short fingerprint|1.test fingerprint match=AA:BB|SHA-256
no fingerprint|1.test fingerprint|match=
a file that is not there|1.test secure tafile=/nonexistent.pem|nonexistent
a pattern that is none|a@b@c none|recipient
names at encrypt|1.test secure match=*.test|cert_name
ROWS
{ printf '1.test encrypt ' && head -c 2000000 /dev/zero | tr '\0' x; } >long
tw 65 "a line without end" import --format postfix long

new_table
sql "INSERT INTO policy(direction, recipient, level, subnet, sender, priority)
 VALUES('out', 'a.test', 'encrypt', NULL, '*', 100),
 ('out', '.test', 'none', NULL, '*', 1),
 ('out', '*', 'preferred', NULL, '*', 500),
 ('out', 'b.example', 'encrypt', '192.0.2.0/24', '*', 100),
 ('out', 'u@b.example', 'encrypt', NULL, '*', 100),
 ('out', 'b*.example', 'encrypt', NULL, '*', 100),
 ('in', 'c.example', 'encrypt', NULL, '*', 100)"
tw 1 "what a file cannot say" export --format postfix
out_has '^a\.test	none$' "priorities are worked out"
[ "$(grep -c 'is left out' <<<"$out")" = 4 ]
verdict $? "each rule that is left out is named"
out_lacks 'c\.example' "inbound rules are none of it"
err_has '4 rules' "and counted"

# ---- bypass ----------------------------------------------------------------
new_table
sql "INSERT INTO policy(direction, recipient, level, priority)
	VALUES('out', 'bank.example', 'secure', -5000)"
tw 0 "bypass" bypass bank.example --for 4h --comment "ticket 7"
out_has '^rule 2: mail to bank\.example .* preferred until ' "what it does"
out_has 'tlswarden rule remove 2' "how to end it"
tw 0 "it wins" explain --json --direction out --nexthop bank.example
json '.winner.id == 2 and .winner.priority == -5001 and
	.winner.comment == "ticket 7"' "over all others"
secs=$(sql "SELECT strftime('%s', expires_at) - strftime('%s', 'now')
	FROM policy WHERE id = 2")
[ "$secs" -gt 14300 ] && [ "$secs" -le 14400 ]
verdict $? "and ends after four hours"
tw 0 "a second one" bypass bank.example --for 30m --level none --json
json '.id == 3 and .level == "none" and .priority == -5002' "wins over that"
tw 0 "inbound" bypass bank.example --for 1d --direction in
[ "$(sql 'SELECT direction, sender, recipient FROM policy WHERE id = 4')" = \
	"in|bank.example|*" ]
verdict $? "is about the sender"
tw 64 "without an end" bypass bank.example
tw 64 "for ever" bypass bank.example --for 32d
tw 64 "for a while" bypass bank.example --for long
tw 64 "for nothing" bypass bank.example --for 0h
tw 64 "to a level that demands" bypass bank.example --for 1h --level secure
tw 64 "of nobody" bypass --for 1h
tw 65 "of what is no pattern" bypass a@b@c --for 1h

finish
