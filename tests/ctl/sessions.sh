#!/bin/bash
# tlswarden: sessions and failures show what state.db holds.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table
state=$(sed -nE 's/^state_database = "(.*)"/\1/p' "$conf")

tw 66 "sessions before any daemon ran" sessions
err_has 'state\.db' "names the file"
tw 66 "failures before any daemon ran" failures
mkdir -p "${state%/*}"
sqlite3 "$state" <"$top_srcdir/sql/state.sql" >/dev/null
tw 0 "no sessions" sessions
out_is "no such session" "and says so"
tw 0 "no failures" failures
out_is "no such failure" "and says so"
tw 0 "no sessions as JSON" sessions --json
json '. == []' "an empty array"
tw 0 "no failures as JSON" failures --json
json '. == []' "an empty array"

now=$(date +%s)
sqlite3 "$state" "
INSERT INTO session(id,at,duration_msecs,mta,daemon,queue_id,client_addr,
  client_name,client_port,helo,tls,tls_version,cipher,bits,verify,
  cert_subject,cert_issuer,authenticated,messages,accepted,refused,
  refused_rule,refused_reason) VALUES
 (1,$now-864000,120,'postfix','smtpd','4Q1','192.0.2.1','out.bank.test',25000,
  'mail.bank.test','starttls','TLSv1.3','TLS_AES_256_GCM_SHA384',256,NULL,
  'out.bank.test','Test Root',0,2,3,0,NULL,NULL),
 (2,$now-7200,80,'postfix','smtpd',NULL,'192.0.2.2',NULL,25001,'x','none',NULL,
  NULL,NULL,NULL,NULL,NULL,0,0,1,2,12,'no_tls'),
 (3,$now-60,10,'sendmail','MTA',NULL,'2001:db8::1','h' || char(27) ||
  '[31m.test',25002,'x','unknown',NULL,NULL,NULL,'NO',NULL,NULL,1,0,0,0,NULL,
  NULL);
INSERT INTO session_domain VALUES (2,1,'',1,0),(2,0,'us.test',1,2);"
tw 0 "sessions" sessions
out_has '^WHEN +CLIENT +TLS +CIPHER +BITS +CERTIFICATE +MAILS +TAKEN +REFUSED' \
	"has a head"
out_has "$(printf '%s' 'out\.bank\.test\[192\.0\.2\.1\] +starttls TLSv1\.3 +' \
	'TLS_AES_256_GCM_SHA384 +256 +out\.bank\.test +2 +3 +0$')" \
	"an encrypted one"
out_has '\[192\.0\.2\.2\] +none +- +- +- +0 +1 +2 \(no_tls, rule 12\)$' \
	"a refused one"
out_has '\\x1B\[31m.*unknown +- +- +NO ' "control characters are shown"
[ "$(sed -n 2p <<<"$out" | grep -c 2001:db8::1)" = 1 ]
verdict $? "the newest is first"
tw 0 "sessions --plaintext" sessions --plaintext
[ "$(wc -l <<<"$out")" = 2 ] && grep -q '192\.0\.2\.2' <<<"$out"
verdict $? "unknown is not plaintext"
tw 0 "sessions --refused" sessions --refused
[ "$(wc -l <<<"$out")" = 2 ]
verdict $? "one was refused"
tw 0 "sessions --since" sessions --since 1d
[ "$(wc -l <<<"$out")" = 3 ]
verdict $? "two since yesterday"
tw 0 "sessions --since a date" sessions --since 2020-01-01T00:00Z
[ "$(wc -l <<<"$out")" = 4 ]
verdict $? "all since then"
tw 0 "sessions --peer" sessions --peer '*.bank.test'
[ "$(wc -l <<<"$out")" = 2 ]
verdict $? "by name"
tw 0 "sessions --peer address" sessions --peer '192.0.2.*'
[ "$(wc -l <<<"$out")" = 3 ]
verdict $? "by address"
for same in ::ffff:192.0.2.2 '[192.0.2.2]'; do
	tw 0 "sessions --peer $same" sessions --peer "$same"
	[ "$(wc -l <<<"$out")" = 2 ]
	verdict $? "the same address in other words"
done
tw 64 "sessions --peer NETWORK" sessions --peer 192.0.2.0/24
err_has '192\.0\.2\.0/24.*\*' "is refused, not found nowhere"
tw 0 "sessions --domain" sessions --domain us.test
[ "$(wc -l <<<"$out")" = 2 ]
verdict $? "by domain"
tw 0 "sessions --limit" sessions --limit 1
[ "$(wc -l <<<"$out")" = 2 ]
verdict $? "the newest one"
tw 0 "sessions --json" sessions --json
json 'length == 3 and (map(.id) == [3, 2, 1])' "an array, newest first"
json '.[1] | .tls == "none" and .tls_version == null and .refused == 2 and
	.refused_rule == 12 and .refused_reason == "no_tls" and
	.client_name == null and .authenticated == false' "a refused session"
json '.[1].domains == [
	{"role":"sender","domain":"","accepted":1,"refused":0},
	{"role":"recipient","domain":"us.test","accepted":1,"refused":2}]' \
	"its domains"
json '.[2] | .bits == 256 and .cert_subject == "out.bank.test" and
	.queue_id == "4Q1" and .mta == "postfix" and .messages == 2 and
	.client_port == 25000 and .duration_msecs == 120' "an encrypted session"
json '.[0].at | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")' "times"

for bad in yesterday 7 d 7x -1d 2026-13-01 2026-02-30 1000000d ''; do
	tw 64 "no time: \"$bad\"" sessions --since "$bad"
done
tw 64 "no number" sessions --limit many
tw 64 "no operands" sessions now

sqlite3 "$state" "
INSERT INTO violation(at,rule,direction,mode,on_failure,source,reason,sender,
  recipient,nexthop,peer_addr,peer_name,text) VALUES
 ($now-864000,12,'in','enforce','fail','milter','no_tls','a@bank.test',
  'b@us.test',NULL,'192.0.2.2',NULL,'550 5.7.10 TLS required'),
 ($now-60,12,'in','enforce','fail','milter','no_tls','c@bank.test',
  'd@us.test',NULL,'192.0.2.2',NULL,'550 5.7.10 TLS required'),
 ($now-50,7,'in','monitor','tempfail','delegation','cert_not_verified','<>',
  'us.test',NULL,'192.0.2.3','h.test','451 4.7.5 x'),
 ($now-40,9,'out','enforce','tempfail','dsn','expired_leaf',NULL,NULL,
  'partner.test','192.0.2.4','mx.partner.test','451 4.7.5 x');"
tw 0 "failures" failures
out_has "$(printf '%s' '^2 +20[0-9T:Z-]+ +12 +in +enforce +' \
	'milter +no_tls +bank\.test +us\.test +192\.0\.2\.2$')" \
	"like ones are counted"
out_has ' 7 +in +monitor +delegation +cert_not_verified +<> +us\.test +h' \
	"watched ones too"
out_has ' 9 +out +enforce +dsn +expired_leaf +- +partner\.test +mx\.' \
	"outbound ones"
[ "$(sed -n 2p <<<"$out" | cut -c 1)" = 2 ]
verdict $? "the most frequent is first"
for reason in no_tls cert_not_verified expired_leaf; do
	[ "$(grep -c "^$reason: " <<<"$out")" = 1 ]
	verdict $? "the cause of $reason, once"
done
[ "$(grep -c '^  for us: ' <<<"$out")" = 3 ] &&
	[ "$(grep -c '^  for them: ' <<<"$out")" = 3 ]
verdict $? "what to do, for us and for them"
tw 0 "failures --rule" failures --rule 12
out_lacks '^1 ' "of that rule only"
tw 0 "failures --direction out" failures --direction out
out_has '^1 .* 9 +out ' "the outbound one"
out_lacks ' (12|7) +in ' "and no other"
out_has '^expired_leaf: ' "with its cause"
tw 0 "failures --direction in" failures --direction in
out_lacks ' 9 +out ' "the inbound ones"
tw 0 "failures --mode monitor" failures --mode monitor
out_has ' 7 +in +monitor ' "what was watched"
out_lacks 'enforce' "alone"
tw 0 "failures --seen-by dsn" failures --seen-by dsn --json
json 'length == 1 and .[0].rule == 9' "one source"
for bad in "--direction both" "--mode watch" "--seen-by smtp" "--seen-by"; do
	# shellcheck disable=SC2086 # option and value
	tw 64 "failures $bad" failures $bad
done
tw 0 "failures --since" failures --since 7d
out_has '^1 .* 12 ' "the old one is not counted"
tw 0 "failures --json" failures --json
json 'length == 4 and .[0].rule == 9 and .[0].direction == "out" and
	.[0].sender == null and .[0].nexthop == "partner.test" and
	.[0].source == "dsn"' "each by itself"
json '.[1] | .mode == "monitor" and .on_failure == "tempfail" and
	.sender == "<>" and .text == "451 4.7.5 x"' "with its text"
err_has '^$' "nothing was lost"
sqlite3 "$state" "INSERT INTO lost(at,since,n) VALUES($now-50,$now-90,7),
    ($now-864000,$now-864100,5)"
tw 0 "rows that were lost" failures --since 1d
err_has '7 rows were lost in that time' "are told"
tw 64 "no rule" failures --rule twelve
tw 64 "no time" failures --since never

# Not ours, broken: said, never taken for empty.
sqlite3 "$work/other.db" "CREATE TABLE x(y); PRAGMA user_version = 3"
sed -i "s|^state_database = .*|state_database = \"$work/other.db\"|" "$conf"
tw 78 "another database" sessions
err_has 'other\.db: not a state database' "and says so"
head -c 8192 /dev/urandom >"$work/junk.db"
sed -i 's/other\.db/junk.db/' "$conf"
tw 65 "no database" failures
err_has 'junk\.db' "and says so"
finish
