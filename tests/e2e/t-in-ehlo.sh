#!/bin/bash
# tlswarden: the ehlo map hides STARTTLS from clients whose rule is none, and
# from no others, in a real Postfix smtpd.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
# shellcheck source=inbound.sh
. "$HERE/inbound.sh"
e2e_init "$0"

# starttls_from ADDRESS: the code of the reply to STARTTLS.
starttls_from()
{
	smtp --from "$1" "EHLO client.test" STARTTLS | tail -n 1 | cut -c 1-3
}

# A rule's change reaches the map within a second.
expect_starttls()
{
	wait_for 5 starttls_is "$1" "$2"
	is "$(starttls_from "$1")" "$2" "$3"
}

starttls_is()
{
	[ "$(starttls_from "$1")" = "$2" ]
}

dns_start
inbound_make none
map=socketmap:unix:tlswarden/policyd.sock:ehlo
postconf -c "$(postfix_dir in)" -e \
    "smtpd_discard_ehlo_keyword_address_maps=$map"
sql "INSERT INTO policy (direction, subnet, level) VALUES
    ('in', '127.0.0.4/31', 'none'), ('in', '127.0.0.6', 'preferred')"
policyd_start
postfix_start in

expect_starttls 127.0.0.5 502 "a client of level none is not offered TLS"
expect_starttls 127.0.0.6 220 "one of level preferred is"
expect_starttls 127.0.0.7 220 "one without a rule is"
out=$(smtp --from 127.0.0.5 "EHLO client.test" "MAIL FROM:<a@b.test>" \
    "RCPT TO:<x@us.test>" | tail -n 1)
like "$out" '^250 ' "and nothing is refused"

sql "INSERT INTO policy (direction, sender, subnet, level) VALUES
    ('in', 'bank.test', '127.0.0.5', 'encrypt')"
expect_starttls 127.0.0.5 220 "a rule that may demand TLS of it brings it back"
expect_starttls 127.0.0.4 502 "its neighbour stays without"
sql "INSERT INTO policy (direction, sender, level) VALUES
    ('in', 'ministry.test', 'encrypt')"
expect_starttls 127.0.0.4 220 "a rule about any client brings it back for all"
sql "UPDATE policy SET mode = 'monitor' WHERE sender = 'ministry.test'"
expect_starttls 127.0.0.4 502 "a monitor rule changes nothing"
policyd_stop TERM
done_testing
