#!/bin/bash
# tlswarden: suggest and report work out what state.db and the table hold.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table
state=$(sed -nE 's/^state_database = "(.*)"/\1/p' "$conf")

for verb in suggest report; do
	tw 66 "$verb before any daemon ran" $verb
	err_has 'state\.db' "names the file"
	tw 64 "$verb with an operand" $verb now
	tw 64 "$verb without a time" $verb --since never
done
mkdir -p "${state%/*}"
sqlite3 "$state" <"$top_srcdir/sql/state.sql" >/dev/null
tw 0 "suggest from nothing" suggest
out_is "# nothing to suggest" "and says so"
tw 0 "suggest from nothing as JSON" suggest --json
json '. == []' "an empty array"
tw 0 "report of nothing" report
out_has '^  0: 0 encrypted, 0 in clear' "no sessions"
out_has '^  nothing$' "nothing refused"
tw 0 "report of nothing as JSON" report --json
json '.table == null and .sessions.total == 0 and .refused == [] and
	.watched == [] and .partners == [] and .ending == []' "all empty"

# sessions DOMAIN COUNT TLS VERSION AUTHENTICATED DAYS
now=$(date +%s)
id=0
sessions() {
	local i
	for ((i = 0; i < $2; i++)); do
		id=$((id + 1))
		echo "INSERT INTO session(id,at,duration_msecs,mta,client_addr,
			tls,tls_version,authenticated,messages,accepted,refused)
			VALUES ($id,$now-$6*86400-$i,9,'postfix','192.0.2.1',
			'$3',$4,$5,1,2,1);
			INSERT INTO session_domain VALUES ($id,1,'$1',2,1),
			($id,0,'us.test',2,1);"
	done
}
{
	sessions bank.test 12 starttls "'TLSv1.3'" 0 5
	sessions bank.test 1 wrapper "'TLSv1.2'" 0 6
	sessions old.test 12 starttls "'TLSv1.2'" 0 40
	sessions few.test 9 starttls "'TLSv1.3'" 0 5
	sessions mixed.test 11 starttls "'TLSv1.3'" 0 5
	sessions mixed.test 1 none NULL 0 5
	sessions dark.test 11 starttls "'TLSv1.3'" 0 5
	sessions dark.test 1 unknown NULL 0 5
	sessions ruled.test 12 starttls "'TLSv1.3'" 0 5
	sessions watched.test 12 starttls "'TLSv1.3'" 0 5
	sessions sub.parent.test 12 starttls "'TLSv1.3'" 0 5
	sessions login.test 12 starttls "'TLSv1.3'" 1 5
	sessions '' 12 starttls "'TLSv1.3'" 0 5
	# shellcheck disable=SC2016 # it must reach the table as it is
	sessions 'a$(id).test' 12 starttls "'TLSv1.3'" 0 5
	sessions '-rf.test' 12 starttls "'TLSv1.3'" 0 5
	sessions 'x y.test' 12 starttls "'TLSv1.3'" 0 5
} | sqlite3 "$state"
sql "
INSERT INTO policy(direction,sender,level) VALUES
 ('in','ruled.test','encrypt'), ('in','.parent.test','none'),
 ('in','*','preferred');
INSERT INTO policy(direction,sender,level,mode) VALUES
 ('in','watched.test','encrypt','monitor');
INSERT INTO policy(direction,recipient,level) VALUES
 ('out','haverule.test','encrypt');"
tw 0 "suggest" suggest
out_has '^tlswarden rule add --direction in --sender bank\.test --level encr' \
	"a sender that always had TLS, beside a rule for all"
out_has '^# bank\.test: 13 sessions since .*Z, all encrypted, 39 recipients, ' \
	"with what is known of it"
out_has 'oldest TLSv1\.2$' "the oldest protocol"
[ "$(grep -c ^tlswarden <<<"$out")" = 1 ]
verdict $? "and nobody else"
for name in old few mixed dark ruled watched parent login 'id' rf 'x y'; do
	out_lacks "^tlswarden.*$name" "not $name.test"
done
out_has '^# 2 more domains did not always have TLS' "who was in clear, or dark"
tw 0 "suggest --min" suggest --min 9
out_has '^tlswarden.*few\.test' "fewer sessions"
tw 0 "suggest --since" suggest --since 60d
out_has '^tlswarden.*old\.test' "longer ago"
tw 0 "suggest --json" suggest --json
json 'length == 1 and .[0].direction == "in" and .[0].domain == "bank.test" and
	.[0].level == "encrypt" and .[0].mode == "monitor"' "the same as JSON"
for bad in 0 -1 x ''; do
	tw 64 "no number of sessions: \"$bad\"" suggest --min "$bad"
done
command=$("$program" -c "$conf" suggest --json | jq -r '.[0].command')
# shellcheck disable=SC2086 # it is words
tw 0 "the command works" ${command#tlswarden }
tw 0 "suggest once more" suggest
out_has '^# nothing to suggest$' "the rule is there now"

# probe DOMAIN HOST VERDICT CLASS FAULT VERSION NOT_AFTER
probe() {
	sqlite3 "$state" "INSERT INTO probe(domain,host,addr,port,at,verdict,
		class,fault,tls_version,not_after,client_cert_requested)
		VALUES ('$1','$2','192.0.2.9',25,$now-60,'$3',$4,$5,$6,$7,0)"
}
probe good.test mx1.good.test ok NULL NULL "'TLSv1.3'" $((now + 8640000))
probe good.test mx2.good.test ok NULL NULL "'TLSv1.3'" $((now + 86400))
probe half.test mx1.half.test ok NULL NULL "'TLSv1.3'" NULL
probe half.test mx2.half.test noverify "'no_starttls'" "'theirs'" NULL NULL
probe bad.test mx.bad.test fail "'expired_leaf'" "'theirs'" "'TLSv1.2'" \
	$((now - 86400))
probe haverule.test mx.haverule.test ok NULL NULL "'TLSv1.3'" NULL
tw 0 "suggest for partners" suggest
out_has '^tlswarden rule add --direction out --recipient good\.test --level e' \
	"one whose servers all have TLS"
out_has '^# good\.test: TLS on all of 2 servers .* certificates in order' \
	"with what is known"
out_has '^# bad\.test: .* certificates not in order' "one with faults"
out_lacks '^tlswarden.*half' "not one of whose servers one has none"
out_lacks '^tlswarden.*haverule' "not one that has a rule"

sqlite3 "$state" "
INSERT INTO violation(at,rule,direction,mode,on_failure,source,reason,sender,
  recipient,nexthop,peer_addr,peer_name,text) VALUES
 ($now-60,12,'in','enforce','fail','milter','no_tls','a@b' || char(27) ||
  '[31m.test','b@us.test',NULL,'192.0.2.2',NULL,'550 x'),
 ($now-50,7,'in','monitor','tempfail','delegation','cert_not_verified','<>',
  'us.test',NULL,'192.0.2.3','h.test','451 4.7.5 x'),
 ($now-864000,9,'out','enforce','tempfail','dsn','expired_leaf',NULL,NULL,
  'partner.test','192.0.2.4','mx.partner.test','451 4.7.5 x');"
soon=$(date -u -d "@$((now + 86400))" +%Y-%m-%dT%H:%M:%SZ)
sql "INSERT INTO policy(direction,recipient,level,expires_at) VALUES
 ('out','soon.test','none','$soon'),('out','late.test','none','2999-01-01'),
 ('out','over.test','none','2020-01-01');"
rule=$(sql "SELECT id FROM policy WHERE recipient = 'soon.test'")
tw 0 "report" report --since 9d
out_has '^  [0-9]+: [0-9]+ encrypted, 1 in clear, 1 ended' "sessions"
out_has '^  1 times rule 12 in: b\\x1B\[31m\.test -> us\.test, peer 192\.0\.2' \
	"a refusal, safe to read"
out_has '^  1 times rule 7 in: <> -> us\.test, peer h\.test: cert_not_ver' \
	"a watched one"
[ "$(grep -c '^    for us: ' <<<"$out")" = 2 ]
verdict $? "each with what to do"
out_has '^  half\.test, mx2\.half\.test \[192\.0\.2\.9\]: no_starttls, fault' \
	"a partner without TLS"
out_has '^  good\.test, mx2\.good\.test .*: expires_soon' \
	"one whose certificate ends soon"
out_lacks 'mx1\.good' "not the others"
out_has "^  rule $rule ends $soon$" "a rule that ends"
[ "$(grep -c '^  rule .* ends' <<<"$out")" = 1 ]
verdict $? "no other one"
tw 0 "report --since" report --since 11d
out_has 'rule 9 out: - -> partner\.test' "longer ago"
tw 0 "report --json" report --since 9d --json
json '(.refused | length) == 1 and .refused[0].rule == 12 and
	(.watched | length) == 1 and (.partners | length) == 3 and
	(.ending | length) == 1 and .sessions.plaintext == 1' "the same as JSON"

sql "DROP TABLE ca"
tw 1 "report with a table that does not load" report
out_has '^The table does not load: ' "says so first"
head -c 8192 /dev/urandom >"$state"
rm -f "$state"-wal "$state"-shm
tw 65 "report of junk" report
tw 65 "suggest from junk" suggest --json
finish
