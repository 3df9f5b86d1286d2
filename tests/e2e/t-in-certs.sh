#!/bin/bash
# tlswarden: inbound demands on the session (protocol, strength) and on the
# client's certificate, through Postfix with tlswarden-milter and, by
# t-in-certs-delegation.sh, with policy delegation.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=inbound.sh
. "$(dirname "$0")/inbound.sh"
e2e_init "$0"

STARTTLS=("EHLO client.test" starttls "EHLO client.test")

rules()
{
	local col=direction,sender,level,on_failure,ca,cert_name,min_protocol
	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT)),
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT)),
	    ('Nameless', CAST(readfile('$RUN/pki/nameless.pem') AS TEXT)),
	    ('Twice', CAST(readfile('$RUN/pki/twice.pem') AS TEXT));
	    INSERT INTO policy($col,min_bits) VALUES
	    ('in','secure.test','secure','fail',NULL,NULL,NULL,NULL),
	    ('in','cagood.test','secure','fail','Good',NULL,NULL,NULL),
	    ('in','casecond.test','secure','tempfail','Second',NULL,NULL,NULL),
	    ('in','name.test','secure','fail',NULL,'a.test:out.partner.test',
		NULL,NULL),
	    ('in','glob.test','secure','fail',NULL,'*.partner.test',NULL,NULL),
	    ('in','parent.test','secure','fail',NULL,'.partner.test',NULL,
		NULL),
	    ('in','other.test','secure','fail',NULL,'out.other.test',NULL,
		NULL),
	    ('in','tls13.test','encrypt','fail',NULL,NULL,'TLSv1.3',NULL),
	    ('in','tls12.test','encrypt','fail',NULL,NULL,'TLSv1.2',NULL),
	    ('in','bits.test','encrypt','fail',NULL,NULL,NULL,256);
	    INSERT INTO policy(direction,sender,level,on_failure,
		cert_fingerprint) VALUES
	    ('in','pin.test','encrypt','fail','$(fingerprint client-other)'),
	    ('in','pinchain.test','secure','fail',
		'$(fingerprint client-good)');
	    INSERT INTO policy(direction,sender,recipient,subnet,level,
		on_failure,mode) VALUES
	    ('in','enc.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','soft.test','*',NULL,'encrypt','tempfail','enforce'),
	    ('in','free.test','*',NULL,'none','fail','enforce'),
	    ('in','likes.test','*',NULL,'preferred','fail','enforce'),
	    ('in','*','audit@us.test',NULL,'encrypt','fail','enforce'),
	    ('in','*','*','127.0.0.5','encrypt','fail','enforce'),
	    ('in','watched.test','*',NULL,'secure','fail','monitor'),
	    ('in','.enc.test','*',NULL,'encrypt','fail','enforce');
	    INSERT INTO policy(direction,sender,level,on_failure,ca) VALUES
	    ('in','canone.test','secure','fail','Nameless'),
	    ('in','catwo.test','secure','fail','Twice')"
}

# A trusted CA that is called so, and a client's certificate of it.
odd_ca()
{
	local ca=$RUN/pki/$1 client=$RUN/pki/client-$1
	local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

	openssl req -x509 "${key[@]}" -keyout "$ca.key" -out "$ca.pem" \
	    -subj "$2" -days 30 2> /dev/null ||
	    bail "openssl does not make the CA $1"
	openssl req -x509 "${key[@]}" -keyout "$client.key" \
	    -CA "$ca.pem" -CAkey "$ca.key" -out "$client.pem" \
	    -subj /CN=out.partner.test -days 30 2> /dev/null ||
	    bail "openssl does not make a client of $1"
	cat "$ca.pem" >> "$RUN/pki/trusted.pem"
}

fingerprint()
{
	openssl x509 -in "$RUN/pki/$1.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//'
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
	secure|$good|250 2.1.5|secure: a trusted certificate
	secure||$no 1 .*no verified certificate|secure: none
	secure|$other|$no 1 .*certificate|secure: untrusted
	secure|--cert client-expired|$no 1 .*certificate|secure: expired
	cagood|$good|250 2.1.5|ca: issued by it
	cagood||$no 2|ca: none
	cagood|$other|$no 2|ca: of another, untrusted CA
	casecond|$good|451 4.7.5 Certificate of CA Second required by policy \
rule 3 .*\(issuer Test Root Good\)|ca: trusted, but of another CA
	canone|--cert client-nameless|250 2.1.5|ca: one without a CN
	canone|$good|550 5.7.5 Certificate of CA Nameless .*rule 21 |ca: another
	catwo|--cert client-twice|250 2.1.5|ca: one of two CNs
	name|$good|250 2.1.5|cert_name: one of two
	glob|$good|250 2.1.5|cert_name: a glob
	parent|$good|250 2.1.5|cert_name: a parent domain
	other|$good|550 5.7.5 Certificate for out.other.test required by \
policy rule 7 .*\(subject out.partner.test\)|cert_name: another
	other||$no 7|cert_name: none
	tls13||250 2.1.5|min_protocol: TLS 1.3
	tls13|$tls12|550 5.7.6 TLSv1.3 $old 8 .*\(TLSv1.2\)|min_protocol: \
TLS 1.2 under 1.3
	tls12|$tls12|250 2.1.5|min_protocol: TLS 1.2 under 1.2
	tls12|--max TLSv1.1|550 5.7.6 TLSv1.2 $old 9 .*\(TLSv1.1\)|TLS 1.1
	tls12|--max TLSv1|550 5.7.6 TLSv1.2 $old 9 .*\(TLSv1\)|TLS 1.0
	enc|--max TLSv1|250 2.1.5|encrypt: TLS 1.0 will do
	enc|--max TLSv1.1|250 2.1.5|encrypt: TLS 1.1
	enc|$tls12 $other|250 2.1.5|encrypt: an untrusted certificate will do
	enc|$good|250 2.1.5|encrypt: TLS 1.3, a good certificate
	secure|--max TLSv1 $good|250 2.1.5|secure: TLS 1.0
	secure|$tls12 $good|250 2.1.5|secure: TLS 1.2
	tls13|--max TLSv1|550 5.7.6 TLSv1.3 $old 8 .*\(TLSv1\)|min_protocol: \
TLS 1.0 under 1.3
	bits||250 2.1.5|min_bits: 256 bits
	bits|$tls12 $aes256|250 2.1.5|min_bits: 256 bits with TLS 1.2
	bits|$tls12 $aes128|550 5.7.6 TLS with 256 bits required by policy \
rule 10 .*\(128 bits\)|min_bits: 128 bits
	ROWS
}

# Only delegation hears of fingerprints. Under the milter such a rule cannot be
# judged, and a doubt is not allowed through.
pins()
{
	local good='--cert client-good' other='--cert client-other'

	if [ "$HOW" = milter ]; then
		cat <<-ROWS
		pin|$other|451 4.7.0 .*policy rule 11 |a pin: cannot be judged
		pinchain|$good|451 4.7.0 .*policy rule 12 |a pin and a chain
		ROWS
		return
	fi
	cat <<-ROWS
	pin|$other|250 2.1.5|a pin alone decides: an untrusted certificate
	pin|$good|550 5.7.5 Pinned certificate required by policy rule \
11 .*not the pinned one|a pin: another certificate
	pin||550 5.7.5 .*policy rule 11 .*no client certificate|a pin: none
	pinchain|$good|250 2.1.5|a pin and a chain
	pinchain|$other|550 5.7.5 .*policy rule 12 |a chain that fails
	ROWS
}

# Who is judged, and how it ends.
# row of the matrix | clear or tls | client | sender | recipient | reply | what
judged()
{
	local no='550 5.7.10 TLS required by policy rule' ok='250 2.1.5'
	local me=127.0.0.1 fix='not encrypted; enable STARTTLS on your outbound'

	cat <<-ROWS
	level encrypt|clear|$me|a@enc.test|b|$no 13 |plaintext
	level encrypt|tls|$me|a@enc.test|b|$ok|by TLS
	level none|clear|$me|a@free.test|b|$ok|plaintext
	level none|tls|$me|a@free.test|b|$ok|by TLS
	level preferred|clear|$me|a@likes.test|b|$ok|plaintext
	level preferred|tls|$me|a@likes.test|b|$ok|by TLS
	by partner domain|clear|$me|A@ENC.Test|b|$no 13 |in capitals
	by partner domain|clear|$me|a@sub.enc.test|b|$no 20 |a subdomain
	by partner domain|clear|$me|a@notenc.test|b|$ok|another domain
	by address|clear|$me|a@x.test|audit|$no 17 |a recipient
	by address|clear|$me||audit|$no 17 |a recipient, null sender
	by address|clear|$me|a@x.test|other|$ok|another recipient
	by address|tls|$me|a@x.test|audit|$ok|a recipient, by TLS
	by subnet|clear|127.0.0.5|a@x.test|b|$no 18 |an address
	by subnet|tls|127.0.0.5|a@x.test|b|$ok|an address, by TLS
	by subnet|clear|127.0.0.6|a@x.test|b|$ok|another address
	temporarily fail|clear|$me|a@soft.test|b|451 4.7.10 TLS required by \
policy rule 14 |tempfail
	fail|clear|$me|a@enc.test|b|550 5.7.10 |fail
	cause and fix in the text|clear|$me|a@enc.test|b|$no 13 for mail \
from enc.test: this session is $fix server|the whole text
	monitor|clear|$me|a@watched.test|b|$ok|plaintext
	monitor|tls|$me|a@watched.test|b|$ok|without a certificate
	ROWS
}

# Delegation sees whether there was a certificate: by the fingerprint.
ways()
{
	if [ "$HOW" = delegation ]; then
		sed -E '/none$/s/550 [^|]*(rule [0-9]+)[^|]*/'\
'550 5.7.5 .*\1 .*no client certificate/'
	else
		cat
	fi
}

row_of()
{
	case $1 in
	enc) echo level encrypt ;;
	secure) echo level secure ;;
	ca*) echo check CA issuer ;;
	name | glob | parent | other) echo check subject ;;
	tls1*) echo min_protocol ;;
	bits) echo min_bits ;;
	pin*) echo fingerprint ;;
	*) bail "the domain $1 belongs to no row of the matrix" ;;
	esac
}

HOW=${HOW:-milter}
inbound_make "$HOW"
odd_ca nameless '/O=Nameless CA/OU=Trust'
odd_ca twice '/O=Two/CN=First name/CN=Second name'
rules
if [ "$HOW" = delegation ]; then
	policyd_start
else
	milter_start
fi
postfix_start in
while IFS='|' read -r domain options reply what; do
	cell "Postfix in / $(row_of "$domain")"
	read -r -a smtp_options <<< "$options"
	expect_rcpt "$reply.*" "$what" "a@$domain.test" b@us.test \
	    "${STARTTLS[@]}" < /dev/null
done < <(cases | ways; pins)
smtp_options=()
for domain in secure cagood tls13 bits; do
	cell "Postfix in / $(row_of "$domain")"
	expect_rcpt '550 5.7.10 .*required by policy rule .*not encrypted.*' \
	    "plaintext under $domain" "a@$domain.test" b@us.test < /dev/null
done
while IFS='|' read -r row how client from to reply what; do
	cell "Postfix in / $row"
	smtp_options=(--from "$client")
	before=()
	[ "$how" = clear ] || before=("${STARTTLS[@]}")
	expect_rcpt "$reply.*" "$what, $from to $to" "$from" "$to@us.test" \
	    "${before[@]}" < /dev/null
done < <(judged)
smtp_options=()
cell Postfix in / monitor
expect_rows "SELECT rule, mode, reason FROM violation WHERE mode = 'monitor'
    ORDER BY id" '19\|monitor\|no_tls.19\|monitor\|.*' "the ledger has both"
cell
refute_log "$IN_LOG" 'warning: .*(milter|policy)' "Postfix has no complaint"

# ---- it is not there ----------------------------------------------------
# No mail slips through, none is refused for ever.
cell Postfix in / temporarily fail
if [ "$HOW" = delegation ]; then
	policyd_stop TERM
else
	milter_stop KILL
fi
for from in a@enc.test a@anybody.test; do
	got=$(smtp "EHLO client.test" "MAIL FROM:<$from>" \
	    "RCPT TO:<b@us.test>" QUIT)
	like "$(grep -m 1 '^[45]' <<< "$got")" '^4' \
	    "the judge is not there: mail from $from waits"
done
if [ "$HOW" = delegation ]; then
	policyd_start
else
	milter_start
fi
expect_rcpt '250 2.1.5.*' "it is back: mail is taken" a@anybody.test b@us.test
expect_rcpt '550 5.7.10 .*' "and judged" a@enc.test b@us.test
done_testing
