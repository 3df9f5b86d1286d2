# shellcheck shell=bash
# tlswarden: real Postfix instances for the end-to-end tests.
# SPDX-License-Identifier: BSD-2-Clause
#
# Source it after lib.sh.
#
# DNS		dns_start		dns.py on 127.0.0.1:53 with $RUN/zone
#		zone_add LINE...	appends `NAME TYPE VALUE` lines
# Certificates	pki_start		$RUN/pki, see pki.sh
# Instances	postfix_make NAME HOSTNAME < extra main.cf lines
#			folders, main.cf, master.cf; log $RUN/NAME.maillog
#		postfix_service NAME LINE	appends to master.cf
#		postfix_start NAME / postfix_stop NAME / postfix_reload NAME
#		postfix_dir NAME	the configuration folder, for -c
# The world of outbound tests
#		receivers_start		instance `recv`: one real smtpd per kind
#			of peer, see peers_table; what it accepts is stored in
#			$RUN/mail/DOMAIN/USER
#		sender_start < extra main.cf lines	instance `send`
# Peer domains: KIND.test and *.KIND.test have the MX mx.KIND.test.
# Mail		mail_send RCPT [SENDER]	hands one message to `send`
#		mail_wait RCPT		waits for its fate; prints the log line
#		mail_flush		asks `send` to try the queue again
#		mail_via RCPT		`TLSv1.3 CIPHER BITS MX` as it arrived,
#					`clear MX`, or nothing: not arrived
#		mail_trust RCPT		Verified, Trusted, Untrusted, Anonymous
# Assertions	expect_sent RCPT tls|clear DESC [ERE of mail_via]
#		expect_deferred RCPT ERE DESC	status, text, queue, nothing
#			arrived, and no RCPT command was ever sent for it
#		expect_bounced RCPT ERE DESC

postfix_dir()
{
	echo "$RUN/$1/etc"
}

# ---- DNS and certificates -----------------------------------------------
zone_add()
{
	printf '%s\n' "$@" >> "$RUN/zone"
}

dns_start()
{
	touch "$RUN/zone"
	daemon_start dns python3 "$HERE/dns.py" 127.0.0.1 53 "$RUN/zone"
	wait_for "$WAIT_SECS" port_bound /proc/net/udp 0100007F:0035 ||
	    bail "dns.py does not listen: $(cat "$RUN/dns.log")"
}

# A socket in the kernel's table: FILE ADDRESS:PORT, in its hexadecimal form.
port_bound()
{
	grep -q " $2 " "$1"
}

pki_start()
{
	bash "$HERE/pki.sh" "$BUILD/tests/e2e/pki" ||
	    bail "the test certificates cannot be made"
	cp -r "$BUILD/tests/e2e/pki" "$RUN/pki"
	chmod 0755 "$RUN/pki"
}

# ---- instances ----------------------------------------------------------
postfix_make()
{
	local name=$1 host=$2 dir=$RUN/$1

	command -v postfix > /dev/null || skip_all "Postfix is not installed"
	mkdir -p "$dir/etc" "$dir/spool/pid"
	postfix_folders "$dir"
	cat > "$dir/etc/main.cf" <<-CF
	compatibility_level = 3.6
	queue_directory = $dir/spool
	data_directory = $dir/data
	command_directory = $(postconf -dh command_directory)
	daemon_directory = $(postconf -dh daemon_directory)
	maillog_file = $RUN/$name.maillog
	maillog_file_prefixes = $RUN
	myhostname = $host
	mydomain = lab.test
	mydestination =
	inet_protocols = all
	biff = no
	smtputf8_enable = no
	alias_maps =
	alias_database =
	local_recipient_maps =
	notify_classes =
	# One try; the next only when a test asks for it.
	minimal_backoff_time = 3600s
	maximal_backoff_time = 3600s
	queue_run_delay = 3600s
	CF
	cat >> "$dir/etc/main.cf"
	cat > "$dir/etc/master.cf" <<-'CF'
	pickup    unix   n - n 60    1 pickup
	cleanup   unix   n - n -     0 cleanup
	qmgr      unix   n - n 300   1 qmgr
	tlsmgr    unix   - - n 1000? 1 tlsmgr
	rewrite   unix   - - n -     - trivial-rewrite
	bounce    unix   - - n -     0 bounce
	defer     unix   - - n -     0 bounce
	trace     unix   - - n -     0 bounce
	verify    unix   - - n -     1 verify
	flush     unix   n - n 1000? 0 flush
	proxymap  unix   - - n -     - proxymap
	proxywrite unix  - - n -     1 proxymap
	smtp      unix   - - n -     - smtp
	relay     unix   - - n -     - smtp
	showq     unix   n - n -     - showq
	error     unix   - - n -     - error
	retry     unix   - - n -     - error
	discard   unix   - - n -     - discard
	virtual   unix   - n n -     - virtual
	lmtp      unix   - - n -     - lmtp
	anvil     unix   - - n -     1 anvil
	scache    unix   - - n -     1 scache
	tlsproxy  unix   - - n -     0 tlsproxy
	postlog   unix-dgram n - n - 1 postlogd
	CF
}

# What `postfix check` would make in two seconds; quick-start skips that.
postfix_folders()
{
	local d
	for d in active bounce corrupt defer deferred flush hold incoming \
	    private saved trace ../data; do
		install -d -o postfix -m 0700 "$1/spool/$d"
	done
	install -d -o postfix -g postdrop -m 0730 "$1/spool/maildrop"
	install -d -o postfix -g postdrop -m 0710 "$1/spool/public"
	touch "$1/spool/quick-start"
}

postfix_service()
{
	printf '%s\n' "$2" >> "$(postfix_dir "$1")/master.cf"
}

postfix_start()
{
	local name=$1 start
	# Postfix waits until a fresh main.cf is some seconds old.
	touch -d '1 minute ago' "$(postfix_dir "$name")/main.cf"
	start="postfix -c $(postfix_dir "$name") start"
	# Before its log works it complains only to a terminal: give it one.
	$start > /dev/null 2>&1 ||
	    bail "$name: $start: $(script -qec "$start" /dev/null)"
	wait_log "$RUN/$name.maillog" 'daemon started' ||
	    bail "$name does not start: $(tail -n 5 "$RUN/$name.maillog")"
}

postfix_stop()
{
	postfix -c "$(postfix_dir "$1")" stop > /dev/null 2>&1
}

postfix_reload()
{
	postfix -c "$(postfix_dir "$1")" reload > /dev/null 2>&1
}

# ---- receivers: one smtpd per kind of peer ------------------------------

# KIND, ADDRESS, key pair of pki.sh, `none` for a server that has no certificate
# and offers STARTTLS all the same, or `-`, smtpd options `name=value`.
peers_table()
{
	local tls12=smtpd_tls_protocols=TLSv1.2
	local tls11=smtpd_tls_protocols=TLSv1.1
	local tls10=smtpd_tls_protocols=TLSv1
	local tls13=smtpd_tls_protocols=TLSv1.3
	local low=tls_medium_cipherlist=ALL:@SECLEVEL=0
	local weak=smtpd_tls_exclude_ciphers=AES256,CHACHA20,ARIA256,CAMELLIA256
	local must=smtpd_tls_security_level=encrypt
	local none=smtpd_tls_security_level=none

	cat <<-PEERS
	good 127.1.0.1 good
	plain 127.1.0.2 - $none
	untrusted 127.1.0.3 untrusted
	expired 127.1.0.4 expired
	wrongname 127.1.0.5 wrongname
	tls12 127.1.0.6 good $tls12
	tls11 127.1.0.7 good $tls11 $low
	aes128 127.1.0.8 good $tls12 $weak
	refuse 127.1.0.9 mismatch
	needcert 127.1.0.10 good $must smtpd_tls_req_ccert=yes
	second 127.1.0.11 second
	chain 127.1.0.12 chain
	incomplete 127.1.0.13 incomplete
	selfsigned 127.1.0.14 selfsigned
	twomx1 127.1.0.15 - $none
	twomx2 127.1.0.16 good
	tls10 127.1.0.17 good $tls10 $low
	tls13 127.1.0.18 good $tls13
	anon 127.1.0.19 none $tls12 $low
	address 127.1.0.20 address
	PEERS
}

receivers_zone()
{
	local kind address
	while read -r kind address _; do
		zone_add "mx.$kind.test A $address" \
		    "$kind.test MX 10 mx.$kind.test" \
		    "*.$kind.test MX 10 mx.$kind.test"
	done < <(peers_table)
	zone_add 'mx1.twomx.test A 127.1.0.15' 'mx2.twomx.test A 127.1.0.16' \
	    'twomx.test MX 10 mx1.twomx.test' \
	    'twomx.test MX 20 mx2.twomx.test' \
	    '*.twomx.test MX 10 mx1.twomx.test' \
	    '*.twomx.test MX 20 mx2.twomx.test'
}

# Every RCPT that a receiver hears is logged ("rcpt-seen"), accepted or not.
receivers_make()
{
	local kind address pair options option line

	postfix_make recv receiver.lab.test <<-CF
	inet_interfaces = 127.0.0.1
	mynetworks = 127.0.0.0/8
	virtual_mailbox_domains = regexp:$RUN/recv/etc/every
	virtual_mailbox_maps = static:all/
	virtual_mailbox_base = $RUN/mail
	virtual_uid_maps = static:65534
	virtual_gid_maps = static:65534
	virtual_transport = virtual
	smtpd_relay_restrictions =
	    check_recipient_access static:{info rcpt-seen}
	    permit_mynetworks reject_unauth_destination
	smtpd_tls_security_level = may
	smtpd_tls_CAfile = $RUN/pki/root-good.pem
	smtpd_tls_received_header = yes
	smtpd_tls_loglevel = 1
	smtpd_tls_session_cache_database =
	CF
	echo '/./ every' > "$RUN/recv/etc/every"
	install -d -o nobody -m 0755 "$RUN/mail"
	while read -r kind address pair options; do
		line="$address:smtp inet n - n - - smtpd
 -o myhostname=mx.$kind.test -o syslog_name=$kind"
		case $pair in
		-) ;;
		none) options="$options smtpd_tls_cert_file=none" ;;
		*) options="$options
 smtpd_tls_chain_files=$RUN/pki/$pair.key,$RUN/pki/$pair.pem" ;;
		esac
		for option in $options; do
			line="$line -o $option"
		done
		postfix_service recv "$line"
	done < <(peers_table)
}

receivers_start()
{
	receivers_zone
	receivers_make
	postfix_start recv
}

# ---- the sender ---------------------------------------------------------
sender_make()
{
	postfix_make send sender.lab.test <<-CF
	inet_interfaces = 127.0.0.1
	mynetworks = 127.0.0.0/8
	smtp_bind_address = 127.0.0.1
	smtp_tls_security_level = may
	smtp_tls_loglevel = 1
	smtp_tls_CAfile = $RUN/pki/trusted.pem
	smtp_tls_session_cache_database =
	smtp_tls_fingerprint_digest = sha256
	# What a rule does not demand is allowed, as far as OpenSSL can.
	smtp_tls_protocols = >=TLSv1
	smtp_tls_mandatory_protocols = >=TLSv1
	tls_medium_cipherlist = ALL:@SECLEVEL=0
	tls_high_cipherlist = HIGH:@SECLEVEL=0
	$(cat)
	CF
}

sender_start()
{
	sender_make
	postfix_start send
}

mail_send()
{
	local from=${2:-sender@sender.lab.test}
	printf 'From: %s\nTo: %s\nSubject: test\n\nSecret text.\n' \
	    "$from" "$1" |
	    sendmail -C "$(postfix_dir send)" -f "$from" "$1" ||
	    bail "sendmail does not take a message to $1"
}

mail_fate()
{
	log_since "$RUN/send.maillog" | grep -F "to=<$1>" | grep ' status=' |
	    tail -n 1
}

mail_has_fate()
{
	[ -n "$(mail_fate "$1")" ]
}

mail_wait()
{
	wait_for "$WAIT_SECS" mail_has_fate "$1"
	mail_fate "$1"
}

mail_flush()
{
	log_mark "$RUN/send.maillog"
	postqueue -c "$(postfix_dir send)" -f
}

mail_queued()
{
	postqueue -c "$(postfix_dir send)" -p | grep -Fqw "$1"
}

# The newest copy that a receiver stored.
mail_file()
{
	grep -Frlx "Delivered-To: $1" "$RUN/mail/all/new" 2> /dev/null |
	    xargs -r ls -t | head -n 1
}

mail_arrived()
{
	[ -n "$(mail_file "$1")" ]
}

mail_via()
{
	local file head
	local tls='using (TLS[^ ]+) with cipher ([^ ]+) \(([0-9]+)/'
	local by=' by (mx[^ ]+) '

	file=$(mail_file "$1")
	[ -n "$file" ] || return 0
	head=$(tr -s '[:space:]' ' ' < "$file")
	if [[ $head =~ $tls.*$by.*' with ESMTPS id ' ]]; then
		echo "${BASH_REMATCH[*]:1}"
	elif [[ $head =~ $by.*' with '(E?SMTP)' id ' ]]; then
		echo "clear ${BASH_REMATCH[1]}"
	fi
}

# ---- assertions ---------------------------------------------------------
fate_is()
{
	local line
	line=$(mail_wait "$1")
	grep " status=$2 " <<< "$line" | grep -Eq -- "$3" && return 0
	echo "want: status=$2 $3"
	echo "got:  ${line:-no delivery was tried}"
	mail_trace "$1" | tail -n 8
	return 1
}

check_sent()
{
	local via
	fate_is "$1" sent '' || return 1
	wait_for "$WAIT_SECS" mail_arrived "$1"
	via=$(mail_via "$1")
	case $2,$via in
	tls,TLS* | clear,clear*)
		grep -Eq -- "${3:-}" <<< "$via" && return 0 ;;
	esac
	echo "want: $2 ${3:-}"
	echo "got:  ${via:-nothing}"
	return 1
}

expect_sent()
{
	check "$3" check_sent "$1" "$2" "${4:-}"
}

# What the process that delivered it logged, and what went wrong elsewhere.
mail_trace()
{
	local pid
	pid=$(mail_fate "$1" | sed -E 's/^[^[]*\[([0-9]+)\].*/\1/')
	log_since "$RUN/send.maillog" |
	    grep -E "smtp\[${pid:-none}\]|(fatal|panic|error):"
	grep -E '(fatal|panic):' "$RUN/recv.maillog"
}

# Postfix's word about the peer's certificate in that delivery.
mail_trust()
{
	log_since "$RUN/send.maillog" | awk -v to="to=<$1>," '
		match($0, /\[[0-9]+\]/) { pid = substr($0, RSTART, RLENGTH) }
		/ TLS connection established to / { word[pid] = $6 }
		/ status=/ {
			if (index($0, to))
				last = word[pid]
			delete word[pid]
		}
		END { print last }'
}

# Neither stored anywhere nor named to a peer.
check_unseen()
{
	if mail_arrived "$1"; then
		echo "arrived: $(mail_via "$1")"
		return 1
	fi
	if grep -F "<$1>" "$RUN/recv.maillog"; then
		return 1
	fi
}

check_kept()
{
	fate_is "$1" deferred "$2" && check_unseen "$1" || return 1
	mail_queued "$1" && return 0
	echo "not in the queue:"
	postqueue -c "$(postfix_dir send)" -p
	return 1
}

expect_deferred()
{
	check "$3" check_kept "$1" "$2"
}

check_bounced()
{
	fate_is "$1" bounced "$2" && check_unseen "$1"
}

expect_bounced()
{
	check "$3" check_bounced "$1" "$2"
}
