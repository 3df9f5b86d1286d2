# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for who sources it
# tlswarden: a receiving Postfix with the milter or with policy delegation;
# source it after lib.sh, postfix.sh and warden.sh.
# SPDX-License-Identifier: BSD-2-Clause
#
#	inbound_make milter|delegation|none
#			instance `in` on 127.0.0.1: port 25, 465 (implicit
#			TLS), 26 (XCLIENT from 127.0.0.9 allowed); mail for
#			us.test is taken and thrown away; then warden_make in
#	milter_start / milter_stop SIGNAL
#			start returns when it listens; log $RUN/milter.log
#	smtp [OPTION...] COMMAND...	smtp.py at port 25 (or $PORT)
#	expect_reply WORD ERE DESC [OPTION...] COMMAND...
#			the last reply: sent | refused CODE ...; see below
#	rows SQL	a query of state.db, when all that was said is written
#	rows_wait SQL ERE	until its result matches
# Variables: MILTER_SOCKET, STATE_DB, IN_LOG (the maillog), PORT.

PORT=25

inbound_milter_lines()
{
	case $1 in
	milter)
		echo "smtpd_milters = unix:tlswarden/milter.sock"
		echo "milter_default_action = tempfail" ;;
	delegation)
		echo "smtpd_recipient_restrictions =" \
		    "reject_unauth_destination," \
		    "check_policy_service unix:tlswarden/delegation.sock" ;;
	esac
}

inbound_make()
{
	local how=$1
	[ -d "$RUN/pki" ] || pki_start
	postfix_make in mail.us.test <<-CF
	inet_interfaces = 127.0.0.1
	mynetworks = 127.9.9.9/32
	virtual_mailbox_domains = us.test, xn--bcher-kva.test
	virtual_mailbox_maps = regexp:$RUN/in/etc/mailboxes
	virtual_transport = discard:
	smtpd_relay_restrictions = reject_unauth_destination
	smtpd_tls_security_level = may
	smtpd_tls_chain_files = $RUN/pki/good.key, $RUN/pki/good.pem
	smtpd_tls_CAfile = $RUN/pki/trusted.pem
	smtpd_tls_ask_ccert = yes
	smtpd_tls_loglevel = 1
	smtpd_tls_fingerprint_digest = sha256
	smtpd_tls_session_cache_database =
	smtpd_tls_protocols = >=TLSv1
	smtpd_peername_lookup = no
	smtpd_client_port_logging = yes
	tls_medium_cipherlist = ALL:@SECLEVEL=0
	tls_high_cipherlist = ALL:@SECLEVEL=0
	anvil_status_update_time = 3600s
	smtpd_client_connection_count_limit = 0
	$(inbound_milter_lines "$how")
	CF
	postconf -c "$(postfix_dir in)" -e smtputf8_enable=yes
	echo '/./ box' > "$RUN/in/etc/mailboxes"
	postfix_service in "127.0.0.1:25 inet n - n - - smtpd"
	postfix_service in "127.0.0.1:465 inet n - n - - smtpd
 -o smtpd_tls_wrappermode=yes"
	postfix_service in "127.0.0.1:26 inet n - n - - smtpd
 -o smtpd_authorized_xclient_hosts=127.0.0.9"
	IN_LOG=$RUN/in.maillog
	warden_make in <<< 'record_addresses = "full"
log_level = "debug"'
	MILTER_SOCKET=$SPOOL_DIR/milter.sock
	STATE_DB=$STATE_DIR/state.db
	touch "$IN_LOG" "$RUN/milter.log"
}

milter_start()
{
	local milter=${MILTER:-$BUILD/milter/tlswarden-milter}
	[ -x "$milter" ] || bail "$milter is not built"
	log_mark "$RUN/milter.log"
	daemon_start milter "$milter" -c "$CONF"
	wait_for "$WAIT_SECS" milter_settled
	log_has "$RUN/milter.log" 'listens on' ||
	    bail "the milter does not start: $(tail -n 20 "$RUN/milter.log")"
}

milter_settled()
{
	log_has "$RUN/milter.log" 'listens on' || ! daemon_running milter
}

milter_stop()
{
	daemon_stop milter "$1"
}

smtp()
{
	PKI=$RUN/pki PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/smtp.py" \
	    "${smtp_options[@]}" 127.0.0.1 "$PORT" "$@"
}

# The reply to the last RCPT of one short session: expect_rcpt ERE DESC SENDER
# RECIPIENT [COMMAND...], the commands being what comes before MAIL. Options of
# smtp.py are taken from the array smtp_options.
smtp_options=()
expect_rcpt()
{
	local ere=$1 desc=$2 sender=$3 recipient=$4 got
	shift 4
	[ $# -gt 0 ] || set -- "EHLO client.test"
	got=$(smtp "$@" "MAIL FROM:<$sender>" "RCPT TO:<$recipient>" QUIT)
	got=$(tail -n 2 <<< "$got" | head -n 1)
	# What Postfix puts before the text of a policy service.
	got=${got/<"$recipient">: Recipient address rejected: /}
	# What Sendmail puts before every text.
	got=${got/<"$recipient">... /}
	like "$got" "^$ere\$" "$desc"
	[[ $got != [45]* ]] || expect_logged "$desc" "$got" "$sender"
}

# Whoever reads the logs finds each refusal: the MTA has the text that the
# client was told, ours has it with rule and facts.
expect_logged()
{
	local desc=$1 code=${2%% *} text=${2#* * } sender=$3 ours

	ours=$RUN/milter.log
	[ ! -s "$RUN/policyd.log" ] || [ -s "$ours" ] || ours=$RUN/policyd.log
	! grep -qs 'postfix/smtpd' "$RUN/in.maillog" ||
	    check "logged by Postfix: $desc" wait_for 5 logged \
	    "$RUN/in.maillog" "reject: RCPT from" ": $code " "$text" \
	    "from=<$sender>"
	check "logged by us: $desc" wait_for 5 logged "$ours" \
	    ": refused rule=" "$text" "from=<$sender>"
}

# logged FILE TEXT...: one line has them all.
# shellcheck disable=SC2317 # wait_for calls it
logged()
{
	local lines
	lines=$(cat "$1")
	shift
	while [ $# -gt 0 ]; do
		lines=$(grep -F -- "$1" <<< "$lines") || return 1
		shift
	done
}

rows()
{
	sqlite3 -readonly "$STATE_DB" "$@" 2>&1
}

rows_match()
{
	[[ $(rows "$1") =~ ^($2)$ ]]
}

expect_rows()
{
	if wait_for 5 rows_match "$1" "$2"; then
		ok "$3"
	else
		not_ok "$3"
		diag "query: $1"
		diag "got:   $(rows "$1")"
		diag "want:  $2"
	fi
}
