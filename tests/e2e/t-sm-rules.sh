#!/bin/bash
# tlswarden: the rulesets of tlswarden.m4 in `sendmail -bt` against policyd:
# what each set of facts leaves in the workspace, hostile facts, and a policyd
# that is down, slow or talks nonsense: whatever is no clear yes has to wait.
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

rules()
{
	local col=direction,recipient,level,on_failure
	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT));
	    INSERT INTO policy(id,$col,ca,cert_name,min_protocol,min_bits)
	    VALUES
	    (1,'out','enc.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (2,'out','soft.test','encrypt','tempfail',NULL,NULL,NULL,NULL),
	    (3,'out','sec.test','secure','fail',NULL,NULL,NULL,NULL),
	    (4,'out','ca.test','secure','fail','Good',NULL,NULL,NULL),
	    (5,'out','name.test','secure','fail',NULL,'a.test:.b.test',NULL,
		NULL),
	    (6,'out','new.test','encrypt','fail',NULL,NULL,'TLSv1.3',NULL),
	    (7,'out','bits.test','encrypt','fail',NULL,NULL,NULL,256),
	    (8,'out','none.test','none','fail',NULL,NULL,NULL,NULL),
	    (9,'out','ceo@user.test','encrypt','fail',NULL,NULL,NULL,NULL),
	    (10,'out','test@enc.test','none','fail',NULL,NULL,NULL,NULL),
	    (11,'out','[relay.test]','encrypt','fail',NULL,NULL,NULL,NULL);
	    INSERT INTO policy(id,$col,subnet) VALUES
	    (12,'out','*','encrypt','fail','192.0.2.7/32'),
	    (13,'in','*','none','fail','127.0.0.7/32')"
}

# RECIPIENT-DOMAIN | VERIFY | facts | what is left | what it shows. Facts are
# divided by `;`, the recipient is a@DOMAIN where none says else; what is left
# is `pass`, the enhanced status, or a pattern.
facts()
{
	local g='tls_version=TLSv1.3;cipher_bits=256'

	cat <<-ROWS
	free.test|NONE||pass|no rule: plaintext
	free.test|FAIL|$g|pass|no rule: TLS
	enc.test|NO|$g|pass|encrypt
	enc.test|FAIL|$g|pass|encrypt: an untrusted certificate
	sec.test|OK|$g;cn_subject=mx.sec.test|pass|secure: the CN
	sec.test|OK|$g;cn_subject=x;+SEC.test|pass|secure: a name of several
	sec.test|OK|$g;cn_subject=x;+*.sec.test|pass|secure: a wildcard
	ca.test|OK|$g;cn_subject=ca.test;cert_issuer=/O=Test+20CA+20Good/CN=\
Test+20Root+20Good|pass|the CA
	name.test|OK|$g;cn_subject=a.test|pass|an agreed name
	name.test|OK|$g;cn_subject=x.b.test|pass|a parent domain
	new.test|OK|$g|pass|TLS 1.3
	bits.test|OK|$g|pass|256 bits
	enc.test|NONE|u=test@enc.test|pass|none for one user of a domain
	user.test|NONE|u=x@user.test|pass|a rule about another user
	enc.test|NONE||5.7.10|plaintext
	soft.test|NONE||4.7.10|plaintext, tempfail
	sec.test|NONE||5.7.10|secure: plaintext
	sec.test|FAIL|$g;cn_subject=sec.test;+sec.test|5.7.5|an untrusted one
	sec.test|NO|$g;cn_subject=sec.test|5.7.5|no certificate
	sec.test|NOT|$g|5.7.5|none asked for
	sec.test|OK|$g;cn_subject=x|5.7.5|another name
	sec.test|OK|$g;cn_subject=x;+x.test;+*.x.test;+asec.test|5.7.5|others
	sec.test|OK|$g;cn_subject=x;+sec.test.evil.test|5.7.5|a longer name
	sec.test|OK|$g;cn_subject=*|5.7.5|a bare star
	sec.test|OK|$g;cn_subject=|5.7.5|no name
	sec.test|OK|$g;cn_subject=BadCertificateContainsNUL|5.7.5|a NUL in it
	ca.test|OK|$g;cn_subject=ca.test;cert_issuer=/CN=Test+20Root+20Good\
|5.7.5|a CA of another name
	ca.test|OK|$g;cn_subject=ca.test;cert_issuer=|5.7.5|no issuer
	ca.test|TRUSTED|$g;cn_subject=ca.test;cert_issuer=/O=Test+20CA+20Good/\
CN=Test+20Root+20Good|5.7.5|by DANE: the issuer is only said
	sec.test|TRUSTED|$g;cn_subject=mx.sec.test|pass|by DANE
	sec.test|DANE_FAIL|$g;cn_subject=mx.sec.test|5.7.5|DANE says no
	name.test|OK|$g;cn_subject=b.test|5.7.5|the parent itself
	name.test|OK|$g;cn_subject=a.test+20|5.7.5|a blank behind the name
	name.test|OK|$g;cn_subject=a.test+00|5.7.5|a NUL behind the name
	new.test|OK|tls_version=TLSv1.2;cipher_bits=256|5.7.6|TLS 1.2
	new.test|OK|tls_version=TLSv1;cipher_bits=256|5.7.6|TLS 1.0
	bits.test|OK|tls_version=TLSv1.2;cipher_bits=128|5.7.6|128 bits
	user.test|NONE|u=ceo@user.test|5.7.10|a rule about this user
	user.test|NONE|u="ceo"@user.test|5.7.10|the same user, quoted
	user.test|NONE|u=CEO@User.Test|5.7.10|in other letters
	free.test|NONE|server_addr=192.0.2.7|5.7.10|a rule about the server
	free.test|NONE|h=[relay.test]|5.7.10|a rule about the next hop
	free.test|NONE|h=enc.test|5.7.10|a rule about the next hop's domain
	enc.test|NONE|h=free.test|5.7.10|the recipient's, by another next hop
	enc.test|NONE|h=enc.test.|5.7.10|a dot at the end
	enc.test|SOFTWARE||4.7.0|a failed handshake is never for ever
	enc.test|CLEAR||4.7.0|nor plaintext after one
	enc.test|NONE|Tlswarden_tried=ok|5.7.10|STARTTLS refused for ever
	enc.test|TEMP||4.7.0|nor STARTTLS refused for now
	enc.test|PROTOCOL||4.7.0|nor a wrong reply to it
	enc.test|CONFIG||4.7.0|nor our own trouble
	enc.test|FAILURE||4.7.0|nor what nobody knows
	enc.test|DANE_TEMP||4.7.0|nor a word of a later Sendmail
	enc.test|ok|$g|4.7.0|a word in other letters is none
	enc.test|OK|tls_version=TLSv9|pass|encrypt: a version of the future
	new.test|OK|tls_version=TLSv9;cipher_bits=256|4.7.0|which cannot be \
compared
	bits.test|OK|tls_version=TLSv1.3;cipher_bits=|4.7.0|strength unknown
	bits.test|OK|tls_version=TLSv1.3;cipher_bits=-1|4.7.0|a negative one
	free.test|SOFTWARE||4.7.0|no rule: Sendmail's own refusal stays
	ROWS
}

# What a server or its DNS may put into a macro. FACTS | what it shows
hostile()
{
	local x50=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx

	cat <<-ROWS
	server_name=(x)|a server's name that is a comment
	server_name=mx(|an open parenthesis
	server_name=mx)x|a closing one
	server_name=mx"|an open quote
	server_name=mx><1><1|brackets
	server_name=mx<|an open bracket
	server_name=mx\\\\|a backslash
	server_name=mx\$#ok|what looks like a ruleset's answer
	server_name=$x50$x50$x50$x50$x50$x50|a name of 300 bytes
	server_name=|no name
	server_addr=(x)|an address that is a comment
	server_addr=0|no address
	h=(x)|a next hop that is a comment
	h=|no next hop
	u=|no recipient
	u=(x)|a recipient that is a comment
	u=a@b@sec.test|two @ in a recipient
	u="a@free.test><free.test><mx><x"@sec.test|fields in a recipient
	u=a\\\\>b@sec.test|a bracket in a recipient
	cn_subject=(x)|a name that is a comment
	cn_subject=sec.test><|brackets in a name
	cn_subject=sec.test+0|a broken escape
	cn_subject=+ZZ|another
	cn_subject=sec.test+00|a NUL
	cn_subject=+F6+E4|8-bit letters
	cn_subject=100%s%n|signs of a format
	cn_subject=$x50$x50$x50$x50$x50$x50|a name of 300 bytes
	cert_issuer=(x)|an issuer that is a comment
	verify=OK<|brackets in the word
	ROWS
}

expected()
{
	local want=$1 verify=$2
	case $want in
	pass) echo "${verify:-}" ;;
	[45].*) printf '[$]# error [$]@ %s [$]: "%s5[014] .*' \
	    "${want//./ . }" "${want%%.*}" ;;
	*) echo "$want" ;;
	esac
}

# The facts of every connection; rows say what is different.
judge()
{
	local ruleset=$1 argument=$2 domain=$3 verify=$4
	shift 4
	sm_rules "$ruleset" "$argument" "u=a@$domain" "h=$domain" \
	    "server_name=mx.$domain" server_addr=192.0.2.1 \
	    "verify=$verify" "$@"
}

warden_make recv <<< 'log_level = "debug"'
postfix_make recv receiver.lab.test < /dev/null
rules
policyd_start
ORDERS=$RUN/orders
: > "$ORDERS"
install -d -m 0755 "$RUN/map"
daemon_start proxy python3 "$HERE/mapproxy.py" "$RUN/map/socket" "$SOCKET" \
    "$ORDERS"
wait_for "$WAIT_SECS" test -S "$RUN/map/socket" || bail "no proxy"
POLICYD_SOCKET=$SOCKET
SOCKET=$RUN/map/socket
sendmail_out < /dev/null
SOCKET=$POLICYD_SOCKET

# ---- facts ----
while IFS='|' read -r domain verify list want what; do
	IFS=';' read -r -a list <<< "$list"
	like "$(judge tls_server "$verify" "$domain" "$verify" "${list[@]}")" \
	    "^$(expected "$want" "$verify")\$" "$what" < /dev/null
done < <(facts)
like "$(judge try_tls mx.none.test none.test '')" '^\$# error ' \
    "try_tls: level none"
like "$(judge try_tls mx.enc.test enc.test '' u=test@enc.test)" \
    '^\$# error ' "try_tls: none for one user"
like "$(judge try_tls mx.none.test none.test '' u=a@enc.test)" \
    '^mx \. none \. test$' "try_tls: none, but the recipient's rule demands it"
like "$(sm_rules srv_features c.test client_addr=127.0.0.7)" '^\$# S$' \
    "srv_features: level none"
like "$(sm_rules srv_features c.test client_addr=127.0.0.8)" '^c \. test$' \
    "srv_features: another client"
like "$(sm_rules srv_features c.test client_addr=)" '^c \. test$' \
    "srv_features: no address"

# ---- hostile facts: never let through, never bounced ----
while IFS='|' read -r fact what; do
	got=$(judge tls_server OK sec.test OK tls_version=TLSv1.3 \
	    cipher_bits=256 cn_subject=x "$fact" < /dev/null)
	like "$got" '^\$# error \$@ [45] \. 7 \. [0-9]+ \$: "' "$what"
	got=$(judge tls_rcpt a@sec.test sec.test OK tls_version=TLSv1.3 \
	    cipher_bits=256 cn_subject=x "$fact" < /dev/null)
	case $fact in
	u=*) ;;
	*) like "$got" '^\$# error \$@ 4 \. 7 \. [0-9]+ \$: "' \
	    "tls_rcpt: $what" ;;
	esac
done < <(hostile)

# ---- answers that are none: what is not judged waits, TLS is tried ----
# ORDER of mapproxy.py | what it shows
answers()
{
	local long
	long=$(printf 'x%.0s' {1..300})

	cat <<-ROWS
	say TEMP busy|TEMP
	say TEMP|TEMP without a text
	say TIMEOUT|TIMEOUT
	say PERM no|PERM
	say NOTFOUND |not found
	say NOTFOUND|not found without a text
	say ok ok|a status in other letters
	say MAYBE ok|an unknown status
	say |nothing
	say OK |an empty value
	say OK okay|a longer word
	say OK ok ok|two words
	say OK no|the answer to another question
	say OK S|that to a third
	say OK <judged>|the feature's own word
	say OK (ok)|a comment
	say OK "ok"|a quoted word
	say OK $long|a word of 300 bytes
	say OK 5.7.1:"550 $long"|a text of 300 bytes
	say OK 5.7.1:|a code without text
	say OK 5.7:"550 x"|half a code
	say OK 2.0.0:"250 fine"|a code of success
	say OK 3.7.1:"354 go"|one of neither
	raw 2:ok,|a status without a value
	raw hello\\n|no netstring
	raw 5:OK ok;|no comma at its end
	raw 9999999:OK ok,|a reply that is too long
	raw 05OK ok,|no colon
	raw -5:OK ok,|a negative length
	cut 6:OK ok|a short one
	cut 5:OK ok|one without an end
	raw \\0\\xff|bytes
	close|a hangup
	ROWS
}

waits='^\$# error \$@ 4 \. 7 \. 5 \$: "451 4\.7\.5 TLS policy cannot be asked'
while IFS='|' read -r order what; do
	echo ". $order" > "$ORDERS"
	like "$(judge tls_server NONE free.test NONE)" "$waits" \
	    "tls_server, $what" < /dev/null
	like "$(judge tls_rcpt a@free.test free.test NONE)" "$waits" \
	    "tls_rcpt, $what" < /dev/null
	case $order in
	'say OK no') continue ;;
	esac
	like "$(judge try_tls mx.free.test free.test '')" \
	    '^mx \. free \. test$' "try_tls, $what" < /dev/null
	case $order in
	'say OK S') continue ;;
	esac
	like "$(sm_rules srv_features c.test client_addr=127.0.0.7)" \
	    '^c \. test$' "srv_features, $what" < /dev/null
done < <(answers)
echo ". hang" > "$ORDERS"
like "$(judge tls_server NONE free.test NONE)" "$waits" "no answer in 5 seconds"
echo ". slow 2" > "$ORDERS"
is "$(judge tls_server NONE free.test NONE)" NONE "an answer after 2 seconds"
: > "$ORDERS"
daemon_stop proxy
like "$(judge tls_server NONE free.test NONE)" "$waits" "nobody listens"
like "$(judge tls_rcpt a@free.test free.test NONE)" "$waits" "nor at RCPT"
rm -f "$RUN/map/socket"
like "$(judge tls_server NONE free.test NONE)" "$waits" "there is no socket"
like "$(judge try_tls mx.free.test free.test '')" '^mx \. free \. test$' \
    "TLS is tried"
done_testing
