#!/bin/bash
# tlswarden: mail that Sendmail delivers, judged by tlswarden.m4 and policyd:
# levels, protocols, strength, CA and names; what stands in log and bounce;
# policyd down.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=inbound.sh
. "$(dirname "$0")/inbound.sh"
# shellcheck source=sendmail.sh
. "$(dirname "$0")/sendmail.sh"
sendmail_get
e2e_init "$0"
sendmail_world
pki_start
dns_start

rules()
{
	local col=direction,recipient,level,on_failure
	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT)),
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
	    INSERT INTO policy(id,$col,ca,cert_name,min_protocol,min_bits)
	    VALUES
	    (1,'out','plain.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (2,'out','soft.plain.test','encrypt','tempfail',NULL,NULL,NULL,
		NULL),
	    (3,'out','enc.good.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (4,'out','enc.untrusted.test','encrypt','fail',NULL,NULL,NULL,
		NULL),
	    (5,'out','sec.good.test','secure','fail',NULL,NULL,NULL,NULL),
	    (6,'out','untrusted.test','secure','fail',NULL,NULL,NULL,NULL),
	    (7,'out','expired.test','secure','tempfail',NULL,NULL,NULL,NULL),
	    (8,'out','wrongname.test','secure','fail',NULL,NULL,NULL,NULL),
	    (9,'out','host.good.test','secure','fail',NULL,'hostname',NULL,
		NULL),
	    (10,'out','cn.good.test','secure','fail',NULL,
		'a.test:mx.good.test',NULL,NULL),
	    (11,'out','other.good.test','secure','fail',NULL,'other.test',
		NULL,NULL),
	    (12,'out','ca.second.test','secure','fail','Second',NULL,NULL,
		NULL),
	    (13,'out','ca.good.test','secure','fail','Second',NULL,NULL,NULL),
	    (14,'out','tls11.test','encrypt','fail',NULL,NULL,'TLSv1.2',NULL),
	    (15,'out','ok.tls12.test','encrypt','fail',NULL,NULL,'TLSv1.2',
		NULL),
	    (16,'out','tls12.test','encrypt','tempfail',NULL,NULL,'TLSv1.3',
		NULL),
	    (17,'out','aes128.test','encrypt','fail',NULL,NULL,NULL,256),
	    (18,'out','bits.good.test','encrypt','fail',NULL,NULL,NULL,256),
	    (19,'out','pref.plain.test','preferred','fail',NULL,NULL,NULL,
		NULL),
	    (20,'out','none.good.test','none','fail',NULL,NULL,NULL,NULL),
	    (21,'out','ceo@user.plain.test','encrypt','fail',NULL,NULL,NULL,
		NULL),
	    (22,'out','secplain.plain.test','secure','fail',NULL,NULL,NULL,
		NULL),
	    (23,'out','refuse.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (24,'out','cfo@user.plain.test','encrypt','tempfail',NULL,NULL,
		NULL,NULL),
	    (25,'out','none.plain.test','none','fail',NULL,NULL,NULL,NULL),
	    (26,'out','nouser.good.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (27,'out','x@nouser.good.test','none','fail',NULL,NULL,NULL,NULL),
	    (28,'out','pref.good.test','preferred','fail',NULL,NULL,NULL,NULL),
	    (29,'out','pref.untrusted.test','preferred','fail',NULL,NULL,NULL,
		NULL),
	    (32,'out','sec.chain.test','secure','fail',NULL,NULL,NULL,NULL),
	    (33,'out','sec.selfsigned.test','secure','fail',NULL,NULL,NULL,
		NULL),
	    (34,'out','sec.incomplete.test','secure','fail',NULL,NULL,NULL,
		NULL),
	    (35,'out','host.wrongname.test','secure','fail',NULL,'hostname',
		NULL,NULL),
	    (36,'out','ca.untrusted.test','secure','fail','Good',NULL,NULL,
		NULL),
	    (37,'out','old.tls11.test','encrypt','fail',NULL,NULL,'TLSv1.1',
		NULL),
	    (38,'out','new.good.test','encrypt','fail',NULL,NULL,'TLSv1.3',
		NULL),
	    (39,'out','low.aes128.test','encrypt','fail',NULL,NULL,NULL,128),
	    (40,'out','.dom.plain.test','encrypt','fail',NULL,NULL,NULL,NULL);
	    INSERT INTO policy(id,$col,subnet,mode) VALUES
	    (50,'out','*','secure','fail','127.1.0.13/32','enforce'),
	    (51,'out','watch.plain.test','encrypt','fail',NULL,'monitor')"
}

# ROW of the matrix | RECIPIENT | tls, clear, or what the log line has | what it
# shows
cases()
{
	local no='required by policy rule'

	cat <<-ROWS
	level none|a@none.good.test|clear|in clear although TLS is offered
	level none|a@none.plain.test|clear|in clear where there is none
	level none|x@nouser.good.test|clear|none for one user of a domain
	level preferred|a@free.good.test|tls|no rule: TLS is tried
	level preferred|a@free.plain.test|clear|no rule: falls back
	level preferred|a@pref.good.test|tls|TLS where it is offered
	level preferred|a@pref.untrusted.test|tls|with any certificate
	level preferred|a@pref.plain.test|clear|falls back
	level encrypt|a@enc.good.test|tls|TLS
	level encrypt|a@enc.untrusted.test|tls|an untrusted certificate will do
	level encrypt|a@plain.test|dsn=5\.7\.10, stat=|no STARTTLS
	level encrypt|a@refuse.test|dsn=4\.7\.0|STARTTLS fails: it waits, also \
with fail
	level encrypt|a@nouser.good.test|tls|another user than the excepted one
	level secure|a@sec.good.test|tls|the next hop by a wildcard
	level secure|a@sec.chain.test|tls|with an intermediate
	level secure|a@secplain.plain.test|dsn=5\.7\.10|no STARTTLS
	level secure|a@untrusted.test|dsn=5\.7\.5|an untrusted CA
	level secure|a@expired.test|dsn=4\.7\.5, stat=Deferred: 451 4\.7\.5 \
Verified certificate $no 7 for mail to expired.test: .*\(verify FAIL\)|expired
	level secure|a@sec.selfsigned.test|dsn=5\.7\.5|self-signed
	level secure|a@sec.incomplete.test|dsn=5\.7\.5|without its intermediate
	level secure|a@wrongname.test|dsn=5\.7\.5|another name
	check subject|a@host.good.test|tls|hostname
	check subject|a@cn.good.test|tls|one of two
	check subject|a@other.good.test|dsn=5\.7\.5|another
	check subject|a@host.wrongname.test|dsn=5\.7\.5|hostname: another
	check CA issuer|a@ca.second.test|tls|issued by it
	check CA issuer|a@ca.good.test|dsn=5\.7\.5|another one, trusted
	check CA issuer|a@ca.untrusted.test|dsn=5\.7\.5|one that is not trusted
	min_protocol|a@tls11.test|dsn=5\.7\.6|TLS 1.1 under 1.2
	min_protocol|a@old.tls11.test|tls|TLS 1.1 under 1.1
	min_protocol|a@ok.tls12.test|tls|TLS 1.2 under 1.2
	min_protocol|a@tls12.test|dsn=4\.7\.6, stat=Deferred: 451 4\.7\.6 \
TLSv1.3 or newer $no 16 .*\(TLSv1.2\)|TLS 1.2 under 1.3
	min_protocol|a@new.good.test|tls|TLS 1.3 under 1.3
	min_bits|a@aes128.test|dsn=5\.7\.6|128 under 256
	min_bits|a@low.aes128.test|tls|128 under 128
	min_bits|a@bits.good.test|tls|256 under 256
	by address|ceo@user.plain.test|dsn=5\.7\.10, stat=|its rule refuses
	by address|cfo@user.plain.test|dsn=4\.7\.10, stat=Deferred: 451 4\.7\.\
10 TLS $no 24 for mail to user.plain.test: this session is not encrypted; en|\
temporarily, with the whole text
	by address|"ceo"@user.plain.test|dsn=5\.7\.10|quoted
	by address|b@user.plain.test|clear|which is not about others
	by partner domain|a@sub.dom.plain.test|dsn=5\.7\.10|a subdomain
	by partner domain|a@dom.plain.test|clear|not the domain itself
	by partner domain|a@plain.test|dsn=5\.7\.10|a domain
	by subnet|a@incomplete.test|dsn=5\.7\.5|the server is in it
	by subnet|a@selfsigned.test|tls|which is not about others
	monitor|a@watch.plain.test|clear|changes nothing
	ROWS
}

warden_make recv <<< 'log_level = "debug"'
rules
receivers_start
policyd_start
sendmail_out < /dev/null
log_mark "$RUN/send.maillog"
while IFS='|' read -r row rcpt want what; do
	cell "Sendmail out / $row"
	sm_send "$rcpt" < /dev/null
	case $want in
	tls | clear) expect_sm_sent "$rcpt" "$want" "$what" ;;
	*) expect_sm "$rcpt" "$want" "$what" ;;
	esac
done < <(cases)
cell

# ---- what the sender is told ----
cell Sendmail out / fail
bounce()
{
	grep -lF 'Delivered-To: sender@dsn.good.test' "$RUN"/mail/all/new/* \
	    2> /dev/null | xargs -r grep -l "Final-Recipient: .*$1" |
	    xargs -r cat | tr -s '[:space:]' ' '
}

# shellcheck disable=SC2317 # wait_for calls it
has_bounce()
{
	[ -n "$(bounce "$1")" ]
}

wait_for 5 has_bounce a@plain.test
like "$(bounce a@plain.test)" 'Status: 5.7.10 ' "the bounce has the status"
like "$(bounce a@plain.test)" "550 5.7.10 a@plain.test\.\.\. TLS required by \
policy rule 1 for mail to plain.test: this session is not encrypted; enable \
STARTTLS" "and the whole text"
cell Sendmail out / cause and fix in the text
like "$(bounce a@wrongname.test)" "policy rule 8 .*\(subject \
elsewhere.test\); use a certificate with the name that was agreed" \
    "and what the certificate says"
cell Sendmail out / temporarily fail
log_mark "$RUN/send.maillog"
sm_send mixed@plain.test mixed@enc.good.test mixed@soft.plain.test
expect_sm mixed@plain.test 'dsn=5.7.10' "one of three recipients is refused"
expect_sm_sent mixed@enc.good.test tls "the second gets it"
expect_sm mixed@soft.plain.test 'dsn=4.7.10' "the third waits"
sm_send soft@soft.plain.test
expect_sm soft@soft.plain.test "dsn=4.7.10, stat=Deferred: 451 4.7.10 TLS \
required by policy rule 2 for mail to soft.plain.test: this session is not \
encrypted; enable STARTTLS" "the log has the whole text"
sendmail_run send -bp > "$RUN/queue"
like "$(tr -s '[:space:]' ' ' < "$RUN/queue")" \
    'Deferred: 451 4.7.10 TLS required by policy rule 2 ' \
    "mailq shows as much of it as it shows of any"
like "$(grep -ah '^M' "$RUN"/send/mqueue/qf*)" "^MDeferred: 451 4.7.10 TLS \
required by policy rule 2 for mail to soft.plain.test: this session is not \
encrypted; enable STARTTLS$" "the queue file has all of it"

# ---- a change ----
cell
sql "UPDATE policy SET on_failure = 'tempfail' WHERE id = 1"
sleep 1
log_mark "$RUN/send.maillog"
sm_send changed@plain.test
expect_sm changed@plain.test 'dsn=4.7.10' "a changed rule is served"

# ---- a client that is not offered STARTTLS ----
sql "INSERT INTO policy(direction, subnet, level) VALUES
    ('in', '127.0.0.7/32', 'none')"
sleep 1
sendmail_start send
cell Sendmail in / level none
like "$(smtp "EHLO c.test" starttls QUIT)" '^TLSv1.3 ' "STARTTLS is offered"
smtp_options=(--from 127.0.0.7)
like "$(smtp "EHLO c.test" starttls QUIT)" '^[45][0-9][0-9] .*' \
    "level none: not to that client"
smtp_options=()
cell
sendmail_stop send

# ---- policyd is not there ----
policyd_stop TERM
log_mark "$RUN/send.maillog"
sm_send down@free.plain.test down@enc.good.test
down='dsn=4.7.5, stat=Deferred: 451 4.7.5 TLS policy cannot be asked'
expect_sm down@free.plain.test "$down" "policyd is down: nothing in clear"
expect_sm down@enc.good.test "$down" "nor with TLS"
policyd_start
log_mark "$RUN/send.maillog"
sendmail_run send -q -qRdown@ > "$RUN/out" 2>&1
expect_sm_sent down@enc.good.test tls "it is up: the queue is delivered"
expect_sm_sent down@free.plain.test clear "all of it"
kill -STOP "$(daemon_pid policyd)"
log_mark "$RUN/send.maillog"
sm_send hang@free.plain.test
kill -CONT "$(daemon_pid policyd)"
expect_sm hang@free.plain.test 'dsn=4\.' "policyd hangs: it waits"
check "and nothing arrived" test -z "$(mail_file hang@free.plain.test)"
done_testing
