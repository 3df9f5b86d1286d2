#!/bin/bash
# tlswarden: rules of mode monitor beside mail of a real Sendmail: what becomes
# of mail stays as it is, and the ledger has each refusal and what monitor
# rules would have refused, by the facts that tlswarden.m4 sends.
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
command -v jq > /dev/null || skip_all "jq is not installed"
sendmail_world
pki_start
dns_start

rules()
{
	local col=direction,recipient,level,on_failure,mode,priority

	sql "INSERT INTO ca(name, pem) VALUES
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
	    INSERT INTO policy(id,$col,ca,min_protocol,min_bits) VALUES
	    (1,'out','watch.plain.test','encrypt','fail','monitor',100,NULL,
		NULL,NULL),
	    (2,'out','watch.good.test','secure','fail','monitor',100,NULL,NULL,
		NULL),
	    (3,'out','watch.untrusted.test','secure','tempfail','monitor',100,
		NULL,NULL,NULL),
	    (4,'out','ca.good.test','secure','fail','monitor',100,'Second',
		NULL,NULL),
	    (5,'out','watch.tls12.test','encrypt','fail','monitor',100,NULL,
		'TLSv1.3',NULL),
	    (6,'out','watch.aes128.test','encrypt','fail','monitor',100,NULL,
		NULL,256),
	    (7,'out','ceo@user.plain.test','encrypt','fail','monitor',100,NULL,
		NULL,NULL),
	    (8,'out','both.plain.test','encrypt','fail','enforce',100,NULL,
		NULL,NULL),
	    (9,'out','both.plain.test','secure','tempfail','monitor',50,NULL,
		NULL,NULL),
	    (10,'out','both.plain.test','secure','tempfail','monitor',150,NULL,
		NULL,NULL)"
}

# "RULE MODE ON_FAILURE REASON NEXTHOP PEER;..." by rule.
ledger()
{
	sqlite3 "$STATE_DIR/state.db" "SELECT group_concat(row, ';') FROM
	    (SELECT DISTINCT rule || ' ' || mode || ' ' || on_failure || ' ' ||
		reason || ' ' || nexthop || ' ' || peer_addr AS row
	    FROM violation WHERE source = 'sendmail' ORDER BY rule)"
}

ledger_is()
{
	[ "$(ledger)" = "$1" ]
}

warden_make recv <<< 'log_level = "debug"'
rules
receivers_start
policyd_start
sendmail_out < /dev/null
cell Sendmail out / monitor
log_mark "$RUN/send.maillog"
while read -r rcpt via what; do
	sm_send "$rcpt" < /dev/null
	expect_sm_sent "$rcpt" "$via" "$what"
done <<-ROWS
a@watch.plain.test clear watched: in clear as without the rule
a@watch.good.test tls watched: a good server
a@watch.untrusted.test tls watched: an untrusted server takes it
a@ca.good.test tls watched: one of another CA, too
a@watch.tls12.test tls watched: an old protocol, too
a@watch.aes128.test tls watched: a weak cipher, too
ceo@user.plain.test clear watched: a user
b@user.plain.test clear another user
ROWS
sm_send a@both.plain.test
expect_sm a@both.plain.test 'dsn=5\.7\.10, stat=' \
    "fail although a watching rule says tempfail"

want=$(tr -d '\n\t' <<-'ROWS'
1 monitor fail no_tls watch.plain.test 127.1.0.2;
3 monitor tempfail cert_not_verified watch.untrusted.test 127.1.0.3;
4 monitor fail issuer_mismatch ca.good.test 127.1.0.1;
5 monitor fail protocol_too_old watch.tls12.test 127.1.0.6;
6 monitor fail cipher_too_weak watch.aes128.test 127.1.0.8;
7 monitor fail no_tls user.plain.test 127.1.0.2;
8 enforce fail no_tls both.plain.test 127.1.0.2;
9 monitor tempfail no_tls both.plain.test 127.1.0.2
ROWS
)
wait_for 5 ledger_is "$want"
is "$(ledger)" "$want" "each refusal, and what would have been refused"
row=$(tool failures --rule 5 --json | jq -r '.[0] |
    "\(.direction) \(.source) \(.peer_name) \(.tls_version) \(.text)"')
like "$row" '^out sendmail mx\.tls12\.test\.? TLSv1\.2 550 5\.7\.6 TLSv1\.3 .*'\
'policy rule 5 for mail to watch\.tls12\.test' "with the facts and the text"
like "$(tool failures --rule 7 --json | jq -r '.[0].recipient')" \
    '^user\.plain\.test$' "a user's domain, as record_addresses says"
expect_log "$RUN/policyd.log" \
    'sendmail: refused rule=8 reason=no_tls nexthop=both.plain.test' \
    "a refusal is a line of the log"
expect_log "$RUN/policyd.log" \
    'sendmail: watched rule=1 reason=no_tls nexthop=watch.plain.test' \
    "what is watched is one of level debug"
policyd_stop TERM
done_testing
