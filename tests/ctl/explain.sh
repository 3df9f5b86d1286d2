#!/bin/bash
# tlswarden: explain and check say what the daemons will do.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table
sql "INSERT INTO policy(direction, sender, recipient, subnet, level, on_failure,
	min_protocol, cert_name, mode, priority, comment) VALUES
 ('out', '*', 'example.mil', NULL, 'encrypt', 'tempfail', 'TLSv1.2', NULL,
	'enforce', 100, 'for the army'),
 ('out', '*', '.example.org', NULL, 'secure', 'fail', NULL, 'mx.example.org',
	'enforce', 100, ''),
 ('in', 'example.mil', '*', NULL, 'encrypt', 'fail', NULL, NULL, 'enforce', 100,
	''),
 ('in', 'example.mil', '*', NULL, 'secure', 'tempfail', NULL, NULL, 'monitor',
	50, ''),
 ('in', '*', '*', '192.0.2.0/24', 'encrypt', 'tempfail', 'TLSv1.2', NULL,
	'enforce', 200, ''),
 ('in', 'bank.example', '*', NULL, 'secure', 'tempfail', NULL, '*Bank*',
	'enforce', 100, '')"
sql "INSERT INTO policy(direction, recipient, level, enabled) VALUES
	('out', 'example.mil', 'none', 0);
INSERT INTO policy(direction, recipient, level, priority, expires_at) VALUES
	('out', 'example.mil', 'none', 1, '2001-01-01')"

# ---- outbound -------------------------------------------------------------
tw 0 "outbound by recipient" explain --direction out \
	--recipient 'Joe@Example.MIL'
out_has '^> +1 .* wins' "the winner is marked"
out_has '^ +2 .*recipient does not match' "every other rule says why not"
out_has '^ +3 .*other direction' "the other direction"
out_has '^ +7 .*disabled' "disabled rules are there"
out_has '^ +8 .*expired' "expired ones, too"
out_has 'comment +for the army' "the winner whole"
out_has 'tlspolicy Example.MIL: OK encrypt protocols=>=TLSv1.2$' \
	"the exact answer to the key as Postfix asks"
out_has 'Outcome .*only over TLSv1.2 or newer.*stays in the queue' \
	"the outcome"
order=$(awk '$1 ~ /^[0-9]+$/ { print $1 } $1 == ">" { print $2 }' <<<"$out")
[ "$(xargs <<<"$order" | cut -c1-11)" = "4 1 2 3 6 5" ]
verdict $? "rules stand in the order in which they win: $(xargs <<<"$order")"
tw 0 "outbound as JSON" explain --json --direction out \
	--nexthop 'mx.example.org:25'
json '.winner.id == 2 and .query.nexthop == "mx.example.org" and
	(.rules | length) == 8 and (.rules | map(select(.wins)) | length==1)' \
	"winner, query, all rules"
json '.answers | map(select(.by == "tlspolicy"))[0] | .mta == "postfix" and
	.key == "mx.example.org:25" and
	.answer == "OK secure match=mx.example.org"' "the answer"
json '.outcome | test("returned")' "fail is a bounce"
tw 0 "nothing matches" explain --json --direction out --nexthop example.net
json '.winner == null and .answers[0].answer == "NOTFOUND"' "NOTFOUND"
tw 0 "the key of a walk up" explain --json --direction out \
	--nexthop .example.org
json '.answers[0].answer == "NOTFOUND"' "is NOTFOUND"
add() {
	"$program" -c "$conf" rule add "$@"
}
users=$(add --direction out --recipient 'joe@users.example' --level secure \
	--on-failure fail --cert-name mx.users.example)
tw 0 "a rule about one user" explain --json --direction out \
	--recipient joe@users.example
json ".winner.id == $users and .query.recipient == \"joe@users.example\"" \
	"wins for that user"
json '.answers | map({(.by): .answer}) | add |
	.transport == "OK tlswarden-secure:" and
	."address-secure" == "OK secure match=mx.users.example" and
	(.dsn | test("^OK 5[.]7[.]4 .* rule '"$users"' "))' \
	"by a transport of its own"
tw 0 "another user" explain --json --direction out \
	--recipient jim@users.example
json '.winner == null and (.answers | map({(.by): .answer}) | add |
	.transport == "NOTFOUND" and .tlspolicy == "NOTFOUND")' "has no rule"
"$program" -c "$conf" rule remove "$users" >/dev/null
rule=$(add --direction out --subnet 198.51.100.0/24 --level encrypt)
echo 'dns_servers = {"127.0.0.1@9"}' >>"$conf" # nobody is there
tw 0 "an address literal" explain --json --direction out \
	--nexthop '[198.51.100.7]:25'
json ".winner.id == $rule" "is matched by subnet"
tw 0 "addresses given" explain --json --direction out --nexthop example.net \
	--peer 203.0.113.1,198.51.100.9
json ".winner.id == $rule and .query.peers == [\"203.0.113.1\",
	\"198.51.100.9\"] and .answers[0].answer == \"OK encrypt\" and
	.dns == null" "one in the subnet is enough, DNS is not asked"
tw 0 "other addresses given" explain --json --direction out \
	--nexthop example.net --peer 203.0.113.1
json '.winner == null and .answers[0].answer == "NOTFOUND"' "no rule"
tw 0 "DNS is asked, and is down" explain --json --direction out \
	--nexthop example.net
json ".winner == null and .needs_peers and (.dns.complete | not) and
	(.answers[0].answer | test(\"^TEMP policy rule $rule is about a \" +
	\"subnet, and not all addresses of example.net are known: DNS MX\")) and
	(.outcome | test(\"^mail waits\"))" "the mail waits, as with policyd"
tw 0 "a domain that no subnet decides" explain --json --direction out \
	--nexthop example.mil
json '.dns == null' "is answered without DNS"
tw 64 "an address and its address" explain --direction out \
	--nexthop '[192.0.2.1]' --peer 192.0.2.1

# ---- outbound, by Sendmail ------------------------------------------------
sendmail='.answers | map(select(.mta == "sendmail") |
	{(.by + " " + (.key | split(":")[0])): .answer}) | add'
tw 0 "Sendmail, in clear" explain --json --direction out \
	--recipient joe@mx.example.org --nexthop mx.example.org
json "$sendmail"' | ."sendmail srv" | test("^OK 5.7.10:\"550 .* rule 2 ")' \
	"map sendmail, srv"
json "$sendmail"' | ."sendmail rcpt" | test("^OK 4.7.10:\"451 .* rule 2 ")' \
	"rcpt is never for good"
json "$sendmail"' | ."sendmail try" == "OK ok" and ."sts mx.example.org" ==
	"OK secure match=mx.example.org servername=hostname"' "try and sts"
key=$(jq -r '.answers[] | select(.key != null) | .key |
	select(startswith("srv:"))' <<<"$out")
want="<joe@mx.example.org><mx.example.org><mx.example.org>"
[ "$key" = "srv:<NONE><><><0><0><0><>$want<><>" ]
verdict $? "the key as tlswarden.m4 writes it"
tw 0 "a session that is good" explain --json --direction out \
	--nexthop mx.example.org --verify OK --tls-version TLSv1.3 --bits 256 \
	--subject '/O=A (B)/CN=mx.example.org'
json "$sendmail"' | ."sendmail srv" == "OK ok"' "is ok"
json '.query.session.verify == "OK" and
	(.outcome | test("by Sendmail mail is sent"))' "and that is said"
tw 1 "one with another name" explain --json --direction out \
	--nexthop mx.example.org --verify OK --tls-version TLSv1.3 --bits 256 \
	--subject '/O=A <B>/CN=+ \"x'
json "$sendmail"' | ."sendmail srv" | test("^OK 5.7.5:\"550 Cert")' \
	"is refused"
json '.reason == "subject_mismatch"' "with the reason"
json '.answers | map(.key // "") |
	any(test("<[+]2B[+]20[+]5C[+]22x>"))' \
	"names are encoded as Sendmail does"
tw 1 "one that is not verified" explain --direction out \
	--nexthop mx.example.org --verify FAIL --tls-version TLSv1.3
out_has 'Outcome .*by Sendmail mail is not sent in such a session' \
	"is refused"
tw 1 "nor one of which that is not told" explain --json --direction out \
	--nexthop mx.example.org --tls-version TLSv1.3 --cipher X --bits 256
json '.reason == "cert_not_verified" and .query.session.verify == "FAIL"' \
	"a certificate that nobody verified is none"
tw 0 "an address that is not given" explain --direction out --nexthop x.test
out_has 'Sendmail sendmail srv:.*: TEMP ' "cannot be judged"
out_has 'Outcome .*Sendmail tells the address of the server' "and that is said"
tw 0 "the address of the server" explain --json --direction out \
	--nexthop x.test --peer 198.51.100.9
json "$sendmail"' | ."sendmail srv" |
	test("^OK 4.7.10:.* rule '"$rule"' ")' "decides: Sendmail tells it"
tw 64 "facts that Sendmail does not tell" explain --direction out \
	--nexthop a.test --verify OK --fingerprint ab

# ---- inbound --------------------------------------------------------------
tw 1 "inbound without TLS" explain --direction in --sender a@example.mil \
	--recipient me@here.example
want='550 5\.7\.10 TLS required by policy rule 3 for mail from example\.mil'
out_has "milter: $want" "the milter's reply"
out_has "delegation: $want" "the delegation's reply"
out_has 'rule 4 would have refused: 451 ' "monitor rules beside"
out_has 'refused for good' "the outcome"
tw 1 "inbound, Sendmail's word for none" explain --json --direction in \
	--sender a@example.mil --verify NONE
json '.reason == "no_tls" and .query.session.encrypted == false' \
	"is a session without TLS"
tw 0 "inbound with TLS" explain --json --direction in --sender a@example.mil \
	--tls-version TLSv1.3 --bits 256
json '.winner.id == 3 and (.answers | map(.answer) | sort) ==
	["DUNNO", "accept"]' "is accepted"
json '.monitors[0].rule == 4 and (.monitors[0].answer | test("4.7.5"))' \
	"the monitor rule wants a certificate"
hidden=$(add --direction in --subnet 203.0.113.0/24 --level none)
ehlo='.answers | map(select(.by == "ehlo"))[0].answer'
tw 0 "a client without TLS" explain --json --direction in --peer 203.0.113.9
json ".winner.id == $hidden and ($ehlo) == \"NOTFOUND\"" \
	"is still offered it while a rule could demand it"
"$program" -c "$conf" rule disable 3 6 >/dev/null
tw 0 "when none does" explain --json --direction in --peer 203.0.113.9
json "($ehlo) == \"OK starttls, silent-discard\"" "STARTTLS is hidden"
"$program" -c "$conf" rule enable 3 6 >/dev/null
"$program" -c "$conf" rule remove "$hidden" >/dev/null
tw 1 "too old" explain --json --direction in --sender x@y.test \
	--peer 192.0.2.77 --tls-version TLSv1.1 --bits 128
json '.winner.id == 5 and .reason == "protocol_too_old"' "by subnet"
tw 0 "another subnet" explain --json --direction in --sender x@y.test \
	--peer 192.0.3.77
json '.winner == null and .reason == null' "no rule"
tw 0 "the null sender" explain --json --direction in --sender '<>'
json '.query.sender == "<>"' "is one"
tw 0 "verified by name, as Postfix says it" explain --json --direction in \
	--sender a@bank.example --tls-version TLSv1.2 --bits 256 \
	--subject 'Big Bank' --issuer 'Some CA'
json '.winner.id == 6' "accepted"
tw 1 "another name" explain --json --direction in --sender a@bank.example \
	--tls-version TLSv1.2 --bits 256 --subject 'Small Shop' --issuer 'CA'
json '.reason == "subject_mismatch"' "refused"
tw 0 "verified, as Sendmail says it" explain --json --direction in \
	--sender a@bank.example --tls-version TLSv1.2 --bits 256 --verify OK \
	--subject '/C=XX/O=Big Bank/CN=mx' --issuer /CN=CA
tw 1 "not verified, as Sendmail says it" explain --json --direction in \
	--sender a@bank.example --tls-version TLSv1.2 --bits 256 --verify FAIL \
	--subject '/C=XX/O=Big Bank/CN=mx' --issuer /CN=CA
json '.reason == "cert_not_verified"' "refused"

tw 1 "a percent sign" explain --json --direction in --sender a@bank.example \
	--tls-version TLSv1.2 --bits 256 --verify OK --subject '/CN=50%x' \
	--issuer /CN=CA --peer 203.0.113.200
json '.answers | map({(.by): .answer}) | add |
	(.milter | test("50%%x")) and (.delegation | test("50%x")) and
	.sendmail == "OK ok"' "is doubled for the milter alone; feat"
tw 1 "Sendmail without the milter" explain --json --direction in \
	--sender a@bank.example --recipient me@here.example --verify FAIL \
	--tls-version TLSv1.2 --bits 256 --subject '/O=Big Bank/CN=mx' \
	--issuer /CN=CA --peer 203.0.113.200
json '.answers[] | select(.by == "sendmail" and (.key | startswith("clt:"))) |
	(.key | test("^clt:<FAIL><TLSv1.2><256><203.0.113.200><a@bank.example>"
	+ "<me@here.example><><mx></O=Big[+]20Bank/CN=mx></CN=CA>$")) and
	(.answer | test("^OK 4.7.5:\"451 .* rule 6 "))' "the key clt"

# ---- by number ----------------------------------------------------------
tw 0 "explain of a reference" explain 1
out_has 'comment +for the army' "shows the rule"
tw 65 "explain of no reference" explain 4711

# ---- wrong questions ----------------------------------------------------
tw 64 "no direction" explain --recipient a@b.test
tw 64 "a wrong direction" explain --direction up
tw 64 "nobody to send to" explain --direction out
tw 64 "--verify without a word" explain --direction out \
	--nexthop a.test --verify
tw 64 "a next hop inbound" explain --direction in --nexthop a.test
tw 64 "two clients" explain --direction in --peer 192.0.2.1,192.0.2.2
tw 64 "no address" explain --direction in --peer mx.test
tw 64 "no version" explain --direction in --tls-version 3
tw 64 "no number" explain --direction in --bits x
tw 64 "an empty next hop" explain --direction out --nexthop ''
tw 0 "a hostile next hop" explain --direction out --nexthop $'a\033[31mb'
! grep -q $'\033' <<<"$out$err"
verdict $? "does not reach the terminal"

# ---- a table that does not load -----------------------------------------
mkdir -p "$work/lib/state"
cp "$db" "$work/lib/state/policy.last-good"
sql "DROP TRIGGER policy_before_insert; INSERT INTO policy(direction, recipient,
	level, subnet) VALUES('out', 'bad.example', 'none', '192.0.2.300')"
tw 0 "the last good table is explained" explain --direction out \
	--nexthop example.mil
out_has 'policy.db does not load' "and said to be that"
out_has 'policy rule 12' "with the reason"
tw 0 "the same as JSON" explain --json --direction out --nexthop example.mil
json '.table.last_good and (.table.failure | test("rule 12"))' "and the flag"
rm "$work/lib/state/policy.last-good"
tw 65 "neither loads" explain --direction out --nexthop example.mil
err_has 'policy rule 12' "the first reason is named"

finish
