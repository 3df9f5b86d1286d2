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
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
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
		'$(fingerprint client-good)')"
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
cell
refute_log "$IN_LOG" 'warning: .*(milter|policy)' "Postfix has no complaint"
done_testing
