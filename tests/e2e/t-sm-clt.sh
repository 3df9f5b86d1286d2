#!/bin/bash
# tlswarden: inbound mail through Sendmail without the milter: the feature with
# its argument `inbound' asks policyd about each recipient (key clt).
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

warden_make in <<< ''
fp=$(openssl x509 -in "$RUN/pki/client-other.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//')
sql "INSERT INTO ca(name, pem) VALUES
    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT)),
    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
    INSERT INTO policy(direction,sender,recipient,subnet,level,on_failure)
    VALUES
    ('in','bank.test','*',NULL,'encrypt','fail'),
    ('in','soft.test','*',NULL,'encrypt','tempfail'),
    ('in','*','audit@us.test',NULL,'encrypt','fail'),
    ('in','*','*','127.0.0.5','encrypt','fail'),
    ('in','<>','null@us.test',NULL,'encrypt','fail');
    INSERT INTO policy(direction,sender,level,on_failure,ca,cert_name,
	min_protocol,min_bits,cert_fingerprint) VALUES
    ('in','secure.test','secure','fail',NULL,NULL,NULL,NULL,NULL),
    ('in','cagood.test','secure','fail','Good',NULL,NULL,NULL,NULL),
    ('in','casecond.test','secure','tempfail','Second',NULL,NULL,NULL,NULL),
    ('in','name.test','secure','fail',NULL,'out.partner.test',NULL,NULL,NULL),
    ('in','glob.test','secure','fail',NULL,'/O=Partner/*',NULL,NULL,NULL),
    ('in','other.test','secure','fail',NULL,'out.other.test',NULL,NULL,NULL),
    ('in','tls13.test','encrypt','fail',NULL,NULL,'TLSv1.3',NULL,NULL),
    ('in','bits.test','encrypt','fail',NULL,NULL,NULL,256,NULL),
    ('in','pin.test','encrypt','fail',NULL,NULL,NULL,NULL,'$fp')"

# SENDER | RECIPIENT | smtp.py options, `-': no STARTTLS | reply | what
cases()
{
	local good='--cert client-good' other='--cert client-other'
	local no='not encrypted; enable STARTTLS on your outbound server'

	cat <<-ROWS
	a@bank.test|b|-|550 5.7.10 .*rule 1 for mail from bank.test: .*$no|\
encrypt: plaintext
	a@bank.test|b||250 2.1.5|encrypt: STARTTLS
	a@soft.test|b|-|451 4.7.10 .*rule 2 .*$no|tempfail
	a@free.test|b|-|250 2.1.5|no rule
	a@free.test|audit|-|550 5.7.10 .*rule 3 for mail to us.test|a recipient
	a@free.test|b|--from 127.0.0.5 -|550 5.7.10 .*rule 4 |a subnet
	|null|-|550 5.7.10 .*rule 5 |the null sender
	|b|-|250 2.1.5|the null sender to another
	"a b"@bank.test|b|-|550 5.7.10 .*rule 1 |a quoted sender
	"a><b"@bank.test|b|-|550 5.7.10 .*rule 1 |one that brings brackets
	a@secure.test|b|$good|250 2.1.5|secure
	a@secure.test|b||550 5.7.5 .*rule 6 .*no client certificate|secure: none
	a@secure.test|b|$other|550 5.7.5 .*rule 6 .*verify FAIL|untrusted
	a@cagood.test|b|$good|250 2.1.5|ca
	a@casecond.test|b|$good|451 4.7.5 .*rule 8 |ca: another
	a@name.test|b|$good|250 2.1.5|cert_name: the CN
	a@glob.test|b|$good|250 2.1.5|cert_name: a glob over the DN
	a@other.test|b|$good|550 5.7.5 .*rule 11 |cert_name: another
	a@tls13.test|b|--max TLSv1.2|550 5.7.6 .*rule 12 |min_protocol
	a@tls13.test|b||250 2.1.5|min_protocol: TLS 1.3
	a@bits.test|b||250 2.1.5|min_bits: 256 bits
	a@pin.test|b|$other|250 2.1.5|a pin
	a@pin.test|b|$good|550 5.7.5 .*rule 14 |a pin: another certificate
	ROWS
}

sendmail_make in <<MC
define(\`confDELIVERY_MODE', \`q')dnl
define(\`confCERT_FINGERPRINT_ALGORITHM', \`sha256')dnl
define(\`confCIPHER_LIST', \`ALL:@SECLEVEL=0')dnl
define(\`confSERVER_SSL_OPTIONS', \`')dnl
FEATURE(\`tlswarden', \`unix:$SOCKET', \`inbound')dnl
FEATURE(\`mailertable', \`text -o $RUN/in/etc/mailertable')dnl
RELAY_DOMAIN(\`us.test')dnl
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
MAILER(\`smtp')dnl
MC
echo 'us.test esmtp:[127.9.9.9]' > "$RUN/in/etc/mailertable"
# There is no Postfix in this test but for its client postmap.
postfix_make in lab.test < /dev/null > /dev/null 2>&1
policyd_start
sendmail_start in

while IFS='|' read -r from to options reply what; do
	tls=(starttls "EHLO client.test")
	[[ $options != *- ]] || tls=()
	read -r -a smtp_options <<< "${options%-}"
	got=$(smtp "EHLO client.test" "${tls[@]}" "MAIL FROM:<$from>" \
	    "RCPT TO:<$to@us.test>" < /dev/null | tail -n 1)
	like "$got" "^$reply" "$what"
done < <(cases)
smtp_options=()

sql "INSERT INTO policy(direction,sender,level,on_failure) VALUES
    ('in','changed.test','encrypt','fail')"
sleep 1
like "$(smtp "EHLO client.test" "MAIL FROM:<a@changed.test>" \
    "RCPT TO:<b@us.test>" | tail -n 1)" '^550 5.7.10' "a change is served"
policyd_stop KILL
like "$(smtp "EHLO client.test" "MAIL FROM:<a@free.test>" \
    "RCPT TO:<b@us.test>" | tail -n 1)" \
    '^451 4.7.5 .*TLS policy cannot be asked' "policyd is dead: mail waits"
rm "$SOCKET"
like "$(smtp "EHLO client.test" < /dev/null | head -n 1)" '^451' \
    "its socket is gone: Sendmail greets with 451, and mail waits, too"
done_testing
