#!/bin/bash
# tlswarden: inbound level none with Postfix: the map `ehlo` of policyd hides
# STARTTLS from a subnet, unless another rule could demand TLS there.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=inbound.sh
. "$(dirname "$0")/inbound.sh"
e2e_init "$0"

offers()
{
	smtp_options=(--from "$1")
	smtp "ehlo client.test" QUIT | grep -c 'STARTTLS'
}

# shellcheck disable=SC2317 # wait_for calls it
offers_is()
{
	[ "$(offers "$1")" = "$2" ]
}

inbound_make milter
postconf -c "$(postfix_dir in)" -e smtpd_discard_ehlo_keyword_address_maps=\
socketmap:unix:tlswarden/policyd.sock:ehlo
sql "INSERT INTO policy(direction, subnet, level) VALUES
    ('in', '127.0.0.5', 'none'), ('in', '127.0.2.0/24', 'none')"
policyd_start
milter_start
postfix_start in

cell Postfix in / level none
is "$(offers 127.0.0.5)" 0 "STARTTLS is hidden from an address of level none"
is "$(offers 127.0.2.9)" 0 "and from a subnet"
is "$(offers 127.0.0.6)" 1 "others are offered it"
smtp_options=(--from 127.0.0.5)
like "$(smtp "EHLO client.test" starttls QUIT)" '^502 5\.5\.1 ' \
    "who asks for it all the same is refused"
expect_rcpt '250 2.1.5 Ok' "mail in plaintext is taken" a@x.test b@us.test
expect_rows "SELECT tls, accepted FROM session ORDER BY id DESC LIMIT 1" \
    'none\|1' "and recorded"
sql "INSERT INTO policy(direction, sender, level, on_failure) VALUES
    ('in', 'bank.test', 'encrypt', 'fail')"
check "a rule that demands TLS of some sender there brings it back" \
    wait_for 5 offers_is 127.0.0.5 1
smtp_options=(--from 127.0.0.5)
expect_rcpt '550 5\.7\.10 .*' "so that its mail can come encrypted only" \
    a@bank.test b@us.test
expect_rcpt '250 2.1.5 Ok' "as it does" a@bank.test b@us.test \
    "EHLO client.test" starttls "EHLO client.test"
cell
policyd_stop TERM
smtp_options=(--from 127.0.0.5)
like "$(smtp "EHLO client.test")" '421|closed' \
    "without policyd no EHLO is answered: nobody slips through"
done_testing
