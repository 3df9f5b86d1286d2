#!/bin/bash
# tlswarden: the peers of the outbound tests are what peers_table says, and
# the assertions about mail can fail. Postfix's own tables give the policy:
# nothing of tlswarden runs here.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
e2e_init "$0"

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = inline:{ { demand.plain.test = encrypt }
    { .untrusted.test = secure } { .good.test = secure } }
CF

# PEER (domain), how mail reaches it at level may (mail_via or `no`), Postfix's
# view of the certificate.
peers_at_may()
{
	cat <<-PEERS
	good TLSv1.3 Trusted
	plain clear
	untrusted TLSv1.3 Untrusted
	expired TLSv1.3 Untrusted
	wrongname TLSv1.3 Trusted
	tls12 TLSv1.2 Trusted
	tls11 TLSv1.1 Trusted
	aes128 TLSv1.2.*AES128 Trusted
	refuse clear
	second TLSv1.3 Trusted
	chain TLSv1.3 Trusted
	incomplete TLSv1.3 Untrusted
	selfsigned TLSv1.3 Untrusted
	PEERS
}

mail_send u@demand.plain.test
mail_send u@demand.untrusted.test
mail_send u@demand.good.test
mail_send u@needcert.test
mail_send u@twomx.test
while read -r peer _; do
	mail_send "u@$peer.test"
done < <(peers_at_may)

while read -r peer via view; do
	how=tls
	[ "$via" != clear ] || how=clear
	expect_sent "u@$peer.test" $how "$peer: sent, $via" \
	    "^$via.* mx\.$peer\."
	[ -z "$view" ] ||
	    is "$(mail_trust "u@$peer.test")" "$view" "$peer: $view"
done < <(peers_at_may)
expect_sent u@twomx.test clear "twomx: the first of two MX takes it" twomx1
expect_deferred u@needcert.test "refused to talk to me" \
    "needcert: wants a client certificate"
expect_log "$RUN/recv.maillog" 'needcert/smtpd.* No client certificate' \
    "needcert: says so"
expect_deferred u@demand.plain.test "TLS is required, but was not offered" \
    "plain under encrypt: kept"
expect_deferred u@demand.untrusted.test "Server certificate not verified" \
    "untrusted under secure: kept"
expect_sent u@demand.good.test tls "good under secure: sent"
refute_log "$RUN/send.maillog" '(fatal|panic):' "the sender has no trouble"
refute_log "$RUN/recv.maillog" '(fatal|panic):' "nor have the receivers"

# The assertions themselves: each is seen to fail.
# shellcheck disable=SC2317 # called through check
fails()
{
	! "$@" > /dev/null
}
check "a sent mail is not 'deferred'" fails check_kept u@good.test ''
check "a deferred mail is not 'sent'" \
    fails check_sent u@demand.plain.test clear
check "a mail by TLS is not 'clear'" fails check_sent u@good.test clear
check "a mail in clear is not 'tls'" fails check_sent u@plain.test tls
check "a mail that arrived is seen" fails check_unseen u@plain.test
check "another text of the deferral is noticed" \
    fails check_kept u@demand.plain.test 'Server certificate not verified'
done_testing
