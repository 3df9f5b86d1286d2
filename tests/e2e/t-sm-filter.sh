#!/bin/bash
# tlswarden: mail that Sendmail receives while tlswarden-milter is down, slow,
# stopped, killed between two recipients, or something in its place talks
# nonsense: mail is refused for now, never for ever, never taken unjudged.
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

ORDERS=$RUN/orders

# The reply codes of a whole session with a message, `closed` included.
codes()
{
	smtp "EHLO c.test" "MAIL FROM:<$1>" "RCPT TO:<$2>" data 2>&1 |
	    sed -E 's/.*(closed|trouble).*/\1/; s/^([0-9]{3}).*/\1/' | xargs
}

# USER of the recipient | orders of filterproxy.py, by `;` | what it shows. The
# message is never taken, and no reply is permanent.
troubles()
{
	cat <<-ROWS
	temp|^R<temp@ say t|tempfail at RCPT
	text|^R<text@ say y451 4.7.1 later\\0|a text of its own
	half|^R<half@ raw \\0\\0|half a frame
	long|^R<long@ raw \\x7f\\xff\\xff\\xffc|an endless frame
	odd|^R<odd@ say ?|a letter that is none
	empty|^R<empty@ raw \\0\\0\\0\\0|an empty frame
	close|^R<close@ close|a hangup
	hang|^R<hang@ hang|no answer
	mail|^M<mail@ close|a hangup at MAIL
	ROWS
}

warden_make in <<< 'record_addresses = "full"'
MILTER_SOCKET=$SPOOL_DIR/milter.sock
STATE_DB=$STATE_DIR/state.db
sql "INSERT INTO policy(direction, sender, level, on_failure) VALUES
    ('in', 'bank.test', 'encrypt', 'fail')"
touch "$RUN/milter.log"
milter_start
: > "$ORDERS"
install -d -m 0755 "$RUN/map"
daemon_start proxy python3 "$HERE/filterproxy.py" "$RUN/map/socket" \
    "$MILTER_SOCKET" "$ORDERS"
wait_for "$WAIT_SECS" test -S "$RUN/map/socket" || bail "no proxy"
# Times are shorter than the sample's, so that the test is.
sendmail_make in <<MC
define(\`confDELIVERY_MODE', \`q')dnl
INPUT_MAIL_FILTER(\`tlswarden',
 \`S=unix:$RUN/map/socket, F=T, T=C:3s;S:3s;R:3s;E:3s')dnl
FEATURE(\`mailertable', \`text -k0 -v1 -o $RUN/in/etc/mailertable')dnl
RELAY_DOMAIN(\`us.test')dnl
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
MAILER(\`smtp')dnl
MC
printf 'us.test\tesmtp:[127.9.9.9]\n' > "$RUN/in/etc/mailertable"
sendmail_start in

is "$(codes a@free.test b@us.test)" "220 250 250 250 250" "all is well: taken"
is "$(codes a@bank.test b@us.test)" "220 250 250 550 503" "and refused"
while IFS='|' read -r user orders what; do
	tr ';' '\n' <<< "$orders" > "$ORDERS"
	from=a@free.test
	[ "$user" != mail ] || from=mail@free.test
	got=$(codes "$from" "$user@us.test" < /dev/null)
	# DATA without a recipient gets 503.
	like "${got% 503}" '^220 250 (250 )*4[0-9]{2}( 503)?$' "$what: $got"
	: > "$ORDERS"
	is "$(codes a@bank.test b@us.test < /dev/null)" \
	    "220 250 250 550 503" "$what: the next session is judged"
done < <(troubles)
echo '^R<slow@ slow 1' > "$ORDERS"
is "$(codes a@free.test slow@us.test)" "220 250 250 250 250" \
    "a slow answer is waited for"
is "$(codes a@bank.test slow@us.test)" "220 250 250 550 503" \
    "and one that refuses"
: > "$ORDERS"

# ---- the milter itself ----
# The codes of a session in which it is killed -9 between two recipients.
between()
{
	smtp "EHLO c.test" "MAIL FROM:<$1>" "RCPT TO:<b@us.test>" sleep=2 \
	    "RCPT TO:<c@us.test>" data > "$RUN/between" 2>&1 &
	local pid=$!
	wait_for "$WAIT_SECS" grep -qs '^[0-9]* [0-9.]* .*ecipient' \
	    "$RUN/between"
	milter_stop KILL
	wait "$pid"
	sed -E 's/^([0-9]{3}).*/\1/' "$RUN/between" | xargs
}

got=$(between a@free.test)
like "$got" '^220 250 250 250 slept 4[0-9]{2} ' \
    "killed between two recipients: the second has to wait ($got)"
case $got in
*" 250") not_ok "and nothing is taken unjudged" ;;
*) ok "and nothing is taken unjudged" ;;
esac
like "$(codes a@free.test b@us.test)" '^220 250 4[0-9]{2} ' \
    "down: mail has to wait"
like "$(codes a@bank.test b@us.test)" '^220 250 4[0-9]{2} ' \
    "down: also what it would refuse"
milter_start
is "$(codes a@bank.test b@us.test)" "220 250 250 550 503" \
    "it is there again: judged"
kill -STOP "$(daemon_pid milter)"
like "$(codes a@free.test b@us.test)" '^220 250 4[0-9]{2} ' \
    "stopped: mail has to wait"
kill -CONT "$(daemon_pid milter)"
is "$(codes a@free.test b@us.test)" "220 250 250 250 250" "it goes on: taken"
is "$(find "$RUN/in/mqueue" -name 'qf*' | wc -l)" 3 \
    "what was taken was judged"
done_testing
