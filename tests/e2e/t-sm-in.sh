#!/bin/bash
# tlswarden: inbound mail through Sendmail with tlswarden-milter: who is judged
# by which rule, each reply, the recorded rows; client certificates by
# {verify}, their names as whole DNs.
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

STARTTLS=("EHLO client.test" starttls "EHLO client.test")
NO_TLS='this session is not encrypted; enable STARTTLS on your outbound server'
LAST="SELECT mta, tls, tls_version, messages, accepted, refused, refused_rule,
    refused_reason FROM session ORDER BY id DESC LIMIT 1"

rules()
{
	local col=direction,sender,recipient,subnet,level,on_failure,mode
	local demand=direction,sender,level,on_failure,ca,cert_name
	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT)),
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
	    INSERT INTO policy($col) VALUES
	    ('in','bank.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','soft.test','*',NULL,'encrypt','tempfail','enforce'),
	    ('in','*','audit@us.test',NULL,'encrypt','fail','enforce'),
	    ('in','*','*','127.0.0.5','encrypt','fail','enforce'),
	    ('in','watched.test','*',NULL,'secure','fail','monitor'),
	    ('in','free.bank.test','*',NULL,'none','fail','enforce'),
	    ('in','.bank.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','likes.test','*',NULL,'preferred','fail','enforce');
	    INSERT INTO policy($demand,min_protocol,min_bits) VALUES
	    ('in','secure.test','secure','fail',NULL,NULL,NULL,NULL),
	    ('in','cagood.test','secure','fail','Good',NULL,NULL,NULL),
	    ('in','casecond.test','secure','tempfail','Second',NULL,NULL,NULL),
	    ('in','name.test','secure','fail',NULL,'a.test:out.partner.test',
		NULL,NULL),
	    ('in','glob.test','secure','fail',NULL,'/O=Partner/*',NULL,NULL),
	    ('in','parent.test','secure','fail',NULL,'.partner.test',NULL,
		NULL),
	    ('in','other.test','secure','fail',NULL,'out.other.test',NULL,
		NULL),
	    ('in','otherdn.test','secure','fail',NULL,'/O=Stranger/*',NULL,
		NULL),
	    ('in','tls13.test','encrypt','fail',NULL,NULL,'TLSv1.3',NULL),
	    ('in','tls12.test','encrypt','fail',NULL,NULL,'TLSv1.2',NULL),
	    ('in','bits.test','encrypt','fail',NULL,NULL,NULL,256);
	    INSERT INTO policy(direction,sender,level,on_failure,
		cert_fingerprint) VALUES
	    ('in','pin.test','encrypt','fail','$(fingerprint client-other)')"
}

fingerprint()
{
	openssl x509 -in "$RUN/pki/$1.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//'
}

refusal()
{
	echo "$1 TLS required by policy rule $2 for mail $3: $NO_TLS"
}

# The row of the matrix that a sender's rule is about.
row_of()
{
	case $1 in
	bank) echo level encrypt ;;
	secure) echo level secure ;;
	ca*) echo check CA issuer ;;
	tls1*) echo min_protocol ;;
	bits) echo min_bits ;;
	pin) echo fingerprint ;;
	*) echo check subject ;;
	esac
}

# SENDER-DOMAIN | smtp.py options | the reply's start | what it shows
cases()
{
	local no='550 5.7.5 Verified certificate required by policy rule'
	local old='or newer required by policy rule'
	local good='--cert client-good' other='--cert client-other'
	local aes256='--ciphers ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=0'
	local aes128='--ciphers ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0'
	local tls12='--max TLSv1.2'

	cat <<-ROWS
	bank||250 2.1.5|encrypt: STARTTLS without a certificate
	bank|$other|250 2.1.5|encrypt: with an untrusted certificate
	secure|$good|250 2.1.5|secure: a trusted certificate
	secure||550 5.7.5 .*rule 9 .*no client certificate|secure: none
	secure|$other|$no 9 .*certificate|secure: untrusted
	secure|--cert client-expired|$no 9 .*certificate|secure: expired
	cagood|$good|250 2.1.5|ca: issued by it
	cagood||550 5.7.5 .*rule 10 .*no client certificate|ca: none
	cagood|$other|$no 10|ca: of another, untrusted CA
	casecond|$good|451 4.7.5 Certificate of CA Second required by policy \
rule 11 .*\(issuer /O=Test CA Good/CN=Test Root Good\)|ca: trusted, another CA
	name|$good|250 2.1.5|cert_name: one of two, the CN
	glob|$good|250 2.1.5|cert_name: a glob over the DN
	glob|$other|$no 13|cert_name: a glob, untrusted
	parent|$good|250 2.1.5|cert_name: a parent domain
	other|$good|550 5.7.5 Certificate for out.other.test required by \
policy rule 15 .*\(subject /O=Partner/CN=out.partner.test\)|cert_name: another
	otherdn|$good|550 5.7.5 .*policy rule 16 |cert_name: another DN
	otherdn|$other|$no 16|a DN that fits, of an untrusted certificate
	tls13||250 2.1.5|min_protocol: TLS 1.3
	tls13|$tls12|550 5.7.6 TLSv1.3 $old 17 .*\(TLSv1.2\)|min_protocol: \
TLS 1.2 under 1.3
	tls12|$tls12|250 2.1.5|min_protocol: TLS 1.2 under 1.2
	tls12|--max TLSv1.1|550 5.7.6 TLSv1.2 $old 18 .*\(TLSv1.1\)|TLS 1.1
	tls12|--max TLSv1|550 5.7.6 TLSv1.2 $old 18 .*\(TLSv1\)|TLS 1.0
	bits||250 2.1.5|min_bits: 256 bits
	bits|$tls12 $aes256|250 2.1.5|min_bits: 256 bits with TLS 1.2
	bits|$tls12 $aes128|550 5.7.6 TLS with 256 bits required by policy \
rule 19 .*\(128 bits\)|min_bits: 128 bits
	pin|$other|250 2.1.5|a pin alone decides: an untrusted certificate
	pin|$good|550 5.7.5 Pinned certificate required by policy rule \
20 .*not the pinned one|a pin: another certificate
	ROWS
}

warden_make in <<< 'record_addresses = "full"
log_level = "debug"'
MILTER_SOCKET=$SPOOL_DIR/milter.sock
STATE_DB=$STATE_DIR/state.db
touch "$RUN/milter.log"
rules
milter_start
# Mail is only queued; every host may send to us.test.
sendmail_make in <<MC
define(\`confDELIVERY_MODE', \`q')dnl
define(\`confCERT_FINGERPRINT_ALGORITHM', \`sha256')dnl
define(\`confCIPHER_LIST', \`ALL:@SECLEVEL=0')dnl
define(\`confSERVER_SSL_OPTIONS', \`')dnl
INPUT_MAIL_FILTER(\`tlswarden',
 \`S=unix:$MILTER_SOCKET, F=T, T=C:10s;S:5s;R:5s;E:10s')dnl
FEATURE(\`mailertable', \`text -o $RUN/in/etc/mailertable')dnl
RELAY_DOMAIN(\`us.test')dnl
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
MAILER(\`smtp')dnl
MC
echo 'us.test esmtp:[127.9.9.9]' > "$RUN/in/etc/mailertable"
sendmail_start in
IN_LOG=$RUN/in.maillog

# ---- plaintext ----
log_mark "$IN_LOG"
cell Sendmail in / fail
expect_rcpt "550 $(refusal 5.7.10 1 'from bank.test')" \
    "plaintext is refused, with rule, cause and fix" a@bank.test b@us.test
cell Sendmail in / cause and fix in the text
expect_log "$IN_LOG" "Milter: to=<b@us.test>, reject=550 5.7.10 TLS required \
by policy rule 1 for mail from bank.test: .* on your outbound server" \
    "Sendmail logs the whole text"
cell
expect_rows "$LAST" 'sendmail\|none\|\|0\|0\|1\|1\|no_tls' \
    "the session is recorded as Sendmail's"
cell Sendmail in / temporarily fail
expect_rcpt "451 $(refusal 4.7.10 2 'from soft.test')" \
    "a rule that fails temporarily" a@soft.test b@us.test
cell Sendmail in / by address
expect_rcpt "550 $(refusal 5.7.10 3 'to us.test')" "a recipient rule" \
    a@elsewhere.test audit@us.test
expect_rcpt '250 2.1.5 .*' "another recipient: taken" a@elsewhere.test b@us.test
cell Sendmail in / by subnet
expect_rcpt '250 2.1.5 .*' "another client: taken" a@elsewhere.test b@us.test
smtp_options=(--from 127.0.0.5)
expect_rcpt "550 $(refusal 5.7.10 4 'from elsewhere.test')" "a subnet rule" \
    a@elsewhere.test b@us.test
expect_rcpt '250 2.1.5 .*' "encrypted from that subnet" a@elsewhere.test \
    b@us.test "${STARTTLS[@]}"
smtp_options=()
cell Sendmail in / by partner domain
expect_rcpt "550 $(refusal 5.7.10 1 'from bank.test')" "a domain" \
    a@bank.test b@us.test
expect_rcpt "550 $(refusal 5.7.10 7 'from sub.bank.test')" "a subdomain" \
    a@sub.bank.test b@us.test
expect_rcpt '250 2.1.5 .*' "a domain whose end looks alike" a@thebank.test \
    b@us.test
for from in '<a@bank.test (x@x.test)>' '<a@bank.test (a@x.test>' \
    '<a@"bank.test">' '<a@bank .test>' '<Joe <a@bank.test>>' '<a%bank.test>' \
    '<bank.test!a>' '<@x.test:a@bank.test>' '<"a"@bank.test>'; do
	got=$(smtp "EHLO c.test" "MAIL FROM:$from" "RCPT TO:<b@us.test>" QUIT)
	check "nor can odd writing hide it: $from" \
	    test "$(grep -c '^250 2.1.5' <<< "$got")" = 0
done
cell Sendmail in / level none
expect_rcpt '250 2.1.5 .*' "level none takes plaintext" a@free.bank.test \
    b@us.test
cell Sendmail in / level preferred
expect_rcpt '250 2.1.5 .*' "level preferred takes plaintext" a@likes.test \
    b@us.test
expect_rows "$LAST" 'sendmail\|none\|\|0\|1\|0\|\|' "and records it"
expect_rcpt '250 2.1.5 .*' "level preferred takes TLS" a@likes.test b@us.test \
    "${STARTTLS[@]}"
expect_rows "$LAST" 'sendmail\|starttls\|TLSv1.3\|0\|1\|0\|\|' \
    "and records that"

# ---- TLS ----
cell Sendmail in / level encrypt
expect_rcpt '250 2.1.5 .*' "STARTTLS without a second EHLO is no plaintext" \
    a@bank.test b@us.test "EHLO client.test" starttls
expect_rows "$LAST" 'sendmail\|starttls\|TLSv1.3\|0\|1\|0\|\|' \
    "and is recorded so"
while IFS='|' read -r domain options reply what; do
	cell "Sendmail in / $(row_of "$domain")"
	read -r -a smtp_options <<< "$options"
	expect_rcpt "$reply.*" "$what" "a@$domain.test" b@us.test \
	    "${STARTTLS[@]}" < /dev/null
done < <(cases)
cell
smtp_options=(--cert client-good)
expect_rcpt '250 2.1.5 .*' "secure again" a@secure.test b@us.test \
    "${STARTTLS[@]}"
expect_rows "SELECT verify, cert_subject, cert_issuer, cipher, bits
    FROM session ORDER BY id DESC LIMIT 1" "OK\|/O=Partner/CN=out.partner.test\
\|/O=Test CA Good/CN=Test Root Good\|TLS_AES_256_GCM_SHA384\|256" \
    "the row has {verify} and the names, decoded"
smtp_options=(--cert client-expired)
expect_rcpt '550 5.7.5 .*' "expired again" a@secure.test b@us.test \
    "${STARTTLS[@]}"
expect_rows "SELECT verify, cert_subject FROM session ORDER BY id DESC
    LIMIT 1" 'FAIL\|/O=Partner/CN=out.partner.test' \
    "the row of an expired certificate says FAIL"
smtp_options=()
for domain in bank secure cagood tls13 bits; do
	cell "Sendmail in / $(row_of "$domain")"
	expect_rcpt '550 5.7.10 .*required by policy rule .*not encrypted.*' \
	    "plaintext under $domain" "a@$domain.test" b@us.test < /dev/null
done

# ---- monitor; several recipients ----
cell Sendmail in / monitor
expect_rcpt '250 2.1.5 .*' "a monitor rule refuses nothing" a@watched.test \
    b@us.test
expect_rows "SELECT rule, mode, reason, recipient FROM violation
    ORDER BY id DESC LIMIT 1" '5\|monitor\|no_tls\|b@us.test' \
    "but the ledger has it"
cell
got=$(smtp "EHLO client.test" "MAIL FROM:<a@elsewhere.test>" \
    "RCPT TO:<b@us.test>" "RCPT TO:<audit@us.test>" "RCPT TO:<c@us.test>" \
    data "MAIL FROM:<a@bank.test>" "RCPT TO:<b@us.test>" RSET starttls \
    "EHLO client.test" "MAIL FROM:<a@bank.test>" "RCPT TO:<b@us.test>" \
    data QUIT | cut -c 1-3 | tr '\n' ' ')
is "$got" "220 250 250 250 550 250 250 250 550 250 TLS 250 250 250 250 221 " \
    "each recipient is judged, through RSET, STARTTLS and several messages"
expect_rows "SELECT group_concat(messages || accepted || refused, ' then ')
    FROM (SELECT * FROM session WHERE id > (SELECT max(id) - 2 FROM session)
    ORDER BY id)" '122 then 110' "the rows of both parts count them all"

# ---- end ----
refute_log "$RUN/milter.log" 'error|private data|claimed' \
    "nor libmilter nor the milter has a complaint"
refute_log "$IN_LOG" 'Milter \(tlswarden\): .*(error|timeout|unsafe)' \
    "Sendmail has none"
milter_stop TERM
got=$(smtp "EHLO client.test" "MAIL FROM:<a@elsewhere.test>" QUIT)
like "$got" '^4[0-9][0-9] ' "without the milter mail waits (F=T)"
done_testing
