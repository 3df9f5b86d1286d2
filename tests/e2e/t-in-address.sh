#!/bin/bash
# tlswarden: addresses that Postfix reads out of what a client wrote in MAIL and
# RCPT: comments, quotes, routes, blanks, a bang or a percent for the @. However
# it is written, mail that Postfix takes for that of bank.test, or for
# audit@us.test, is judged by the rule about it, by milter and delegation.
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

# The reply to the last command of a session in clear: MAIL FROM:$1, RCPT TO:$2.
reply_to()
{
	smtp "EHLO c.test" "MAIL FROM:$1" "RCPT TO:$2" QUIT |
	    grep -vE '^(220|221|250$|250 2.1.0|503)' | head -n 1
}

# What Postfix takes: all are a@bank.test to it, but the last ones.
senders()
{
	cat <<-'FROM'
	<a@bank.test>
	a@bank.test
	<A@BANK.Test.>
	<a@bank.test (x@free.test)>
	<a@bank.test (a@free.test>
	<a@bank.test(c)>
	<a@bank.(@free.)test>
	<(c) a@bank.test>
	<a@"bank.test">
	<a@bank\.test>
	<a@bank .test>
	< a @ bank.test >
	<Joe <a@bank.test>>
	<a@free.test <a@bank.test>>
	<x:a@bank.test;>
	<@free.test:a@bank.test>
	<@free.test,@other.test:a@bank.test>
	<"a"@bank.test>
	<"a@free.test"@bank.test>
	<"a b"@bank.test>
	<a%bank.test>
	<bank.test!a>
	<bank.test!free.test!a>
	<a%free.test%bank.test>
	<a%bank.test@>
	FROM
}

recipients()
{
	cat <<-'TO'
	<audit@us.test>
	audit@us.test
	<Audit@US.test.>
	<audit%us.test>
	<us.test!audit>
	<audit@us.test (x@us.test>
	<audit@"us.test">
	<"audit"@us.test>
	<au\dit@us.test>
	<"au\dit"@us.test>
	<audit @us.test>
	<audit(c)@us.test>
	<@us.test:audit@us.test>
	TO
}

inbound_make milter
postconf -c "$(postfix_dir in)" -e myorigin=us.test
postfix_service in "127.0.0.1:27 inet n - n - - smtpd
 -o smtpd_milters=
 -o { smtpd_recipient_restrictions = reject_unauth_destination,
    check_policy_service unix:tlswarden/delegation.sock }"
sql "INSERT INTO policy(direction, sender, recipient, level, on_failure) VALUES
    ('in', 'bank.test', '*', 'encrypt', 'fail'),
    ('in', '*', 'audit@us.test', 'encrypt', 'fail'),
    ('in', '*', '\"au dit\"@us.test', 'encrypt', 'fail')"
policyd_start
milter_start
postfix_start in

for PORT in 25 27; do
	by=milter
	[ "$PORT" = 25 ] || by=delegation
	cell Postfix in / by partner domain
	while IFS= read -r from; do
		like "$(reply_to "$from" "<b@us.test>")" \
		    '^550 5\.7\.10 .*rule 1 for mail from bank.test' \
		    "$by: MAIL FROM:$from is from bank.test"
	done < <(senders)
	cell Postfix in / by address
	while IFS= read -r to; do
		like "$(reply_to "<a@x.test>" "$to")" \
		    '^550 5\.7\.10 .*rule 2 ' "$by: RCPT TO:$to is to audit"
	done < <(recipients)
	like "$(reply_to "<a@x.test>" '<"au dit"@us.test>')" \
	    '^550 5\.7\.10 .*rule 3 ' "$by: a rule about a quoted user"
	# Of a domain of ours that the client does not name. Postfix refuses
	# routes by itself.
	may='550 5\.7\.10 .*rule 2 |451 4\.7\.0 |554 .* Relay access'
	for to in '<audit>' '<audit@[127.0.0.1]>' '<audit%us.test@us.test>' \
	    '<us.test!audit@us.test>'; do
		like "$(reply_to "<a@x.test>" "$to")" \
		    "^($may)" "$by: RCPT TO:$to may be to audit"
	done
	cell
	for from in '<a@free.test>' '<"a@bank.test@"@free.test>' '<root>' \
	    '<a@ba_nk.test>' '<a@free.test (a@bank.test)>' '<"a b"@free.test>' \
	    "<o'brien@free.test>" '<a..b.@free.test>' '<a=bank.test@x.test>'
	do
		like "$(reply_to "$from" "<b@us.test>")" '^250 2\.1\.5' \
		    "$by: MAIL FROM:$from is not"
	done
done
milter_stop TERM
done_testing
