#!/bin/bash
# tlswarden: mail that Sendmail delivers while policyd is down, slow, busy,
# killed between recipients, or talks nonsense at any of the questions: it
# waits with 4.7.5, is never sent in clear, never bounced, and goes later.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=sendmail.sh
. "$(dirname "$0")/sendmail.sh"
sendmail_get
e2e_init "$0"
sendmail_world
pki_start
dns_start

ORDERS=$RUN/orders
NO_ANSWER='dsn=4\.7\.5, stat=Deferred: 451 4\.7\.5 TLS policy cannot be asked; '
NO_ANSWER=${NO_ANSWER}'is tlswarden-policyd running\?'

# USER | question | order of mapproxy.py | waits or goes | what it shows
troubles()
{
	cat <<-ROWS
	stemp|srv|say TEMP busy|waits|TEMP
	sgarbage|srv|raw hello\\\\n|waits|no netstring
	scut|srv|cut 60:OK ok|waits|half a reply
	slong|srv|raw 2000000:OK|waits|too long a reply
	sclose|srv|close|waits|a hangup
	shang|srv|hang|waits|no answer
	snothing|srv|say NOTFOUND |waits|not found
	sperm|srv|say PERM no|waits|PERM
	scrash|srv|raw 2:OK,|stays|a reply that ends Sendmail's process
	ttemp|try|say TEMP busy|waits|TEMP when TLS is to be tried
	tgarbage|try|raw hello\\\\n|waits|no netstring then
	thang|try|hang|waits|no answer then
	tclose|try|close|waits|a hangup then
	tcrash|try|raw 2:OK,|stays|the end of the process then
	slow|.|slow 2|goes|a slow answer
	ROWS
}

bounces()
{
	grep -lF "Delivered-To: $SM_SENDER" "$RUN"/mail/all/new/* 2> /dev/null |
	    wc -l
}

# shellcheck disable=SC2317 # check calls it
kept()
{
	local rcpt=$1 ere=$2 line
	line=$(sm_fate "$rcpt")
	if mail_arrived "$rcpt"; then
		echo "arrived: $(mail_via "$rcpt")"
	elif ! grep -qF "$rcpt" "$RUN/queue"; then
		echo "not in the queue"
	elif ! grep -Eq "$ere" <<< "$line"; then
		echo "got: $line"
	else
		return 0
	fi
	return 1
}

warden_make recv <<< 'log_level = "debug"'
sql "INSERT INTO policy(direction, recipient, level, on_failure) VALUES
    ('out', 'enc.good.test', 'encrypt', 'fail'),
    ('out', 'plain.test', 'encrypt', 'fail')"
receivers_start
policyd_start
install -d -m 0755 "$RUN/map"
: > "$ORDERS"
daemon_start proxy python3 "$HERE/mapproxy.py" "$RUN/map/socket" "$SOCKET" \
    "$ORDERS"
wait_for "$WAIT_SECS" test -S "$RUN/map/socket" || bail "no proxy"
POLICYD_SOCKET=$SOCKET
SOCKET=$RUN/map/socket
sendmail_out < /dev/null
SOCKET=$POLICYD_SOCKET

# ---- each trouble, for a rule and for none ----
# free.good.test offers TLS, and it has to be used; free.plain.test offers none,
# so that Sendmail does not ask whether to try it.
while IFS='|' read -r user question order _; do
	echo "$question:?.*<$user@ $order"
done < <(troubles) > "$ORDERS"
sed -i 's/^\.:?/./' "$ORDERS"
log_mark "$RUN/send.maillog"
mapfile -t all < <(troubles | while IFS='|' read -r user question _; do
	printf '%s\n' "$user@enc.good.test" "$user@free.good.test"
	[ "$question" = try ] || echo "$user@free.plain.test"
done)
sm_send_each "${all[@]}"
sendmail_run send -bp > "$RUN/queue"
for rcpt in "${all[@]}"; do
	IFS='|' read -r _ _ _ fate what < <(troubles | grep "^${rcpt%%@*}|")
	case $fate,$rcpt in
	waits,*) check "$what: $rcpt waits" kept "$rcpt" "$NO_ANSWER" ;;
	stays,*) check "$what: $rcpt stays in the queue" kept "$rcpt" '' ;;
	goes,*plain*) expect_sm_sent "$rcpt" clear "$what: $rcpt goes" ;;
	goes,*) expect_sm_sent "$rcpt" tls "$what: $rcpt goes" ;;
	esac
done
like "$(tr -s '[:space:]' ' ' < "$RUN/queue")" \
    'Deferred: 451 4.7.5 TLS policy cannot be asked; is tlswarden' \
    "the queue says why"

# ---- policyd is killed between two recipients of a message ----
# Recipients are delivered in the order of their domains' servers, one by one;
# the one that is asked about late finds nobody.
echo "srv:.*<late@ slow 3" > "$ORDERS"
log_mark "$RUN/send.maillog"
sm_send early@enc.good.test late@second.test &
sending=$!
wait_log "$RUN/proxy.log" 'srv:.*<late@' || bail "nobody asks about late@"
policyd_stop KILL
wait $sending
sendmail_run send -bp > "$RUN/queue"
check "killed between recipients: the late one waits" kept late@second.test \
    "$NO_ANSWER"
all+=(late@second.test)
if mail_arrived early@enc.good.test; then
	ok "the other went before"
else
	check "the other waits, too" kept early@enc.good.test "$NO_ANSWER"
	all+=(early@enc.good.test)
fi
sm_send_each down@enc.good.test down@free.plain.test
sendmail_run send -bp > "$RUN/queue"
check "policyd is dead: mail with a rule waits" kept down@enc.good.test \
    "$NO_ANSWER"
check "and without a rule" kept down@free.plain.test "$NO_ANSWER"
all+=(down@enc.good.test down@free.plain.test)
is "$(bounces)" 0 "nothing was bounced"

# ---- it is there again ----
: > "$ORDERS"
policyd_start
log_mark "$RUN/send.maillog"
sendmail_run send -q > "$RUN/out" 2>&1
for rcpt in "${all[@]}"; do
	case $rcpt in
	slow@*) ;;
	*plain*) expect_sm_sent "$rcpt" clear "$rcpt goes" ;;
	*) expect_sm_sent "$rcpt" tls "$rcpt goes, with TLS" ;;
	esac
done
is "$(bounces)" 0 "nothing was bounced in the end"
done_testing
