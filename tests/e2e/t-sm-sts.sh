#!/bin/bash
# tlswarden: FEATURE(sts) of Sendmail with policyd's map, live: alone, beside
# the feature tlswarden, and with NO_SAN_TST.
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
good=$(peers_table | awk '$1 == "good" { print $2 }')
zone_add "wild.good.test A $good" "wild.test MX 10 wild.good.test" \
    "hosted.test MX 10 mx.good.test"

warden_make recv <<< ''
sql "INSERT INTO policy(id,direction,recipient,level,on_failure,cert_name)
    VALUES
    (1,'out','good.test','secure','fail',NULL),
    (2,'out','hosted.test','secure','fail','mx.good.test'),
    (3,'out','wild.test','secure','fail','hostname'),
    (4,'out','untrusted.test','secure','fail',NULL),
    (5,'out','wrongname.test','secure','fail','hostname'),
    (6,'out','plain.test','secure','fail',NULL),
    (7,'out','elsewhere.good.test','secure','tempfail','.elsewhere.test'),
    (8,'out','enc.plain.test','encrypt','fail',NULL),
    (9,'out','sec.good.test','secure','fail',NULL)"
receivers_start
policyd_start

# LINE: what FEATURE(sts) is given behind the map.
sts_line()
{
	echo "FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$SOCKET'$1)dnl"
}

# RECIPIENT | tls, clear, or what the log line has | what it shows
cases()
{
	while IFS='|' read -r rcpt want what; do
		sm_send "$rcpt" < /dev/null
		case $want in
		tls | clear) expect_sm_sent "$rcpt" "$want" "$1: $what" ;;
		*) expect_sm "$rcpt" "$want" "$1: $what" ;;
		esac
	done
}

# ---- sts alone ----
sendmail_make send <<-MC
	define(\`confTO_QUEUEWARN', \`')dnl
	define(\`confTO_HOSTSTATUS', \`0s')dnl
	define(\`confMCI_CACHE_SIZE', \`0')dnl
	$(sts_line '')
	DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
	MAILER(\`smtp')dnl
MC
log_mark "$RUN/send.maillog"
cases alone <<-ROWS
	a@good.test|tls|the server is below the next hop
	a@hosted.test|tls|the server is named by cert_name
	a@wild.test|dsn=4\\..*, stat=|a wildcard is no name of the server: waits
	a@untrusted.test|stat=Deferred: 403 4.7.0 authentication failed|an \
untrusted CA waits
	a@wrongname.test|dsn=4\\..*, stat=|another name waits
	a@plain.test|stat=Deferred: 403 4.7.0 other side does not support|no \
STARTTLS waits
	a@elsewhere.good.test|dsn=4\\..*, stat=|a server that is not in the list
	a@enc.plain.test|clear|level encrypt is nothing that sts knows
	a@free.plain.test|clear|no rule
ROWS
expect_log "$RUN/send.maillog" \
    'tls_clt_features=.*servername=hostname.*relay=mx.good.test' \
    "alone: the server's name is sent in the handshake"
refute_log "$RUN/send.maillog" \
    'tls_clt_features=.*servername=hostname.*relay=mx.plain.test' \
    "alone: but only for rules of level secure"

# ---- beside the feature ----
sendmail_out <<< "$(sts_line '')"
log_mark "$RUN/send.maillog"
cases both <<-'ROWS'
	b@good.test|tls|the server is below the next hop
	b@sec.good.test|dsn=4\..*, stat=|sts wants the server below it
	b@hosted.test|tls|the server is named by cert_name
	b@wild.test|dsn=4\..*, stat=|sts still takes no wildcard
	b@untrusted.test|dsn=5.7.5|an untrusted CA is refused for good
	b@wrongname.test|dsn=5.7.5|another name, too
	b@plain.test|dsn=5.7.10|no STARTTLS, too
	b@enc.plain.test|dsn=5.7.10|level encrypt is judged
	b@free.plain.test|clear|no rule
ROWS

# ---- with NO_SAN_TST ----
sendmail_out <<< "$(sts_line ", \`NO_SAN_TST'")"
log_mark "$RUN/send.maillog"
cases NO_SAN_TST <<-'ROWS'
	c@good.test|tls|the server is below the next hop
	c@wild.test|tls|a wildcard is for the feature to judge
	c@wrongname.test|dsn=5.7.5|which refuses another name
	c@elsewhere.good.test|dsn=4.7.5|and another server
ROWS
policyd_stop TERM
log_mark "$RUN/send.maillog"
cases down <<-'ROWS'
	d@good.test|dsn=4\..*, stat=|policyd is down: mail waits
	d@free.plain.test|dsn=4\..*, stat=|all mail
ROWS
done_testing
