#!/bin/bash
# tlswarden: check --before-enforce: what a rule would have refused.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table
state=$work/lib/state/state.db
sql "INSERT INTO policy(id,direction,sender,recipient,subnet,level,on_failure,
    mode,enabled) VALUES
 (1,'in','bank.test','*',NULL,'encrypt','fail','monitor',1),
 (2,'in','bank.test','*',NULL,'encrypt','fail','enforce',1),
 (3,'in','good.test','*',NULL,'encrypt','fail','monitor',1),
 (4,'in','ceo@bank.test','*',NULL,'encrypt','fail','monitor',0),
 (5,'in','*','*','192.0.2.0/24','encrypt','fail','monitor',1),
 (6,'in','nobody.test','*',NULL,'encrypt','fail','monitor',1),
 (7,'out','*','plain.test',NULL,'encrypt','fail','monitor',1),
 (8,'out','*','*',NULL,'encrypt','tempfail','monitor',1),
 (9,'out','*','ceo@plain.test',NULL,'encrypt','fail','monitor',1),
 (10,'out','*','never.test',NULL,'secure','fail','monitor',1),
 (11,'out','*','down.test',NULL,'encrypt','fail','enforce',1),
 (12,'in','none.test','*',NULL,'encrypt','fail','monitor',1);
 INSERT INTO policy(id,direction,recipient,subnet,level) VALUES
 (13,'out','*','198.51.100.0/24','encrypt')"
# The second of the same rules never wins but against the first, which watches.
sql "UPDATE policy SET enabled = 0 WHERE id IN (2, 13)"

tw 66 "before any daemon ran" check --before-enforce 1
err_has 'state\.db' "names the file"
mkdir -p "${state%/*}"
sqlite3 "$state" <"$top_srcdir/sql/state.sql" >/dev/null
tw 1 "nothing is recorded: no good" check --before-enforce 1
out_has 'no session is recorded: nothing can be said' "and says so"
tw 1 "no probe is stored: no good" check --before-enforce 8
out_has 'would be refused: mail to 0 destinations' "and says so"
tw 1 "nothing is recorded, as JSON" check --before-enforce 1 --json
json '.clean == false and .recorded_sessions == 0 and .first == null' "too"

now=$(date +%s)
# session ID SECONDS-AGO TLS VERSION TAKEN REFUSED ADDRESS
session() {
	echo "INSERT INTO session(id,at,duration_msecs,mta,client_addr,
	    client_name,tls,tls_version,bits,authenticated,messages,accepted,
	    refused) VALUES($1,$now-$2,10,'postfix','$7','mx$1.test','$3',$4,
	    256,0,1,$5,$6);"
}
sqlite3 "$state" "
$(session 1 864000 none NULL 2 1 203.0.113.1)
$(session 2 7200 starttls "'TLSv1.3'" 3 0 203.0.113.1)
$(session 3 3600 none NULL 4 0 203.0.113.2)
$(session 4 1800 starttls "'TLSv1.2'" 5 0 192.0.2.9)
$(session 5 900 unknown NULL 1 0 203.0.113.3)
$(session 6 60 none NULL 6 0 192.0.2.9)
$(session 7 50 none NULL 0 0 192.0.2.10)
INSERT INTO session_domain VALUES (1,1,'bank.test',2,1),(1,0,'us.test',2,1),
 (2,1,'bank.test',3,0),(2,0,'us.test',3,0),
 (3,1,'bank.test',1,0),(3,1,'other.test',3,0),(3,0,'us.test',4,0),
 (4,1,'good.test',5,0),(4,0,'us.test',5,0),
 (5,1,'bank.test',1,0),(5,0,'us.test',1,0),
 (6,1,'sub.test',6,0),(6,0,'us.test',6,0);
INSERT INTO probe(domain,host,addr,port,at,verdict,class,fault,
    client_cert_requested,json) VALUES
 ('plain.test','mx1.plain.test','198.51.100.1',25,$now-7200,'noverify',
  'no_starttls','theirs',0,'{\"findings\":[{\"class\":\"no_starttls\",
  \"severity\":\"fail\",\"fault\":\"theirs\"}]}'),
 ('plain.test','mx2.plain.test','198.51.100.2',25,$now-7200,'noverify',
  'timeout','path',0,'{\"findings\":[{\"class\":\"timeout\",
  \"severity\":\"fail\",\"fault\":\"path\"}]}'),
 ('down.test','mx.down.test','198.51.100.3',25,$now-864000,'noverify',
  'timeout','path',0,'{\"findings\":[{\"class\":\"timeout\",
  \"severity\":\"fail\",\"fault\":\"path\"}]}'),
 ('lost.test','mx.lost.test','198.51.100.4',25,$now-60,'noverify',NULL,NULL,0,
  'half a'),
 ('tls.test','mx.tls.test','198.51.100.5',25,$now-60,'ok',NULL,NULL,0,
  '{\"findings\":[]}');
UPDATE probe SET tls_version = 'TLSv1.3', cipher = 'X', bits = 256
 WHERE domain = 'tls.test'"

# ---- mail that we receive ----
tw 1 "a rule that would have refused" check --before-enforce 1
out_has '^rule 1 \(level encrypt, mode monitor\), in from bank\.test' "the rule"
out_has '^over 7 sessions from 20' "over what"
out_has '^would be refused: +4 recipients in 2 sessions \(1 recipients were' \
	"how much, and what was refused then"
out_has '^cannot be known: +1 recipients in 1 sessions$' "what is in doubt"
out_has 'never told whether TLS was on \(no_tls_state\)' "and why"
out_has '^would pass: +3 recipients in 1 sessions$' "what would pass"
out_has '^3 +1 +20.* +no_tls +bank\.test +us\.test +mx1\.test$' "from whom"
out_has '^1 +1 +20.* +no_tls +bank\.test +us\.test +mx3\.test$' \
	"of two senders in one session the one"
tw 1 "since yesterday" check --before-enforce 1 --since 1d --json
json '.refused == {"sessions":1,"recipients":1,"already_refused":0} and
	.unknown.recipients == 1 and .passes.sessions == 1 and .rule == 1 and
	.clean == false and .recorded_sessions == 6' "less"
json '(.refusals | length) == 1 and (.refusals[0] | del(.first, .last) ==
	{"recipients":1,"sessions":1,"reason":"no_tls","from":"bank.test",
	"to":"us.test","peer":"mx3.test"})' "each group"
json '.doubts[0].reason == "no_tls_state"' "each doubt"
tw 1 "a disabled rule, as if it were there" check --before-enforce 2
out_has 'mode enforce, disabled' "says so"
tw 0 "a rule that would refuse nothing" check --before-enforce 3
out_has '^would be refused: +0 recipients in 0 sessions$' "and says so"
out_has '^would pass: +5 ' "by mail that came"
tw 1 "a rule about users" check --before-enforce 4
out_has 'only domains are recorded \(no_users\)' "is in doubt"
out_has '^would be refused: +0 ' "not more"
tw 1 "a rule about a subnet needs no domains" check --before-enforce 5
out_has '^would be refused: +6 recipients in 1 sessions$' "it counts"
tw 1 "a rule nobody's mail meets" check --before-enforce 6
out_has 'no recorded mail is about this rule' "is no good word for it"
sqlite3 "$state" "DELETE FROM session_domain WHERE session IN (1, 3, 5, 6)"
tw 1 "no domains were recorded" check --before-enforce 12
out_has '^would be refused: +0 ' "so nothing is known"
out_has '14 recipients in 4 sessions: domains were not recorded' "and said"

# ---- mail that we deliver ----
tw 1 "a server without STARTTLS" check --before-enforce 7
out_has '^would be refused: mail to 1 destinations$' "refused"
out_has '^plain\.test +bounced +20.*Z +mx1\.plain\.test +no_starttls$' \
	"where and why; one that was not reached takes no mail"
tw 1 "any domain" check --before-enforce 8
out_has '^would be refused: mail to 1 destinations$' "one fails"
out_has '^cannot be known:  mail to 2 destinations$' "two cannot be known"
out_has '^plain\.test +deferred ' "by its own on_failure"
out_has '^lost\.test +unknown .* cannot be read: probe it again' "a broken one"
out_has '^tls\.test +unknown .* has no certificates: probe it' "half a one"
out_lacks '^down\.test' "a rule of its own wins there"
tw 1 "users of a domain" check --before-enforce 9
out_has '^plain\.test +bounced ' "by its servers"
tw 1 "never looked at" check --before-enforce 10
out_has '^never\.test +unknown +never +- +never looked at' "and says so"
out_has 'tlswarden probe --all --store' "and what to do"
tw 1 "not reached" check --before-enforce 11
out_has '^down\.test +unknown .* no server could be reached' "is not known"
tw 1 "an old look, since yesterday" check --before-enforce 11 --since 1d
out_has 'never looked at, or not since then' "is none"
tw 1 "a subnet" check --before-enforce 13 --json
json '.refused == 1 and .direction == "out" and .enabled == false and
	(.destinations | map(select(.result == "bounced" or
	.result == "deferred")) | .[0].why) == "no_starttls"' "as JSON"

sql "INSERT INTO policy(id,direction,sender,recipient,level,mode)
    VALUES(14,'out','boss@us.test','plain.test','encrypt','monitor')"
tw 1 "an outbound rule that names a sender" check --before-enforce 14
out_has 'names a sender, .* never matches' "is said to be idle"
tw 1 "and is not promoted" rule promote 14
out_has '^- it names a sender: .* never matches' "for that reason"

# ---- what is wrong ----
tw 65 "no such rule" check --before-enforce 99
err_has 'no rule 99|there is no' "and says so"
tw 64 "no number" check --before-enforce one
tw 64 "no time" check --before-enforce 1 --since never
tw 64 "--since alone" check --since 1d
sqlite3 "$state" "PRAGMA journal_mode = DELETE" >/dev/null
cp "$state" "$work/good.db"
# Locked by a writer that needs no log: said, not taken for empty.
sqlite3 "$state" "PRAGMA locking_mode = EXCLUSIVE" "BEGIN EXCLUSIVE" \
	".shell touch $work/locked; sleep 4" >/dev/null &
for ((i = 0; i < 100; i++)); do
	[ -e "$work/locked" ] && break
	sleep 0.05
done
tw 75 "a locked state.db" check --before-enforce 1
err_has 'state\.db' "names the file"
wait
head -c 4096 "$work/good.db" >"$state"
tw 65 "half a state.db" check --before-enforce 1
err_has 'state\.db' "names the file"
head -c 16384 /dev/urandom >"$state"
tw 65 "garbage" check --before-enforce 8
err_has 'state\.db' "names the file"
finish
