#!/bin/bash
# tlswarden: what the sender and the administrator are told when mail to a peer
# is refused or kept: in Postfix's log, in the queue (postqueue -p) and in the
# bounce; several recipients with different rules in one message; a relayhost.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

FROM=boss@home.good.test	# who sends, and gets the bounces

# PEER | columns of its rule | status behind its class | what the text says
faults()
{
	local none=level,encrypt secure=level,secure
	local cert='Verified TLS required by policy rule [0-9]+ for mail to'

	cat <<-FAULTS
	plain|$none|7.4|TLS required by policy rule [0-9]+ for mail to \
[a-z0-9.]+: TLS is required, but was not offered by host mx\.plain\.test.*; \
no_starttls: enable STARTTLS
	plain|$secure|7.4|TLS is required, but was not offered .*no_starttls
	refuse|$none|7.0|TLS required by policy rule [0-9]+ .*refused to start \
TLS: 454
	untrusted|$secure|7.5|$cert [a-z0-9.]+: Server certificate not verified\
; [a-z_]+: [a-z].*
	expired|$secure|7.5|$cert .*Server certificate not verified
	wrongname|$secure|7.5|$cert .*Server certificate not verified
	selfsigned|$secure|7.5|$cert .*Server certificate not verified
	good|$secure,cert_name,mx.bad.test|7.5|$cert .*not verified
	good|$none,cert_fingerprint,$(printf '0%.0s' {1..64})|7.5|required by \
policy rule [0-9]+ .*not verified
	FAULTS
}

# rules_of DOMAIN COLUMN,VALUE,... ON_FAILURE
insert()
{
	local names values
	names=$(tr , '\n' <<< "$2" | sed -n '1~2p' | paste -sd ,)
	values=$(tr , '\n' <<< "$2" | sed -n "2~2s/.*/'&'/p" | paste -sd ,)
	sql "INSERT INTO policy (direction, recipient, on_failure, $names)
	    VALUES ('out', '$1', '$3', $values)" ||
	    bail "the table refuses the rule for $1"
}

# What postqueue -p says of it, in one line.
queued_text()
{
	postqueue -c "$(postfix_dir send)" -p | tr -s '[:space:]' ' ' |
	    grep -oE "\([^()]*(\([^()]*\)[^()]*)*\) $1\b"
}

# What a bounce to FROM says about a recipient, to people and to programs, in
# one line.
# shellcheck disable=SC2016 # awk's
bounce()
{
	grep -lF "Delivered-To: $FROM" "$RUN"/mail/all/new/* 2> /dev/null |
	    xargs -r grep -l "^Final-Recipient: rfc822; $1" |
	    xargs -r awk -v RS= -v rcpt="$1" '
		index($0, "<" rcpt ">:") || index($0, "rfc822; " rcpt)' |
	    tr -s '[:space:]' ' '
}

# shellcheck disable=SC2317 # called through wait_for
has_bounce()
{
	[ -n "$(bounce "$1")" ]
}

send_to()
{
	printf 'Subject: test\n\nSecret text.\n' |
	    sendmail -C "$(postfix_dir send)" -f "$FROM" "$@"
}

dns_start
pki_start
receivers_start
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
transport_maps = socketmap:unix:tlswarden/policyd.sock:transport
smtp_connection_cache_on_demand = no
CF
level_transports
warden_make send < /dev/null
n=0
while IFS='|' read -r peer rule _; do
	n=$((n + 1))
	insert "f$n.$peer.test" "$rule" fail
	insert "t$n.$peer.test" "$rule" tempfail
done < <(faults)
policyd_start
postfix_start send

# ---- each fault, with fail and with tempfail ----------------------------
n=0
while IFS='|' read -r peer _; do
	n=$((n + 1))
	mail_send "u@f$n.$peer.test" "$FROM"
	mail_send "u@t$n.$peer.test" "$FROM"
done < <(faults)
n=0
while IFS='|' read -r peer rule status text; do
	n=$((n + 1)) what="$peer, ${rule%%,0000*}"
	fail=u@f$n.$peer.test temp=u@t$n.$peer.test
	cell Postfix out / fail
	expect_bounced "$fail" "dsn=5\.${status/./\\.}, .*$text" \
	    "$what: bounced with 5.$status, the log has the text"
	like "$(mail_fate "$fail")" ' delay=[0-4](\.|,)' "$what: at once"
	cell Postfix out / temporarily fail
	expect_deferred "$temp" "dsn=4\.${status/./\\.}, .*$text" \
	    "$what: kept with 4.$status, the log has the text"
	cell Postfix out / cause and fix in the text
	wait_for 5 has_bounce "$fail"
	like "$(bounce "$fail")" "<$fail>: .*$text.* Status: 5\.$status " \
	    "$what: the bounce has text and status"
	like "$(queued_text "$temp")" "$text" "$what: the queue has the text"
	is "$(bounce "$temp")" "" "$what: no bounce for what is kept"
	is "$(queued_text "$fail")" "" "$what: nothing of the bounced is queued"
done < <(faults)

# ---- several recipients with different rules in one message -------------
sql "DELETE FROM policy; INSERT INTO policy
    (direction, recipient, level, on_failure) VALUES
    ('out', 'none.good.test', 'none', 'fail'),
    ('out', 'enc.good.test', 'encrypt', 'fail'),
    ('out', 'hard.plain.test', 'encrypt', 'fail'),
    ('out', 'soft.plain.test', 'encrypt', 'tempfail'),
    ('out', 'hard.untrusted.test', 'secure', 'fail'),
    ('out', 'ceo@one.plain.test', 'encrypt', 'fail'),
    ('out', 'ceo@one.good.test', 'secure', 'tempfail'),
    ('out', 'ceo@two.plain.test', 'encrypt', 'fail'),
    ('out', 'cfo@two.plain.test', 'encrypt', 'tempfail'),
    ('out', 'mark.test', 'none', 'tempfail')"
expect_answer mark.test none "other rules are served"
many=(a@none.good.test a@enc.good.test b@enc.good.test a@hard.plain.test
    a@soft.plain.test a@hard.untrusted.test ceo@one.plain.test
    joe@one.plain.test ceo@one.good.test joe@free.plain.test
    ceo@two.plain.test cfo@two.plain.test)
log_mark "$RUN/send.maillog"
send_to "${many[@]}"
cell Postfix out / by partner domain
expect_sent a@none.good.test clear "one of twelve recipients, none: in clear"
expect_sent a@enc.good.test tls "encrypt: by TLS"
expect_sent b@enc.good.test tls "and its neighbour with it"
expect_bounced a@hard.plain.test 'dsn=5\.7\.4' "encrypt, fail: bounced"
expect_deferred a@soft.plain.test 'dsn=4\.7\.4' "encrypt, tempfail: kept"
expect_bounced a@hard.untrusted.test 'dsn=5\.7\.5' "secure, fail: bounced"
expect_sent joe@free.plain.test clear "no rule: in clear"
cell Postfix out / by address
expect_bounced ceo@one.plain.test 'dsn=5\.7\.4' "one user, fail: bounced"
expect_sent joe@one.plain.test clear "another one there: in clear"
expect_sent ceo@one.good.test tls "one user, secure: by TLS"
is "$(mail_trust ceo@one.good.test)" Verified "verified"
# smtp(8) does not tell the user: who may wait must not bounce for the other.
expect_deferred cfo@two.plain.test 'dsn=4\.7\.4' \
    "two users of a domain, fail and tempfail: the second is kept"
expect_deferred ceo@two.plain.test 'dsn=4\.7\.4' "and the first with it"
cell Postfix out / cause and fix in the text
for rcpt in a@hard.plain.test a@hard.untrusted.test ceo@one.plain.test; do
	wait_for 5 has_bounce "$rcpt"
	like "$(bounce "$rcpt")" 'policy rule [0-9]+ .* Status: 5\.7\.[45] ' \
	    "the bounce tells of $rcpt"
done
for rcpt in a@soft.plain.test joe@free.plain.test a@enc.good.test; do
	is "$(bounce "$rcpt")" "" "and not of $rcpt"
done

# ---- a relayhost --------------------------------------------------------
# It is the next hop of all mail: rules about the recipients' domains are not
# asked for, those of users are.
relay()
{
	postconf -c "$(postfix_dir send)" -e "relayhost=$1"
	touch -d '1 minute ago' "$(postfix_dir send)/main.cf"
	postfix_reload send
	log_mark "$RUN/send.maillog"
}

cell
policyd_stop TERM
echo 'transport_nexthop = "[mx.plain.test]:25"' >> "$CONF"
sql "DELETE FROM policy; INSERT INTO policy
    (direction, recipient, level, on_failure) VALUES
    ('out', '[mx.plain.test]:25', 'encrypt', 'fail'),
    ('out', 'mx.good.test', 'secure', 'tempfail'),
    ('out', 'mx.wrongname.test', 'secure', 'tempfail'),
    ('out', 'bank.test', 'secure', 'tempfail'),
    ('out', 'ceo@firm.test', 'encrypt', 'tempfail')"
policyd_start
cell Postfix out / by partner domain
relay '[mx.good.test]:25'
mail_send a@anybody.test "$FROM"
expect_sent a@anybody.test tls "relayhost with a rule: by TLS"
is "$(mail_trust a@anybody.test)" Verified "and verified, by its own name"
relay '[mx.wrongname.test]'
mail_send b@bank.test "$FROM"
expect_deferred b@bank.test \
    'dsn=4\.7\.5.*rule [0-9]+ for mail to \[mx\.wrongname\.test\]: .*verified' \
    "a relayhost with a wrong name: kept, the text names the relay"
relay '[mx.plain.test]:25'
mail_send c@anybody.test "$FROM"
expect_bounced c@anybody.test 'dsn=5\.7\.4.*rule [0-9]+ for mail to \[mx' \
    "a relayhost in clear, with fail: bounced"
cell Postfix out / by address
mail_send ceo@firm.test "$FROM"
expect_deferred ceo@firm.test 'dsn=4\.7\.4.*rule [0-9]+ ' \
    "a user's rule at a relayhost: kept"
like "$(mail_fate ceo@firm.test)" 'relay=mx\.plain\.test' "at the relay"
cell
relay '[mx.untrusted.test]:25'
mail_send d@bank.test "$FROM"
expect_sent d@bank.test tls "no rule for the relay: the domain's is not asked"
MAIL_CONFIG=$(postfix_dir send)
export MAIL_CONFIG
reported Postfix out / by partner domain
like "$(tool check --mta postfix)" \
    'relayhost: rules [0-9, ]+: .*so smtp.* asks for \[mx.*do nothing' \
    "check names relayhost and the rules that nobody asks for"
cell
refute_log "$RUN/policyd.log" '(error|warning)' "policyd had no trouble"
done_testing
