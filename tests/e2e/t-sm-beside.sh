#!/bin/bash
# tlswarden: tlswarden.m4 in a sendmail.mc that has an access map, FEATURE sts
# and tls_session_features already: what was refused stays refused, rules are
# kept; and FEATURE sts alone, answered by policyd, without it.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=sendmail.sh
. "$(dirname "$0")/sendmail.sh"
sendmail_get
e2e_init "$0"
sendmail_world
pki_start
dns_start

rules()
{
	local col=direction,recipient,level,on_failure,cert_name
	sql "INSERT INTO policy(id,$col) VALUES
	    (1,'out','plain.test','encrypt','fail',NULL),
	    (2,'out','enc.good.test','encrypt','fail',NULL),
	    (3,'out','sec.good.test','secure','fail','nexthop:hostname'),
	    (4,'out','sec.untrusted.test','secure','fail',NULL),
	    (5,'out','sec.wrongname.test','secure','fail',NULL),
	    (6,'out','host.good.test','secure','fail','hostname'),
	    (7,'out','other.good.test','secure','fail','mx.other.test'),
	    (8,'out','sec.plain.test','secure','fail',NULL),
	    (9,'out','none.good.test','none','fail',NULL),
	    (10,'out','agreed.good.test','secure','fail','mx.good.test'),
	    (11,'out','good.test','secure','fail',NULL),
	    (12,'out','enc.tls12.test','encrypt','fail',NULL),
	    (13,'out','aes128.test','encrypt','fail',NULL)"
}

# Starts over with these lines of sendmail.mc.
site()
{
	rm -rf "$RUN/send"
	sendmail_out
	log_mark "$RUN/send.maillog"
}

# Like sendmail_out, but without the feature.
site_without()
{
	rm -rf "$RUN/send"
	sendmail_make send <<-MC
	define(\`confTO_QUEUEWARN', \`')dnl
	$(cat)
	DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
	MAILER(\`smtp')dnl
	MC
	log_mark "$RUN/send.maillog"
}

# The same mail in every set-up, WHAT is its user.
usual()
{
	local u=$1
	sm_send_each "$u@enc.good.test" "$u@sec.good.test" \
	    "$u@free.plain.test" "$u@plain.test" "$u@sec.untrusted.test" \
	    "$u@none.good.test"
	cell Sendmail out / level encrypt
	expect_sm_sent "$u@enc.good.test" tls "$u: encrypt"
	expect_sm "$u@plain.test" 'dsn=5\.7\.10' "$u: encrypt refuses plaintext"
	cell Sendmail out / level secure
	expect_sm_sent "$u@sec.good.test" tls "$u: secure"
	expect_sm "$u@sec.untrusted.test" 'dsn=5\.7\.5' \
	    "$u: secure refuses an untrusted certificate"
	cell Sendmail out / level none
	expect_sm_sent "$u@none.good.test" clear "$u: none"
	cell Sendmail out / level preferred
	expect_sm_sent "$u@free.plain.test" clear "$u: no rule"
	cell
}

warden_make recv <<< 'log_level = "debug"'
rules
receivers_start
policyd_start
touch "$RUN/send.maillog"

site < /dev/null
usual alone

# ---- an access map: what it demands and what it refuses still holds ----
mkdir -p "$RUN/access"
cat > "$RUN/access/map" <<'MAP'
TLS_Srv:mx.second.test	VERIFY
TLS_Srv:mx.untrusted.test	PERM+VERIFY
TLS_Rcpt:strict.selfsigned.test	VERIFY
Try_TLS:mx.tls12.test	NO
MAP
site <<MC
FEATURE(\`access_db', \`text -k0 -v1 -T<TMPF> -o $RUN/access/map')dnl
MC
usual access
sm_send acc@free.untrusted.test
expect_sm acc@free.untrusted.test 'dsn=5\.7\.0.*' \
    "access map: its own demand, without a rule"
sm_send acc@free.second.test
expect_sm_sent acc@free.second.test tls "access map: which is satisfied"
sm_send acc@strict.selfsigned.test
expect_sm acc@strict.selfsigned.test 'dsn=4\.' "access map: TLS_Rcpt"
sm_send acc@free.tls12.test
expect_sm_sent acc@free.tls12.test clear "access map: Try_TLS NO"
sm_send acc@enc.tls12.test
expect_sm acc@enc.tls12.test 'dsn=4\.7\.0, .*stat=Deferred' \
    "access map: Try_TLS NO against a rule: our fault, nothing bounces"

# ---- plaintext after a failed handshake ----
site <<'MC'
define(`confTLS_FALLBACK_TO_CLEAR', `true')dnl
define(`confCIPHER_LIST', `AES256-GCM-SHA384')dnl
MC
sm_send_each clear@aes128.test clear@free.aes128.test
expect_sm clear@aes128.test 'dsn=4\.7\.0, .*stat=Deferred' \
    "TLSFallbacktoClear: a failed handshake is not for ever"
expect_sm_sent clear@free.aes128.test clear \
    "TLSFallbacktoClear: without a rule it goes"

# ---- FEATURE(`sts'), asked of policyd, beside ----
install -d -m 0755 "$RUN/map"
site <<MC
FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$SOCKET')dnl
MC
usual sts
sm_send sts@sec.wrongname.test
expect_sm sts@sec.wrongname.test 'dsn=[45]\.7\.[05]' "sts beside: another name"

# ---- both, and session features ----
site <<MC
FEATURE(\`access_db', \`text -k0 -v1 -T<TMPF> -o $RUN/access/map')dnl
FEATURE(\`tls_session_features')dnl
FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$SOCKET')dnl
MC
usual all

# ---- DANE: Debian's binary is built without it and does not know the option --
# What DANE says of a session are words of {verify}: t-sm-rules has them.
site <<MC
define(\`confDANE', \`true')dnl
MC
like "$(sendmail_run send -bv a@enc.good.test 2>&1)" \
    'unknown option name DANE' "there is no DANE to stand beside"

# ---- FEATURE(`sts') without tlswarden.m4: level secure alone ----
site_without <<MC
FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$SOCKET')dnl
MC
sm_send_each only@good.test only@sec.good.test only@host.good.test \
    only@agreed.good.test \
    only@free.plain.test only@other.good.test only@sec.plain.test \
    only@sec.untrusted.test only@sec.wrongname.test
cell Sendmail out / level secure
expect_sm_sent only@good.test tls "sts: the server is below the domain"
expect_sm_sent only@sec.good.test tls "sts: the keyword hostname among others"
expect_sm_sent only@host.good.test tls "sts: the server's own name in the SAN"
expect_sm_sent only@agreed.good.test tls "sts: an agreed server"
expect_sm only@other.good.test \
    'dsn=4\.[27]\.0.*Deferred' "sts: not the agreed server"
expect_sm only@sec.plain.test \
    'stat=Deferred: 403 4\.7\.0 other side does not support STARTTLS' \
    "sts: no STARTTLS"
expect_sm only@sec.untrusted.test \
    'stat=Deferred: 403 4\.7\.0 authentication failed' \
    "sts: an untrusted certificate"
expect_sm only@sec.wrongname.test 'dsn=4\.[27]\.0.*Deferred' \
    "sts: a certificate without the server's name"
cell
expect_sm_sent only@free.plain.test clear "sts: no rule"
policyd_stop KILL
sm_send later@sec.good.test
expect_sm later@sec.good.test 'dsn=4\.' "sts: policyd is down, it waits"
sm_send later@free.plain.test
expect_sm later@free.plain.test 'dsn=4\.' "also without a rule"
done_testing
