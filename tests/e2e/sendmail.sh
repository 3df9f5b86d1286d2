# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for who sources it
# tlswarden: real Sendmail instances, beside an installed Postfix; source it
# after lib.sh, postfix.sh and warden.sh.
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's packages are fetched by apt and only unpacked, below the build
# folder: installed they would drive out Postfix.
#
#	sendmail_get		before e2e_init: fetches and unpacks; without
#				apt or network the test is skipped, or failed
#				when E2E_REQUIRED=1
#	sendmail_world		after e2e_init: a host name, /dev/log
#	sendmail_make NAME < lines of sendmail.mc
#			folders and sendmail.cf of instance NAME, hostname
#			NAME.lab.test; log $RUN/NAME.maillog
#	sendmail_start NAME / sendmail_stop NAME	the daemon
#	sendmail_run NAME ARGUMENT...	the program with NAME's sendmail.cf
# Outbound, instance `send`:
#	sendmail_out		makes it, with tlswarden.m4 and policyd's socket
#	sm_send RCPT...		one message, tried at once
#	sm_send_each RCPT...	one message to each, all at once
#	sm_fate RCPT		the log line of its newest fate
#	expect_sm RCPT ERE DESC	asserts on that line
#	expect_sm_sent RCPT tls|clear DESC	and that it arrived so
#	sm_rules RULESET ARGUMENT FACT...	what a ruleset leaves, see below
# Variables: SM_ROOT, SM_BIN, SM_SENDER (who gets the bounces).

SM_ROOT=$BUILD/tests/e2e/sendmail
SM_BIN=$SM_ROOT/usr/libexec/sendmail/sendmail
SM_SENDER=sender@dsn.good.test

sendmail_get()
{
	local why

	[ -z "${E2E_RUN:-}" ] || return 0
	mkdir -p "$SM_ROOT"
	why=$(sendmail_unpack) && return 0
	[ "${E2E_REQUIRED:-}" != 1 ] || bail "$why"
	skip_all "$why"
}

# Prints why not. The packages stay for the next time.
sendmail_unpack()
(
	exec 9> "$SM_ROOT/lock"
	flock 9
	cd "$SM_ROOT" || exit 1
	if [ ! -e unpacked ]; then
		command -v apt-get > /dev/null || { echo "no apt"; exit 1; }
		apt-get -o APT::Sandbox::User=root download sendmail-bin \
		    sendmail-cf > apt.log 2>&1 ||
		    { echo "apt-get cannot download Sendmail"; exit 1; }
		for deb in sendmail-*.deb; do
			dpkg -x "$deb" . || { echo "dpkg -x $deb"; exit 1; }
		done
		chmod g-s usr/libexec/sendmail/sendmail
		touch unpacked
	fi
	if ! command -v m4 > /dev/null || ldd "$SM_BIN" | grep 'not found'; then
		echo "Sendmail lacks libraries or m4: contrib/install-deps test"
		exit 1
	fi
)

# Sendmail waits until the host's name is a full one, and logs to /dev/log
# alone. /dev is replaced by a folder with what it and the tests need.
sendmail_world()
{
	local node

	echo "127.0.0.1 $(hostname).lab.test $(hostname)" >> "$RUN/hosts"
	mkdir -p "$RUN/dev/shm"
	for node in null zero full random urandom tty; do
		touch "$RUN/dev/$node"
		mount --bind "/dev/$node" "$RUN/dev/$node"
	done
	ln -s /proc/self/fd "$RUN/dev/fd"
	mount --rbind "$RUN/dev" /dev || bail "cannot mount the test's /dev"
	daemon_start syslog python3 "$HERE/syslog.py" /dev/log "$RUN"
	wait_for "$WAIT_SECS" test -S /dev/log || bail "no /dev/log"
}

sendmail_make()
{
	local name=$1 dir=$RUN/$1

	mkdir -p "$dir/mqueue" "$dir/etc"
	chmod 0700 "$dir/mqueue"
	# Sendmail refuses keys that others can read.
	install -m 0600 "$RUN/pki/good.key" "$RUN/pki/client-good.key" \
	    "$dir/etc"
	touch "$dir/etc/aliases" "$dir/statistics" "$RUN/$name.maillog"
	printf 'hosts files dns\naliases files\n' > "$dir/etc/switch"
	{
		sendmail_mc_head "$name" "$dir"
		cat
	} > "$dir/etc/sendmail.mc"
	cp -r "$SM_ROOT/usr/share/sendmail/cf" "$dir/cf"
	cp "$SOURCE/contrib/sendmail/tlswarden.m4" "$dir/cf/feature"
	m4 -D_CF_DIR_="$dir/cf/" "$dir/cf/m4/cf.m4" \
	    "$dir/etc/sendmail.mc" > "$dir/etc/sendmail.cf" \
	    2> "$RUN/$name.m4.log" || bail "m4: $(cat "$RUN/$name.m4.log")"
}

sendmail_mc_head()
{
	local name=$1 dir=$2

	cat <<-MC
	divert(0)dnl
	OSTYPE(\`linux')dnl
	define(\`confDOMAIN_NAME', \`$name.lab.test')dnl
	define(\`QUEUE_DIR', \`$dir/mqueue')dnl
	define(\`confPID_FILE', \`$dir/pid')dnl
	define(\`STATUS_FILE', \`$dir/statistics')dnl
	define(\`ALIAS_FILE', \`$dir/etc/aliases')dnl
	define(\`MAIL_SETTINGS_DIR', \`$dir/etc/')dnl
	define(\`confSERVICE_SWITCH_FILE', \`$dir/etc/switch')dnl
	define(\`confLOG_LEVEL', \`14')dnl
	define(\`confTO_IDENT', \`0')dnl
	dnl A busy machine is no reason to queue or to refuse.
	define(\`confQUEUE_LA', \`999')dnl
	define(\`confREFUSE_LA', \`999')dnl
	define(\`confDONT_PROBE_INTERFACES', \`true')dnl
	define(\`confCACERT', \`$RUN/pki/trusted.pem')dnl
	define(\`confCACERT_PATH', \`$RUN/pki')dnl
	define(\`confSERVER_CERT', \`$RUN/pki/good.pem')dnl
	define(\`confSERVER_KEY', \`$dir/etc/good.key')dnl
	define(\`confCLIENT_CERT', \`$RUN/pki/client-good.pem')dnl
	define(\`confCLIENT_KEY', \`$dir/etc/client-good.key')dnl
	FEATURE(\`no_default_msa')dnl
	FEATURE(\`accept_unresolvable_domains')dnl
	MC
}

sendmail_run()
{
	local name=$1
	shift
	"$SM_BIN" -L "$name" -C "$RUN/$name/etc/sendmail.cf" "$@"
}

sendmail_start()
{
	local name=$1
	daemon_start "$name" "$SM_BIN" -L "$name" \
	    -C "$RUN/$name/etc/sendmail.cf" -bD -q1h
	wait_log "$RUN/$name.maillog" 'starting daemon' ||
	    bail "$name does not start: $(cat "$RUN/$name.log")"
	wait_for "$WAIT_SECS" port_bound /proc/net/tcp 0100007F:0019 ||
	    bail "$name does not listen: $(cat "$RUN/$name.log")"
}

sendmail_stop()
{
	daemon_stop "$1"
}

# ---- outbound -----------------------------------------------------------
# What a rule does not demand is allowed, as far as OpenSSL can.
sendmail_out()
{
	sendmail_make send <<-MC
	define(\`confTO_QUEUEWARN', \`')dnl
	define(\`confCIPHER_LIST', \`ALL:@SECLEVEL=0')dnl
	define(\`confCLIENT_SSL_OPTIONS', \`')dnl
	FEATURE(\`tlswarden', \`unix:$SOCKET')dnl
	$(cat)
	DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
	MAILER(\`smtp')dnl
	MC
}

sm_send()
{
	printf 'From: <%s>\nSubject: test\n\nSecret text.\n' "$SM_SENDER" |
	    sendmail_run send -odi -oem -f "$SM_SENDER" "$@" \
	    >> "$RUN/send.log" 2>&1
}

# Messages to each of these, all at once.
sm_send_each()
{
	local rcpt pids=
	for rcpt; do
		sm_send "$rcpt" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $pids
}

sm_fate()
{
	log_since "$RUN/send.maillog" | grep -F "$1" |
	    grep -E 'to=[^ ]*, .*stat=' | tail -n 1
}

sm_has_fate()
{
	[ -n "$(sm_fate "$1")" ]
}

expect_sm()
{
	wait_for "$WAIT_SECS" sm_has_fate "$1"
	like "$(sm_fate "$1")" "$2" "$3"
}

sm_arrived()
{
	local via
	wait_for "$WAIT_SECS" mail_arrived "$1"
	via=$(mail_via "$1")
	case $2,$via in
	tls,TLS* | clear,clear*) return 0 ;;
	esac
	echo "want: $2, got: ${via:-nothing}; $(sm_fate "$1")"
	return 1
}

expect_sm_sent()
{
	check "$3" sm_arrived "$1" "$2"
}

# ---- rulesets -----------------------------------------------------------
# The workspace that RULESET leaves of ARGUMENT in `sendmail -bt`. FACTs are
# MACRO=VALUE, or +NAME for a name of the certificate.
sm_rules()
{
	local ruleset=$1 argument=$2 fact
	shift 2
	for fact; do
		case $fact in
		+*) echo ".C{cert_altnames}${fact#+}" ;;
		?=*) echo ".D${fact%%=*}${fact#*=}" ;;
		*) echo ".D{${fact%%=*}}${fact#*=}" ;;
		esac
	done > "$RUN/bt"
	echo "$ruleset $argument" >> "$RUN/bt"
	sendmail_run send -bt < "$RUN/bt" > "$RUN/bt.out" 2>&1
	sed -n "s/^$ruleset *returns: //p" "$RUN/bt.out"
}
