#!/bin/bash
# tlswarden: check --self says what Postfix and Sendmail really send: each
# chain is fetched from the running server and compared, certificate by
# certificate, with what check --self made of the settings.
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
P=$RUN/pki

# The serials of a chain as it arrives: fetched HOST:PORT [OPTION...]
fetched()
{
	openssl s_client -starttls smtp -showcerts -connect "$@" \
	    < /dev/null 2> /dev/null > "$RUN/shown"
	"$TLSWARDEN" -c "$CONF" verify "$RUN/shown" --json |
	    jq -r '[.chain[].serial] | join(" ")'
}

# The same as check --self has it, of the identity that the filter picks.
said()
{
	jq -r "[.certificates[] | select($1)][0] | [.chain[].serial] |
	    join(\" \")" "$RUN/self.json"
}

finding()
{
	jq -r "[.certificates[] | select($1)][0].findings[0].class" \
	    "$RUN/self.json"
}

# same DESC WANT FILTER HOST:PORT [OPTION...]: WANT certificates on the wire
same()
{
	local desc=$1 want=$2 filter=$3 wire
	shift 3
	wire=$(fetched "$@")
	is "$(wc -w <<< "$wire")" "$want" "$desc: $want on the wire"
	is "$(said "$filter")" "$wire" "$desc: the same in check --self"
}

# ---- Postfix --------------------------------------------------------------
postfix_make in mx.incomplete.test <<-CF
inet_interfaces = 127.0.0.1
smtpd_tls_security_level = may
smtpd_tls_cert_file = $P/incomplete.pem
smtpd_tls_key_file = $P/incomplete.key
smtpd_tls_CAfile = $RUN/cas.pem
smtpd_peername_lookup = no
tls_server_sni_maps = hash:$RUN/sni
CF
printf '%s\n' "alone.test $P/incomplete.key $P/incomplete.pem" \
    "full.test $P/chain.key $P/chain.pem" > "$RUN/sni"
cat "$P/int-good.pem" "$P/root-good.pem" > "$RUN/cas.pem"
postmap -c "$(postfix_dir in)" -F "hash:$RUN/sni"
warden_make in < /dev/null
service()
{
	postfix_service in "127.0.0.1:$1 inet n - n - - smtpd
$2"
}
service 25 ""
service 26 " -o smtpd_tls_CAfile="
service 27 " -o smtpd_tls_cert_file=$P/chain.pem
 -o smtpd_tls_key_file=$P/chain.key"
service 28 " -o smtpd_tls_CAfile=$P/root-other.pem"
service 29 " -o smtpd_tls_CAfile=$P/root-other.pem
 -o tls_append_default_CA=yes"
service 30 " -o smtpd_tls_chain_files=$P/incomplete.key,$P/incomplete.pem"
service 31 " -o smtpd_tls_CAfile=$RUN/none.pem"
# OpenSSL's own defaults are those of this machine; here, ours.
defaults=$(openssl version -d | sed 's/.*"\(.*\)"/\1/')
cp -a "$defaults" "$RUN/defaults"
cp "$RUN/cas.pem" "$RUN/defaults/cert.pem"
mount --bind "$RUN/defaults" "$defaults" || bail "cannot mount over $defaults"
postfix_start in
MAIL_CONFIG=$(postfix_dir in) tool check --self --mta postfix --json \
    > "$RUN/self.json"

at()
{
	echo ".mta == \"postfix\" and .role == \"server\" and
	    (.where | test(\"$1\")) and
	    ((.setting == \"tls_server_sni_maps\") | not)"
}
same "a certificate alone, completed from smtpd_tls_CAfile" 3 \
    "$(at main.cf)" 127.0.0.1:25 -noservername
same "a certificate alone, without a CA file" 1 "$(at :26)" 127.0.0.1:26 \
    -noservername
like "$(finding "$(at :26)")" 'incomplete_chain|issuer_unknown' \
    "which is a fault"
same "a chain in the file, although the CA file has its CAs" 2 \
    "$(at :27)" 127.0.0.1:27 -noservername
same "a CA file that does not help" 1 "$(at :28)" 127.0.0.1:28 -noservername
same "tls_append_default_CA" 3 "$(at :29)" 127.0.0.1:29 -noservername
same "chain files with one certificate" 3 "$(at :30)" 127.0.0.1:30 \
    -noservername
sni='.setting == "tls_server_sni_maps" and .name'
same "a name of SNI with one certificate" 3 "$sni == \"alone.test\"" \
    127.0.0.1:25 -servername alone.test
same "a name of SNI with its chain" 2 "$sni == \"full.test\"" \
    127.0.0.1:25 -servername full.test
like "$(python3 - <<-'PY'
	import smtplib
	s = smtplib.SMTP("127.0.0.1", 31)
	s.ehlo()
	print(s.has_extn("starttls"), s.docmd("STARTTLS"))
	PY
)" "^True \\(454, b'4.7.0 TLS not available due to local problem'" \
    "a CA file that is not there: STARTTLS is offered, then refused"
like "$(log_since "$RUN/in.maillog")" \
    'cannot load Certification Authority data.*none.pem' "Postfix says why"
is "$(jq -r '.findings[] | select(.code == "self_ca_not_read") |
    .text' "$RUN/self.json" | grep -c none.pem)" 1 "and check --self"
postfix_stop in

# ---- Sendmail -------------------------------------------------------------
# sendmail_as FILE CAFILE LABEL: it presents FILE's certificate
sendmail_as()
{
	local dir=$RUN/sm-$3
	sendmail_make "sm-$3" <<-MC
	define(\`confSERVER_CERT', \`$1')dnl
	define(\`confSERVER_KEY', \`$dir/etc/own.key')dnl
	define(\`confCACERT', \`$2')dnl
	define(\`confCACERT_PATH', \`${4-$RUN/none}')dnl
	DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
	MAILER(\`smtp')dnl
	MC
	install -m 0600 "${1%.pem}.key" "$dir/etc/own.key"
	sendmail_start "sm-$3"
	tool check --self --mta sendmail --cf "$dir/etc/sendmail.cf" --json \
	    > "$RUN/self.json"
}
server='.mta == "sendmail" and .role == "server"'
sendmail_as "$P/incomplete.pem" "$RUN/cas.pem" cas
same "Sendmail: a certificate alone, completed from confCACERT" 3 "$server" \
    127.0.0.1:25
sendmail_stop sm-cas
sendmail_as "$P/chain.pem" "$P/root-other.pem" chain
same "Sendmail: a chain in the file: its first certificate" 1 "$server" \
    127.0.0.1:25
like "$(finding "$server")" 'incomplete_chain|issuer_unknown' \
    "which is a fault"
sendmail_stop sm-chain
mkdir "$RUN/hashed"
cp "$P/int-good.pem" "$P/root-good.pem" "$RUN/hashed"
openssl rehash "$RUN/hashed"
sendmail_as "$P/chain.pem" "$P/root-other.pem" path "$RUN/hashed"
same "Sendmail: completed from confCACERT_PATH" 3 "$server" 127.0.0.1:25
sendmail_stop sm-path

offers()
{
	openssl s_client -starttls smtp -connect 127.0.0.1:25 < /dev/null \
	    2>&1 | grep -c 'BEGIN CERTIFICATE'
}
codes()
{
	jq -r '.findings[].code' "$RUN/self.json" | tr '\n' ' '
}
sendmail_as "$P/chain.pem" "$RUN/cas.pem" nopath ""
is "$(offers)" 0 "Sendmail: without confCACERT_PATH there is no STARTTLS"
like "$(codes)" self_no_cas "check --self says so"
sendmail_stop sm-nopath
sendmail_as "$P/chain.pem" "" nofile
is "$(offers)" 0 "Sendmail: without confCACERT there is no STARTTLS"
like "$(codes)" self_no_cas "check --self says so"
sendmail_stop sm-nofile
sendmail_as "$P/chain.pem" "$RUN/none.pem" badfile
is "$(offers)" 0 "Sendmail: with a CA file that is not there neither"
like "$(codes)" self_ca_not_read "check --self says so"
sendmail_stop sm-badfile
done_testing
