#!/bin/bash
# tlswarden: client certificates of every kind at Sendmail with
# tlswarden-milter: only one that Sendmail verified counts, whatever stands in
# the others; names full of percent signs, quotes, NULs and 8-bit letters; every
# word of {verify}.
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

# client NAME SUBJECT [ISSUER [PURPOSE]]: issued by ISSUER, itself without.
client()
{
	local name=$1 subject=$2 issuer=${3:-} purpose=${4:-clientAuth}
	local by=(-key "$name.key" -x509)

	openssl ecparam -name prime256v1 -genkey -noout -out "$name.key" &&
	    openssl req -new -key "$name.key" -utf8 -subj "$subject" \
	    -out "$name.csr" || return 1
	if [ -n "$issuer" ]; then
		by=(-CA "$issuer.pem" -CAkey "$issuer.key")
	else
		by=(-signkey "$name.key")
	fi
	printf 'extendedKeyUsage=%s\n' "$purpose" > ext
	# Only the tests' clock is real: valid long enough for any run.
	openssl x509 -req -in "$name.csr" -days 3650 -extfile ext "${by[@]}" \
	    -out "$name.pem"
}

clients()
{
	local o
	o=$(printf 'o%.0s' {1..60})
	cd "$RUN/pki" || return 1
	client self /O=Partner/CN=out.partner.test &&
	client fakeca "/O=Test CA Good/CN=Test Root Good" &&
	client forged /O=Partner/CN=out.partner.test fakeca &&
	client other /O=Partner/CN=out.partner.test root-other &&
	client wrong /O=Partner/CN=in.partner.test root-good &&
	client server /O=Partner/CN=out.partner.test root-good serverAuth &&
	client alone /O=Partner/CN=out.partner.test int-good &&
	client percent '/O=Partner/CN=100%s%n%% sure' root-good &&
	client quotes '/O=Partner/CN=a"b<c>(d)\\\\e'"'f" root-good &&
	client slash '/O=Partner/CN=x\/CN=out.partner.test' root-good &&
	client german '/O=Partner/CN=Müller' root-good &&
	client nocn /O=Partner root-good &&
	client nothing / root-good &&
	client long "/O=Partner/OU=$o/OU=$o/OU=$o/OU=$o/CN=out.partner.test" \
	    root-good &&
	client blank '/O=Partner/CN=out.partner.testX' root-good &&
	odd nul blank 'testX' 'tes\x00X' &&
	odd nulend blank 'testX' 'test\x00' &&
	odd lines blank 'testX' 't\r\n25' &&
	odd bytes blank 'testX' '\xc3\xbc\x1b\x7f\x01' &&
	cat alone.pem int-good.pem > whole.pem && cp alone.key whole.key
	cd - > /dev/null || return 1
}

odd()
{
	python3 "$HERE/odd_cert.py" "$2" root-good "$1" "$3" "$4"
}

rules()
{
	local col=direction,sender,level,on_failure,ca,cert_name
	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT));
	    INSERT INTO policy(id,$col) VALUES
	    (1,'in','sec.test','secure','fail',NULL,NULL),
	    (2,'in','ca.test','secure','fail','Good',NULL),
	    (3,'in','name.test','secure','tempfail',NULL,'out.partner.test'),
	    (4,'in','dn.test','secure','fail',NULL,'/O=Partner*'),
	    (5,'in','enc.test','encrypt','fail',NULL,NULL),
	    (6,'in','percent.test','secure','fail',NULL,'100%s%n%% sure')"
}

# SENDER-DOMAIN | certificate or none | the reply's start | what it shows
cases()
{
	local no='550 5\.7\.5 Verified certificate required by policy rule'
	local other='another name than agreed'
	local soft='451 4\.7\.5 Certificate for out.partner.test required by'

	cat <<-ROWS
	sec|client-good|250 2\.1\.5|a good one
	sec|whole|250 2\.1\.5|with its intermediate
	name|client-good|250 2\.1\.5|the right name
	ca|client-good|250 2\.1\.5|of the right CA
	dn|client-good|250 2\.1\.5|the right DN
	percent|percent|250 2\.1\.5|a name with percent signs that is agreed
	sec|quotes|250 2\.1\.5|quotes and brackets in a verified one
	sec|nothing|250 2\.1\.5|no name at all, but verified
	enc|self|250 2\.1\.5|encrypt: self-signed
	enc|bytes|250 2\.1\.5|encrypt: bytes in the name
	enc|-|250 2\.1\.5|encrypt: none
	sec|-|550 5\.7\.5 .*rule 1 .*: no client certificate was|none
	sec|self|$no 1 .*\(verify FAIL\)|self-signed
	sec|client-expired|$no 1 .*\(verify FAIL\)|expired
	sec|other|$no 1 .*\(verify FAIL\)|of an unknown CA
	sec|forged|$no 1 .*\(verify FAIL\)|of a CA with a trusted one's name
	sec|server|$no 1 .*\(verify FAIL\)|for servers only
	sec|alone|$no 1 .*\(verify FAIL\)|without its intermediate
	ca|-|550 5\.7\.5 .*rule 2 .*: no client certificate was|ca: none
	ca|self|$no 2 |ca: self-signed
	ca|forged|$no 2 |ca: of a CA with its name
	ca|other|$no 2 |ca: of an unknown CA
	ca|whole|550 5\.7\.5 Certificate of CA Good .*rule 2 .*\(issuer /O=Test\
 CA Good/CN=Test Issuing Good\)|ca: of a CA below it, which Sendmail names
	name|self|451 4\.7\.5 Verified .*rule 3 |name: self-signed
	name|forged|451 4\.7\.5 Verified .*rule 3 |name: forged
	name|client-expired|451 4\.7\.5 Verified .*rule 3 |name: expired
	name|wrong|$soft .*$other \(subject /O=Partner/CN=in.partner|another
	name|percent|$soft .*$other \(subject /O=Partner/CN=100%s%n%% sure\);|\
percent signs arrive once
	name|quotes|$soft .*$other \(subject .*a.b<c>\(d\)|quotes and brackets
	name|slash|$soft .*$other \(subject |a CN that looks like two
	name|german|$soft .*$other \(subject .*M[\\\\]x|8-bit letters
	name|nocn|$soft .*$other \(subject /O=Partner\)|no CN
	name|nothing|$soft .*$other \(subject |no name
	name|nul|$soft .*$other |a NUL within
	name|nulend|$soft .*$other |a NUL at the end
	name|lines|$soft .*$other .*; use a certificate with the|line breaks
	name|bytes|$soft .*$other |bytes
	dn|self|$no 4 |DN: self-signed
	dn|forged|$no 4 |DN: forged
	dn|nothing|550 5\.7\.5 Certificate for /o=partner.*rule 4|DN: empty
	percent|client-good|550 5\.7\.5 Certificate for 100%s%n%% sure |\
percent signs of a rule arrive once
	ROWS
}

warden_make in <<< 'record_addresses = "full"
log_level = "debug"'
MILTER_SOCKET=$SPOOL_DIR/milter.sock
STATE_DB=$STATE_DIR/state.db
touch "$RUN/milter.log"
clients > "$RUN/clients.log" 2>&1 || bail "client certificates cannot be made"
rules
milter_start
# V: no certificate is asked for.
sendmail_make in <<MC
define(\`confDELIVERY_MODE', \`q')dnl
INPUT_MAIL_FILTER(\`tlswarden',
 \`S=unix:$MILTER_SOCKET, F=T, T=C:10s;S:5s;R:5s;E:10s')dnl
FEATURE(\`access_db', \`text -k0 -v1 -T<TMPF> -o $RUN/in/etc/access')dnl
FEATURE(\`mailertable', \`text -o $RUN/in/etc/mailertable')dnl
RELAY_DOMAIN(\`us.test')dnl
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl
MAILER(\`smtp')dnl
MC
echo 'us.test esmtp:[127.9.9.9]' > "$RUN/in/etc/mailertable"
printf 'Srv_Features:127.0.0.6\tV\n' > "$RUN/in/etc/access"
sendmail_start in
IN_LOG=$RUN/in.maillog

while IFS='|' read -r domain cert reply what; do
	smtp_options=(--cert "$cert")
	[ "$cert" != - ] || smtp_options=()
	expect_rcpt "$reply.*" "$what" "a@$domain.test" b@us.test \
	    "${STARTTLS[@]}" < /dev/null
done < <(cases)
smtp_options=(--cert client-good --from 127.0.0.6)
expect_rcpt '550 5\.7\.5 .*rule 1 .*: no client certificate was.*' \
    "none asked for, though there is one" a@sec.test b@us.test \
    "${STARTTLS[@]}"
expect_rows "SELECT verify FROM session ORDER BY id DESC LIMIT 1" NOT \
    "and the row says NOT"
smtp_options=(--cert long)
expect_rcpt '250 2\.1\.5 .*' \
    "a DN that Sendmail cuts: it tells the CN beside" a@name.test b@us.test \
    "${STARTTLS[@]}"
smtp_options=()
expect_rows "SELECT count(*) > 30, sum(verify = 'FAIL') > 10 FROM session" \
    '1\|1' "all sessions are recorded"
sendmail_stop in

# ---- the words of {verify}, by the protocol ----
# WORD | the reply's start
words()
{
	cat <<-ROWS
	OK|continue
	NO|550 5\.7\.5 .*no client certificate was presented
	NOT|550 5\.7\.5 .*no client certificate was presented
	NONE|550 5\.7\.5 Verified
	FAIL|550 5\.7\.5 Verified
	TEMP|550 5\.7\.5 Verified
	PROTOCOL|550 5\.7\.5 Verified
	SOFTWARE|550 5\.7\.5 Verified
	CONFIG|550 5\.7\.5 Verified
	CLEAR|550 5\.7\.5 Verified
	FAILURE|550 5\.7\.5 Verified
	TRUSTED|550 5\.7\.5 Verified
	DANE_FAIL|550 5\.7\.5 Verified
	ok|550 5\.7\.5 Verified
	OKAY|550 5\.7\.5 Verified
	OK OK|550 5\.7\.5 Verified
	 OK|550 5\.7\.5 Verified
	100%s|550 5\.7\.5 Verified .*\(verify 100%%s\)
	|550 5\.7\.5 Verified
	ROWS
}

names="{cert_subject}=/O=Partner/CN=out.partner.test {cn_subject}=out.partner"
names="$names.test {cert_issuer}=/O=Test+20CA+20Good/CN=Test+20Root+20Good"
while IFS='|' read -r word reply; do
	got=$(PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/milter.py" \
	    "$MILTER_SOCKET" <<-SCRIPT | tail -n 1
	negotiate
	macros C v=8.17.1.9
	connect c.test 192.0.2.1 4000
	macros M {tls_version}=TLSv1.3 {cipher_bits}=256 $names "{verify}=$word"
	mail <a@sec.test>
	rcpt <b@us.test>
	SCRIPT
	)
	like "$got" "^rcpt $reply" "{verify} \"$word\""
done < <(words)
refute_log "$RUN/milter.log" 'error|private data|claimed' \
    "nor libmilter nor the milter has a complaint"
done_testing
