#!/bin/bash
# tlswarden: random rules, messages and troubles of policyd through Sendmail.
# While there is trouble nothing that a rule protects goes in clear, nothing is
# bounced that is not to be refused for ever; afterwards each recipient has the
# fate of its rule and its server.
# SPDX-License-Identifier: BSD-2-Clause
# SEED=N plays another game.
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

MESSAGES=16 # of which four at a time
RANDOM=${SEED:-20261122}
KINDS=(good plain untrusted expired wrongname tls12 second chain incomplete
    selfsigned)
TROUBLES=('say TEMP busy' 'raw nonsense' 'close' 'cut 9:OK' 'say NOTFOUND '
    'slow 1' 'say OK maybe')
ORDERS=$RUN/orders
declare -A LEVEL=() FAIL=()

# One of these words.
pick()
{
	shift $((RANDOM % $#))
	PICKED=$1
}

# Each recipient has a domain and a rule of its own: a@DOMAIN or the domain.
invent()
{
	local n rcpt domain who i

	for ((n = 1; n <= MESSAGES; n++)); do
		MESSAGE[n]=
		for ((i = 0; i <= RANDOM % 4; i++)); do
			pick "${KINDS[@]}"
			domain=m$n-$i.$PICKED.test
			rcpt=a@$domain
			who=$rcpt
			((RANDOM % 3 == 0)) || who=$domain
			pick none preferred encrypt encrypt secure secure
			LEVEL[$rcpt]=$PICKED
			pick fail tempfail
			FAIL[$rcpt]=$PICKED
			MESSAGE[n]="${MESSAGE[n]} $rcpt"
			echo "INSERT INTO policy(direction, recipient, level,
			    on_failure) VALUES ('out', '$who',
			    '${LEVEL[$rcpt]}', '$PICKED');"
			((RANDOM % 3)) || trouble "$rcpt"
		done
	done > "$RUN/rules.sql"
}

trouble()
{
	local form
	pick srv try .
	form=$PICKED
	pick "${TROUBLES[@]}"
	[ "$form" = . ] || form="$form:.*"
	echo "$form<$1> $PICKED" >> "$ORDERS"
}

kind_of()
{
	local domain=${1#*.}
	echo "${domain%.test}"
}

# What is to become of it in the end: tls, clear, fail or tempfail.
fate_of()
{
	local kind
	kind=$(kind_of "$1")
	case ${LEVEL[$1]},$kind in
	none,* | preferred,plain) echo clear ;;
	*,plain) echo "${FAIL[$1]}" ;;
	preferred,* | encrypt,*) echo tls ;;
	*,good | *,second | *,chain | *,tls12) echo tls ;;
	*) echo "${FAIL[$1]}" ;;
	esac
}

bounced()
{
	grep -lF "Delivered-To: $SM_SENDER" "$RUN"/mail/all/new/* \
	    2> /dev/null | xargs -r grep -lE "^Final-Recipient: .*; ?$1\$"
}

# Prints what is wrong now.
wrong_now()
{
	local rcpt via
	for rcpt in "${!LEVEL[@]}"; do
		via=$(mail_via "$rcpt")
		case $(fate_of "$rcpt"),$via in
		clear,TLS*) [ "${LEVEL[$rcpt]}" = preferred ] ||
			echo "$rcpt: $via" ;;
		tls,clear*) echo "$rcpt went in clear" ;;
		*fail,?*) echo "$rcpt arrived: $via" ;;
		esac
		[ "$(fate_of "$rcpt")" = fail ] ||
			[ -z "$(bounced "$rcpt")" ] ||
			echo "$rcpt was bounced: $(sm_fate "$rcpt")"
	done
}

# shellcheck disable=SC2317 # wait_for calls it
settled()
{
	local rcpt=$1
	case $2 in
	tls | clear) mail_arrived "$rcpt" ;;
	fail) [ -n "$(bounced "$rcpt")" ] ;;
	tempfail) sm_fate "$rcpt" | grep -qE \
		'dsn=4\.7\.[0-9]+, stat=Deferred: 451 4\.7\.[0-9]+ .* rule ' ;;
	esac
}

warden_make recv <<< 'log_level = "debug"'
: > "$ORDERS"
MESSAGE=()
invent
sqlite3 "$DB" < "$RUN/rules.sql"
receivers_start
policyd_start
install -d -m 0755 "$RUN/map"
daemon_start proxy python3 "$HERE/mapproxy.py" "$RUN/map/socket" "$SOCKET" \
    "$ORDERS"
wait_for "$WAIT_SECS" test -S "$RUN/map/socket" || bail "no proxy"
POLICYD_SOCKET=$SOCKET
SOCKET=$RUN/map/socket
sendmail_out < /dev/null
SOCKET=$POLICYD_SOCKET
diag "${#LEVEL[@]} recipients, $(wc -l < "$ORDERS") troubles"

log_mark "$RUN/send.maillog"
pids=
for ((n = 1; n <= MESSAGES; n++)); do
	# shellcheck disable=SC2086 # a list
	sm_send ${MESSAGE[n]} &
	pids="$pids $!"
	# shellcheck disable=SC2086 # a list
	((n % 4)) || { wait $pids; pids=; }
	((n != MESSAGES / 2)) || {
		policyd_stop KILL
		sleep 1
		policyd_start
	}
done
is "$(wrong_now)" "" "in trouble: nothing unprotected, nothing bounced in vain"
: > "$ORDERS"
sendmail_run send -q > "$RUN/out" 2>&1
for rcpt in "${!LEVEL[@]}"; do
	want=$(fate_of "$rcpt")
	wait_for "$WAIT_SECS" settled "$rcpt" "$want" ||
	    diag "$rcpt: ${LEVEL[$rcpt]} ${FAIL[$rcpt]}: $(sm_fate "$rcpt")"
	check "$rcpt, ${LEVEL[$rcpt]}: $want" settled "$rcpt" "$want"
done
is "$(wrong_now)" "" "in the end: nothing unprotected, nothing bounced in vain"
done_testing
