#!/bin/bash
# tlswarden: what servers reply themselves never passes for what Postfix says
# of TLS: replies that imitate its texts and ours, of each class, at each step;
# and a refusal of STARTTLS is as lasting as the rule says, not the server.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

NO_TLS='TLS is required, but was not offered by host mx.e1.test[127.2.0.1]'
BAD_CERT='Server certificate not verified'
BAD_HAND='Cannot start TLS: handshake failure'
OURS='TLS required by policy rule 1 for mail to a.test: no'

# STAGE|REPLY|with tempfail: status of Postfix|with fail|what the text has;
# `own`: it is Postfix's own, and names no rule.
replies()
{
	cat <<-REPLIES
	starttls|554 5.7.3 No TLS here|4.7.3 def|5.7.3 bou|rule [0-9]+ .*: 554
	starttls|501 No|4.0.0 def|5.0.0 bou|rule [0-9]+ .*: 501 No
	starttls|454 4.7.0 %s %n \\xe9\\xff|4.7.0 def|5.7.0 bou|rule .*%s %n
	starttls|454-4.7.0 a\\r\\n454 4.7.0 b|4.7.0 def|5.7.0 bou|rule .* b; st
	starttls|421 4.3.2 Shutting down|4.3.2 def|4.3.2 def|rule [0-9]+ .*: 421
	starttls|250 Yes?|4.7.5 def|4.7.5 def|rule .*handshake_failure
	greet|554 5.7.5 $BAD_CERT|4.7.5 def|4.7.5 def|own
	greet|421 4.7.4 $NO_TLS|4.7.4 def|4.7.4 def|own
	ehlo|421 4.7.5 $BAD_CERT|4.7.5 def|4.7.5 def|own
	mail|450 4.7.5 $BAD_CERT|4.7.5 def|4.7.5 def|own
	mail|550 5.7.5 $BAD_CERT|5.7.5 bou|5.7.5 bou|own
	rcpt|450 4.7.4 $NO_TLS|4.7.4 def|4.7.4 def|own
	rcpt|450 4.7.4 $OURS|4.7.4 def|4.7.4 def|own
	data|451 4.7.5 $BAD_HAND|4.7.5 def|4.7.5 def|own
	end|451-4.7.5 $BAD_CERT\\r\\n451 4.7.4 $NO_TLS|4.7.4 def|4.7.4 def|own
	end|250 2.0.0 $NO_TLS|2.0.0 sen|2.0.0 sen|own
	REPLIES
}

dns_start
pki_start
n=0
while IFS='|' read -r stage reply _; do
	n=$((n + 1))
	echo "127.2.0.$n|$stage|$reply" >> "$RUN/replies"
	zone_add "mx.e$n.test A 127.2.0.$n" "*.e$n.test MX 10 mx.e$n.test"
done < <(replies)
daemon_start replies python3 "$HERE/replies.py" "$RUN/pki/good" "$RUN/replies"
wait_for "$WAIT_SECS" grep -q ready "$RUN/replies.log" ||
    bail "replies.py does not listen: $(cat "$RUN/replies.log")"
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send < /dev/null
while [ "$n" -gt 0 ]; do
	sql "INSERT INTO policy (direction, recipient, level, on_failure)
	    VALUES ('out', 'tempfail.e$n.test', 'encrypt', 'tempfail'),
	    ('out', 'fail.e$n.test', 'encrypt', 'fail')"
	n=$((n - 1))
done
policyd_start
postfix_start send

while IFS='|' read -r _; do
	n=$((n + 1))
	mail_send "u@tempfail.e$n.test"
	mail_send "u@fail.e$n.test"
done < <(replies)
n=0
check_fate()
{
	local rule=$1 want=$2 fate
	fate=$(mail_wait "u@$rule.e$n.test")
	case $rule in
	fail) cell Postfix out / fail ;;
	*) cell Postfix out / temporarily fail ;;
	esac
	like "$fate" "dsn=${want/ /, status=}" \
	    "$rule, \"$reply\" to $stage: $want"
	cell Postfix out / cause and fix in the text
	if [ "$text" = own ]; then
		is "$(grep -cE '\((TLS|[^(]*; [a-z_]+:)' <<< "$fate")" 0 \
		    "... and no words of ours"
	else
		like "$fate" "policy $text" "... with rule and reply"
	fi
}

n=0
while IFS='|' read -r stage reply tempfail fail text; do
	n=$((n + 1))
	check_fate tempfail "$tempfail"
	check_fate fail "$fail"
done < <(replies)
cell Postfix out / level encrypt
is "$(grep -c ^clear "$RUN/replies.log")" 0 "nothing came in clear"
is "$(grep -c ^tls "$RUN/replies.log")" 4 "what was taken came by TLS"
done_testing
