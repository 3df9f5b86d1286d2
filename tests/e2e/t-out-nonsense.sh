#!/bin/bash
# tlswarden: what Postfix does when policyd answers trouble or nonsense, or
# when something else sits in its place: mail is deferred, never sent in clear,
# never bounced; and it goes when policyd is back.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

CONFIG_PROBLEM='client TLS configuration problem'

# What the server says to a lookup | what it is
nonsense()
{
	cat <<-'ROWS'
	12:TEMP trouble,|TEMP
	12:TIMEOUT slow,|TIMEOUT
	9:PERM oops,|PERM
	9:OK bogus ,|a level that is none
	22:OK encrypt match=a.tst,|an attribute where it is not lawful
	29:OK secure tafile=tlswarden/no,|a file that is not there
	3:OK ,|an empty answer
	4:what,|an unknown word
	11:ok encrypt ,|a word in small letters
	not a netstring\n|no netstring
	99999999999:|a length without end
	9:NOTF|half an answer, and no more
	10:OK encrypt;|no comma
	|the connection is closed
	ROWS
}

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send < /dev/null
sql "INSERT INTO policy (direction, recipient, level, on_failure) VALUES
    ('out', '*.plain.test', 'encrypt', 'fail'),
    ('out', '*.good.test', 'encrypt', 'fail')"
daemon_start says python3 "$HERE/says.py" "$SOCKET" "$RUN/says"
wait_for "$WAIT_SECS" test -S "$SOCKET"

# ---- the policy lookup --------------------------------------------------
cell Postfix out / temporarily fail
n=0
while IFS='|' read -r bytes what; do
	n=$((n + 1))
	# Half an answer: Postfix waits 100 seconds for the rest; here the
	# server ends first.
	[[ $what != half* ]] || continue
	echo "tlspolicy $bytes" > "$RUN/says"
	[ -n "$bytes" ] || echo tlspolicy > "$RUN/says"
	for peer in plain good; do
		mail_send "u@n$n.$peer.test"
		expect_deferred "u@n$n.$peer.test" "dsn=4\..*$CONFIG_PROBLEM" \
		    "$what: mail to $peer is kept"
	done
done < <(nonsense)
echo 'tlspolicy 9:NOTF' > "$RUN/says"
mail_send u@half.plain.test
sleep 1
check "half an answer: nothing is sent" check_unseen u@half.plain.test
daemon_stop says
expect_deferred u@half.plain.test "dsn=4\..*$CONFIG_PROBLEM" \
    "and it is kept when the server ends"

# ---- the lookup of the status -------------------------------------------
daemon_start says python3 "$HERE/says.py" "$RUN/says.sock" "$RUN/says"
wait_for "$WAIT_SECS" test -S "$RUN/says.sock"
rm -f "$SOCKET"
ln "$RUN/says.sock" "$SOCKET"
n=0
while IFS='|' read -r bytes what; do
	n=$((n + 1))
	[[ $what != half* && $what != 'a '* && $what != an\ * ]] || continue
	printf 'tlspolicy 10:OK encrypt,\ndsn%s\n' "${bytes:+ $bytes}" \
	    > "$RUN/says"
	mail_send "u@s$n.plain.test"
	expect_deferred "u@s$n.plain.test" "dsn=4\." \
	    "$what to the status: the mail is kept"
done < <(nonsense)
daemon_stop says
rm -f "$SOCKET"

# ---- policyd is back ----------------------------------------------------
policyd_start
mail_flush
cell Postfix out / fail
expect_bounced u@n1.plain.test 'dsn=5\.7\.4.*policy rule 1 ' \
    "policyd is back: what may not go in clear bounces, as the rule says"
cell Postfix out / level encrypt
for n in 1 5 11 13; do
	expect_sent "u@n$n.good.test" tls "policyd is back: mail goes by TLS"
done
done_testing
