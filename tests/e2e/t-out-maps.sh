#!/bin/bash
# tlswarden: rules about some users by the transport map, and the dsn map that
# makes a refusal permanent or better said, through a real Postfix.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

dns_start
pki_start
receivers_start
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
transport_maps = socketmap:unix:tlswarden/policyd.sock:transport
CF
level_transports
warden_make send < /dev/null
sql "
INSERT INTO policy (direction, recipient, level, on_failure) VALUES
    ('out', 'ceo@plain.test', 'encrypt', 'tempfail'),
    ('out', 'cfo@b.plain.test', 'encrypt', 'fail'),
    ('out', 'vip-*@untrusted.test', 'secure', 'tempfail'),
    ('out', 'clear@good.test', 'none', 'tempfail'),
    ('out', 'strict@good.test', 'secure', 'fail'),
    ('out', 'mixed.plain.test', 'encrypt', 'fail'),
    ('out', 'soft.plain.test', 'encrypt', 'tempfail'),
    ('out', 'hard.untrusted.test', 'secure', 'fail'),
    ('out', 'hard.refuse.test', 'encrypt', 'fail'),
    ('out', 'hard.twomx.test', 'encrypt', 'fail');
INSERT INTO policy (direction, recipient, level, on_failure, min_protocol)
VALUES ('out', 'hard.tls11.test', 'encrypt', 'fail', 'TLSv1.2');
" || bail "the table refuses a rule of this test"
policyd_start
postfix_start send

for rcpt in ceo@plain.test cfo@b.plain.test joe@plain.test \
    vip-1@untrusted.test joe@untrusted.test clear@good.test \
    strict@good.test joe@good.test u@mixed.plain.test u@soft.plain.test \
    u@hard.untrusted.test u@hard.refuse.test u@hard.twomx.test \
    u@hard.tls11.test u@norule.plain.test; do
	mail_send "$rcpt"
done

UNVERIFIED='Server certificate not verified; cert_not_verified'
rule='required by policy rule [0-9]+ for mail to'
cell Postfix out / by address
expect_deferred ceo@plain.test \
    "dsn=4\.7\.4.*TLS $rule plain\.test: .*no_starttls: enable STARTTLS" \
    "an address rule of level encrypt"
expect_bounced cfo@b.plain.test "dsn=5\.7\.4.*TLS $rule b\.plain\.test" \
    "one with on_failure fail"
expect_sent joe@plain.test clear "another user of that domain"
expect_deferred vip-1@untrusted.test \
    "dsn=4\.7\.5.*Verified TLS $rule untrusted\.test" \
    "a user glob of level secure"
expect_sent joe@untrusted.test tls "another user of that domain"
expect_sent clear@good.test clear "an address rule of level none"
expect_sent strict@good.test tls "an address rule of level secure"
is "$(mail_trust strict@good.test)" Verified "... is verified"
expect_sent joe@good.test tls "no rule: may"
cell Postfix out / fail
expect_bounced u@mixed.plain.test "dsn=5\.7\.4.*TLS $rule mixed\.plain\.test" \
    "a domain rule with on_failure fail"
cell Postfix out / temporarily fail
expect_deferred u@soft.plain.test "dsn=4\.7\.4.*TLS $rule soft\.plain\.test" \
    "a domain rule with tempfail, said better"
cell Postfix out / cause and fix in the text
expect_bounced u@hard.untrusted.test \
    "dsn=5\.7\.5.*Verified TLS $rule hard\.untrusted\.test: $UNVERIFIED" \
    "a certificate that is not verified"
cell Postfix out / fail
expect_bounced u@hard.refuse.test "dsn=5\.7\.0.*TLS $rule hard\.refuse\.test" \
    "STARTTLS refused"
expect_sent u@hard.twomx.test tls "the second MX has TLS"
expect_deferred u@hard.tls11.test "dsn=4\.7\.5.*handshake_failure" \
    "a handshake failure stays temporary without a probe"
cell
expect_sent u@norule.plain.test clear "no rule"

# Our own trouble is never permanent and never said to be the partner's.
policyd_stop KILL
for rcpt in cfo@b.plain.test u@hard.untrusted.test; do
	log_mark "$RUN/send.maillog"
	mail_send "$rcpt"
	out=$(mail_wait "$rcpt")
	like "$out" 'status=deferred' "policyd is down: $rcpt is kept"
done
check "nothing came" check_unseen cfo@b.plain.test
policyd_start

# trivial-rewrite remembers its trouble for a while: ask until it has ended.
bounced_again()
{
	postqueue -c "$(postfix_dir send)" -f
	sleep 1
	mail_fate u@hard.untrusted.test |
	    grep -q 'dsn=5\.7\.5.*status=bounced'
}
log_mark "$RUN/send.maillog"
check "policyd is back: bounced" wait_for 90 bounced_again
policyd_stop TERM
done_testing
