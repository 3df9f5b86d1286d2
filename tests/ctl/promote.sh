#!/bin/bash
# tlswarden: rule promote enforces a rule that watched, when nothing speaks
# against it, and a doubt does.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"

new_table
state=$work/lib/state/state.db
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=mx.tls.test -days 3650 \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null ||
	bail "no certificate"
echo "trust_store = \"$work/cert.pem\"" >>"$conf"
sql "INSERT INTO policy(id,direction,sender,recipient,level,on_failure,mode)
 VALUES
 (1,'in','bank.test','*','encrypt','fail','monitor'),
 (2,'in','bad.test','*','encrypt','fail','monitor'),
 (3,'in','quiet.test','*','encrypt','fail','monitor'),
 (4,'in','bank.test','us.test','encrypt','fail','monitor'),
 (5,'in','bank.test','*','encrypt','fail','enforce'),
 (6,'in','bank.test','*','secure','fail','monitor'),
 (7,'in','ceo@bank.test','*','encrypt','fail','monitor'),
 (11,'out','*','tls.test','encrypt','fail','monitor'),
 (12,'out','*','plain.test','encrypt','fail','monitor'),
 (13,'out','*','never.test','encrypt','fail','monitor'),
 (14,'out','*','rare.test','encrypt','fail','monitor'),
 (15,'out','*','.test','encrypt','fail','monitor'),
 (16,'out','*','tls.test','secure','fail','monitor')"
# One that watches beside the enforced one must win to be judged.
sql "UPDATE policy SET priority = 200 WHERE id = 5;
     UPDATE policy SET priority = 150 WHERE id IN (15, 16)"
# As if all but rule 4 were there for two months.
sql "DROP TRIGGER audit_before_update;
     UPDATE audit SET at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-60 days')
     WHERE key <> '4';
     UPDATE audit SET at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-3 days')
     WHERE key = '4'"

tw 66 "before any daemon ran" rule promote 1
err_has 'state\.db' "names the file"
mkdir -p "${state%/*}"
sqlite3 "$state" <"$top_srcdir/sql/state.sql" >/dev/null
tw 1 "nothing is recorded" rule promote 1
out_has '^- no session was recorded in that span' "speaks against it"
out_has '^not promoted:' "it is not"
tw 1 "nothing was probed" rule promote 11
out_has '^- tls\.test: never looked at' "speaks against it"

now=$(date +%s)
# mail DOMAIN TLS: one session of two recipients on each of 16 days.
mail() {
	echo "INSERT INTO session(at,duration_msecs,mta,client_addr,client_name,
	    tls,tls_version,bits,authenticated,messages,accepted,refused)
	    SELECT $now - 3600 - 86400 * value, 10, 'postfix', '203.0.113.1',
	    'mx.$1', '$2', iif('$2' = 'none', NULL, 'TLSv1.3'), 256, 0, 1, 2,
	    0 FROM generate_series(0, 15);
	    INSERT INTO session_domain SELECT id, 1, '$1', 2, 0 FROM session
	    WHERE client_name = 'mx.$1';
	    INSERT INTO session_domain SELECT id, 0, 'us.test', 2, 0
	    FROM session WHERE client_name = 'mx.$1';"
}
pem=$(cat "$work/cert.pem")
# looks DOMAIN JSON DAYS-AGO...: days with a look; the last is an hour old.
looks() {
	local domain=$1 json=$2 day
	shift 2
	echo "INSERT INTO probe(domain,host,addr,port,at,verdict,
	    client_cert_requested,json,tls_version,cipher,bits) VALUES
	    ('$domain','mx.$domain','198.51.100.1',25,$now-3600,'ok',0,'$json',
	    iif('$json' LIKE '%starttls%', NULL, 'TLSv1.3'),'X',256);
	    INSERT INTO seen_chain(host,at,pem) VALUES
	    ('mx.$domain',$now-3600,'$pem');"
	for day; do
		echo "INSERT INTO probe_day VALUES
		    ('$domain',$((now / 86400 - day)),1);"
	done
}
well='{"findings":[]}'
none='{"findings":[{"class":"no_starttls","severity":"fail",
"fault":"theirs"}]}'
sqlite3 "$state" "$(mail bank.test starttls) $(mail bad.test none)
	$(looks tls.test "$well" 0 2 4 6 8 10 12 14)
	$(looks plain.test "$none" 0 2 4 6 8 10 12 14)
	$(looks rare.test "$well" 0 14)"

# ---- what speaks against it ----
tw 1 "mail that came in clear" rule promote 2
out_has '^- it would have refused [0-9]+ recipients in 1[45] recorded' \
	"the dry run"
out_has 'no_tls +bad\.test +us\.test +mx\.bad\.test' "whose mail"
out_has '^in the ledger: 0 violations' "and what the ledger says"
tw 1 "no mail of that partner" rule promote 3
out_has '^- no recorded mail is known to be about it' "no evidence"
tw 1 "a rule that was changed" rule promote 4
out_has '^- it is as it is since 20.*Z only, 3\.0 days' "is too young"
tw 1 "a rule about users" rule promote 7
out_has '^- no recorded mail is known to be about it' "only domains are known"
tw 1 "a level that the mail did not reach" rule promote 6
out_has 'cert_not_verified +bank\.test' "is said"
tw 1 "a longer span than was recorded" rule promote 1 --clean 40d
out_has '^- no session was recorded for 2[34]\.[0-9] days: nobody' "is a gap"
tw 1 "longer than rows are kept" rule promote 1 --clean 100d
out_has 'retention_days' "is said"
tw 1 "a server without STARTTLS" rule promote 12
out_has '^- plain\.test: the last probe would be refused \(no_starttls\)' "too"
tw 1 "a domain nobody looked at" rule promote 13
out_has '^- never\.test: never looked at' "too"
tw 1 "looks too far apart" rule promote 14
out_has '^- rare\.test: nobody looked for 14\.0 days' "too"
tw 1 "one of many destinations" rule promote 15 --json
json '.promoted == false and (.against | length) == 2 and
	.dry_run.refused == 1 and .violations == 0' "each reason, as JSON"
tw 1 "a chain that is not trusted for that name" rule promote 16
out_has '^- tls\.test: the last probe would be refused \(' "by its own level"
sqlite3 "$state" "INSERT INTO violation(at,rule,direction,mode,on_failure,
	source,reason,sender,recipient,peer_addr) VALUES
	($now-86400,1,'in','monitor','fail','milter','no_tls','bank.test',
	'us.test','203.0.113.9')"
sqlite3 "$state" "INSERT INTO lost(at,since,n) VALUES($now-50,$now-90,7)"
tw 1 "rows that were lost" rule promote 11
out_has '^- 7 rows were lost in that span' "may have been violations"
sqlite3 "$state" "DELETE FROM lost"
tw 1 "a violation" rule promote 1
out_has '^- the ledger has 1 violations of it in that span' "speaks against it"
out_has '1 times, last 20.*: no_tls, from bank\.test to us\.test, by 203' \
	"and is shown"
[ "$(sql "SELECT count(*) FROM policy WHERE mode = 'enforce'")" = 1 ]
verdict $? "nothing was changed"
[ "$(sql "SELECT count(*) FROM audit WHERE at > datetime('now', '-1 day')")" \
	= 0 ]
verdict $? "and the audit has nothing new"

# ---- what is enforced ----
sqlite3 "$state" "UPDATE violation SET at = $now - 86400 * 20"
SUDO_USER=alice tw 0 "an old violation does not count" rule promote 1
out_has '^rule 1 is enforced from now on$' "enforced"
[ "$(sql "SELECT mode FROM policy WHERE id = 1")" = enforce ]
verdict $? "in the table"
actor=$(id -un)
[ "$actor" != root ] || actor=alice
[ "$(sql "SELECT actor, json_extract(after, '\$.mode') FROM audit
	ORDER BY id DESC LIMIT 1")" = "$actor|enforce" ]
verdict $? "the audit names the actor"
tw 0 "every two days is enough" rule promote 11 --json
json '.promoted == true and .against == [] and .rule == 11 and
	.dry_run.passes == 1' "as JSON"
tw 65 "it watches no more" rule promote 11
err_has 'mode is enforce already' "and says so"
tw 0 "a shorter span" rule promote 4 --clean 2d
sql "UPDATE policy SET comment = 'x' WHERE id = 14"
tw 1 "--force is not the default" rule promote 14
out_lacks 'is as it is since' "a comment is no change"
tw 0 "--force" rule promote 14 --force
out_has '^against it, but --force is given' "says what it overrides"
[ "$(sql "SELECT mode FROM policy WHERE id = 14")" = enforce ]
verdict $? "in the table"

# A CA of its own is what it watched for.
sql "INSERT INTO ca(name,pem) VALUES('c','$pem');
     INSERT INTO policy(id,direction,sender,level,ca,mode)
     VALUES(20,'in','ca.test','secure','c','monitor');
     UPDATE audit SET at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-60 days')
     WHERE key = '20'"
tw 1 "a CA that is new" rule promote 20
out_has '^- its CA "c" was changed on 20' "is not what it watched for"
out_lacks 'is as it is since' "though the rule is old"

# ---- what is wrong ----
sql "UPDATE policy SET enabled = 0 WHERE id = 3"
tw 1 "a disabled rule" rule promote 3
out_has '^- it is disabled: it watches nothing' "is said"
tw 65 "no such rule" rule promote 99
tw 64 "no number" rule promote one
tw 64 "no rule" rule promote
tw 64 "no span" rule promote 2 --clean often
tw 64 "a span that is to come" rule promote 2 --clean 2999-01-01
sqlite3 "$state" "DROP TABLE probe_day; DROP TABLE lost;
	PRAGMA user_version = 2"
sql "UPDATE policy SET mode = 'monitor' WHERE id = 11;
     UPDATE audit SET at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-60 days')"
tw 1 "a state.db that did not keep days" rule promote 11
out_has '^- tls\.test: nobody kept when it was looked at' "is a doubt"
sqlite3 "$state" "PRAGMA journal_mode = DELETE" >/dev/null
head -c 8192 /dev/urandom >"$state"
tw 65 "garbage" rule promote 2 --force
[ "$(sql "SELECT mode FROM policy WHERE id = 2")" = monitor ]
verdict $? "also with --force nothing is done blindly"
finish
