#!/bin/bash
# tlswarden: outbound mail through Postfix and policyd, every level and
# criterion against every kind of peer: the delivery's result, Postfix's words,
# the queue, and at the receiver how it came, or that nothing ever came.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

# Texts of Postfix 3.7 (src/smtp/smtp_proto.c).
NOT_OFFERED='dsn=4\.7\.4.*TLS is required, but was not offered by host'
REFUSED='dsn=4\.7\.0.*TLS is required, but host mx.* refused to start TLS: 454'
UNVERIFIED='dsn=4\.7\.5.*Server certificate not verified'
HANDSHAKE='dsn=4\.7\.5.*Cannot start TLS: handshake failure'

# fingerprint NAME: of a certificate of the PKI; pin NAME: of its public key.
fingerprint()
{
	openssl x509 -in "$RUN/pki/$1.pem" -noout -fingerprint -sha256 |
	    cut -d = -f 2
}

pin()
{
	openssl x509 -in "$RUN/pki/$1.pem" -noout -pubkey |
	    openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1
}

# LABEL | PEER | columns of the rule for LABEL.PEER.test | fate | detail
# fate: clear, tls (detail: mail_trust, then an ERE of mail_via), kept (ERE)
# TLS 1.0 and 1.1 sign their keys by SHA-1: whatever the cipher list allows,
# Postfix with OpenSSL 3 ends the handshake when it is to verify the peer.
cases()
{
	local good bad=00 i
	local e=level=encrypt s=level=secure fp=cert_fingerprint
	good=$(fingerprint good)
	for ((i = 1; i < 32; i++)); do bad=$bad:00; done
	cat <<-CASES
	none|good|level=none|clear
	none|plain|level=none|clear
	none|expired|level=none|clear
	none|untrusted|level=none|clear
	none|wrongname|level=none|clear
	none|selfsigned|level=none|clear
	none|anon|level=none|clear
	none|tls10|level=none|clear
	none|tls13|level=none|clear
	may|good|level=preferred|tls|Trusted TLSv1.3
	may|plain|level=preferred|clear
	may|selfsigned|level=preferred|tls|Untrusted
	may|anon|level=preferred|tls|Anonymous
	may|tls10|level=preferred|tls|Trusted TLSv1
	may|tls11|level=preferred|tls|Trusted TLSv1.1
	may|tls12|level=preferred|tls|Trusted TLSv1.2
	may|tls13|level=preferred|tls|Trusted TLSv1.3
	may|refuse|level=preferred|clear
	may|untrusted|level=preferred|tls|Untrusted
	may|expired|level=preferred|tls|Untrusted
	may|wrongname|level=preferred|tls|Trusted
	enc|good|$e|tls|Trusted TLSv1.3
	enc|plain|$e|kept|$NOT_OFFERED
	enc|refuse|$e|kept|$REFUSED
	enc|untrusted|$e|tls|Untrusted
	enc|expired|$e|tls|Untrusted
	enc|wrongname|$e|tls|Trusted
	enc|selfsigned|$e|tls|Untrusted
	enc|anon|$e|tls|Anonymous
	enc|tls10|$e|tls|Trusted TLSv1
	enc|tls11|$e|tls|Trusted TLSv1.1
	enc|tls12|$e|tls|Trusted TLSv1.2
	enc|tls13|$e|tls|Trusted TLSv1.3
	enc|mixmx|$e|tls|Untrusted .* mx\.untrusted\.test
	enc|needcert|$e|kept|refused to talk to me: 421 4\.7\.1
	enc|twomx|$e|tls|Trusted .* mx\.twomx2\.test
	sec|good|$s|tls|Verified TLSv1.3
	sec|plain|$s|kept|$NOT_OFFERED
	sec|refuse|$s|kept|$REFUSED
	sec|untrusted|$s|kept|$UNVERIFIED
	sec|expired|$s|kept|$UNVERIFIED
	sec|wrongname|$s|kept|$UNVERIFIED
	sec|selfsigned|$s|kept|$UNVERIFIED
	sec|chain|$s|tls|Verified
	sec|incomplete|$s|kept|$UNVERIFIED
	sec|anon|$s|kept|$HANDSHAKE
	sec|tls10|$s|kept|$HANDSHAKE
	sec|tls11|$s|kept|$HANDSHAKE
	sec|tls12|$s|tls|Verified TLSv1.2
	sec|tls13|$s|tls|Verified TLSv1.3
	sec|mixmx|$s|tls|Verified .* mx\.good\.test
	sec|badmx|$s|kept|$UNVERIFIED
	sec|twomx|$s|tls|Verified .* mx\.twomx2\.test
	ca-good|good|$s ca=good|tls|Verified
	ca-second|good|$s ca=second|kept|$UNVERIFIED
	ca-second|second|$s ca=second|tls|Verified
	ca-other|untrusted|$s ca=other|tls|Verified
	ca-good|chain|$s ca=good|tls|Verified
	ca-int|chain|$s ca=int|tls|Verified
	ca-good|incomplete|$s ca=good|kept|$UNVERIFIED
	ca-good|expired|$s ca=good|kept|$UNVERIFIED
	ca-both|second|$s ca=both|tls|Verified
	name|good|$s cert_name=mx.good.test|tls|Verified
	name-parent|good|$s cert_name=.good.test|tls|Verified
	name-second|good|$s cert_name=no.test:mx.good.test|tls|Verified
	name-wrong|good|$s cert_name=mx.bad.test|kept|$UNVERIFIED
	name-other|wrongname|$s cert_name=elsewhere.test|tls|Verified
	name-host|good|$s cert_name=hostname|tls|Verified
	name-next|good|$s cert_name=nexthop|tls|Verified
	name-dot|good|$s cert_name=.nexthop|kept|$UNVERIFIED
	name-ca|untrusted|$s ca=other cert_name=mx.untrusted.test|tls|Verified
	name-ca-no|untrusted|$s ca=other cert_name=x.test|kept|$UNVERIFIED
	pin|good|$e $fp=$good|tls|Verified
	pin-key|good|$e $fp=$(pin good)|tls|Verified
	pin-bad|good|$e $fp=$bad|kept|$UNVERIFIED
	pin-any|good|$e $fp=$bad,$good|tls|Verified
	pin|expired|$e $fp=$(pin expired)|tls|Verified
	pin|selfsigned|$e $fp=$(pin selfsigned)|tls|Verified
	pin|tls13|$e $fp=$good|tls|Verified
	pin|tls11|$e $fp=$good|kept|$HANDSHAKE
	pin|plain|$e $fp=$good|kept|$NOT_OFFERED
	v10|tls10|$e min_protocol=TLSv1|tls|Trusted TLSv1
	v11|tls10|$e min_protocol=TLSv1.1|kept|$HANDSHAKE
	v12|tls10|$e min_protocol=TLSv1.2|kept|$HANDSHAKE
	v13|tls13|$e min_protocol=TLSv1.3|tls|Trusted TLSv1.3
	v11|tls11|$e min_protocol=TLSv1.1|tls|Trusted TLSv1.1
	v12|tls11|$e min_protocol=TLSv1.2|kept|$HANDSHAKE
	v12|tls12|$e min_protocol=TLSv1.2|tls|Trusted TLSv1.2
	v12|good|$e min_protocol=TLSv1.2|tls|Trusted TLSv1.3
	v13|tls12|$e min_protocol=TLSv1.3|kept|$HANDSHAKE
	v13|good|$e min_protocol=TLSv1.3|tls|Trusted TLSv1.3
	v12-sec|tls12|$s min_protocol=TLSv1.2|tls|Verified TLSv1.2
	v12-sec|tls11|$s min_protocol=TLSv1.2|kept|$HANDSHAKE
	v12|plain|$e min_protocol=TLSv1.2|kept|$NOT_OFFERED
	bits128|aes128|$e min_bits=128|tls|Trusted .* 128 mx
	bits256|aes128|$e min_bits=256|kept|$HANDSHAKE
	bits256|tls12|$e min_bits=256|tls|Trusted .* 256 mx
	bits256|good|$s min_bits=256|tls|Verified .* 256 mx
	bits256-sec|aes128|$s min_bits=256|kept|$HANDSHAKE
	bits256|plain|$e min_bits=256|kept|$NOT_OFFERED
	off|plain|$e enabled=0|clear
	watch|plain|$e mode=monitor|clear
	watch|untrusted|$s mode=monitor|tls|Untrusted
	over|plain|$e expires_at=2020-02-29|clear
	inbound|plain|$e direction=in|clear
	CASES
}

# The row of the matrix that a LABEL of the cases is about.
row_of()
{
	case $1 in
	none) echo "level none" ;;
	may) echo "level preferred" ;;
	enc) echo "level encrypt" ;;
	sec) echo "level secure" ;;
	ca-*) echo "check CA issuer" ;;
	name*) echo "check subject" ;;
	pin*) echo "fingerprint" ;;
	v1*) echo "min_protocol" ;;
	bits*) echo "min_bits" ;;
	watch) echo "monitor" ;;
	off | over | inbound) ;;
	*) bail "the label $1 belongs to no row of the matrix" ;;
	esac
}

# insert RECIPIENT COLUMN=VALUE...: blanks in a value are written as commas.
insert()
{
	local recipient=$1 names=recipient values direction=out pair
	shift
	values="'$recipient'"
	for pair; do
		case $pair in
		direction=*) direction=${pair#*=} ;;
		*)
			names=$names,${pair%%=*}
			values="$values,'$(tr , ' ' <<< "${pair#*=}")'"
		esac
	done
	echo "INSERT INTO policy (direction,$names)" \
	    "VALUES ('$direction',$values);"
}

insert_ca()
{
	echo "INSERT INTO ca (name, pem) VALUES ('$1', '$(cat "${@:2}")');"
}

# shellcheck disable=SC2086 # a rule is several columns
all_rules()
{
	local label peer rule
	insert_ca good "$RUN/pki/root-good.pem"
	insert_ca second "$RUN/pki/root-second.pem"
	insert_ca other "$RUN/pki/root-other.pem"
	insert_ca int "$RUN/pki/int-good.pem"
	insert_ca both "$RUN/pki/root-good.pem" "$RUN/pki/root-second.pem"
	while IFS='|' read -r label peer rule _; do
		insert "$label.$peer.test" $rule
	done < <(cases)
	# Which rule wins: the lower priority, then the closer pattern.
	insert .par.plain.test level=encrypt
	insert ok.par.plain.test level=none
	insert '*-bank.plain.test' level=encrypt
	insert first.plain.test level=none priority=50
	insert first.plain.test level=encrypt priority=10
	# Next hops as written, and literals by subnet.
	insert '[mx.plain.test]' level=encrypt
	insert '[mx.plain.test]:25' level=encrypt
	insert par.plain.test level=encrypt
	insert '*' level=encrypt subnet=127.1.0.14/31
	insert '*' level=encrypt subnet=fd00:1::/64
	# tafile= in a chroot
	insert '[127.1.0.3]:25' level=secure ca=other \
	    cert_name=mx.untrusted.test priority=1
	insert '[127.1.0.1]:25' level=secure ca=second
	# next hops that are addresses: any word of cert_name suffices
	insert '[127.1.0.5]' level=secure cert_name=hostname:elsewhere.test
	insert '[127.1.0.5]:25' level=secure cert_name=hostname
	insert '[127.1.0.20]' level=secure cert_name=nexthop:.nexthop
	insert '[127.1.0.20]:25' level=secure cert_name=hostname:nexthop
	insert '[127.1.0.6]' level=secure
	insert '[IPv6:fd00:1::4]' level=secure cert_name=.nexthop:nexthop
}

other_mail()
{
	grep -vF "$without" <<-'MAIL'
	u@a.par.plain.test kept
	u@b.a.par.plain.test kept
	u@ok.par.plain.test clear
	u@big-bank.plain.test kept
	u@bank.plain.test clear
	u@first.plain.test kept
	u@norule.plain.test clear
	u@norule.good.test tls
	u@written.lab.test kept
	u@service.lab.test kept
	u@service2.lab.test kept
	u@literal.lab.test kept
	u@literal-tls.lab.test tls
	u@literal-none.lab.test clear
	u@name.addr.test tls
	u@noname.addr.test kept
	u@next.addr.test tls
	u@host.addr.test tls
	u@default.addr.test kept
	u@addr.lab6.test tls
	u@a.lab6.test kept
	u@tag.lab6.test kept
	u@tls.lab6.test tls
	u@jail.lab.test tls
	u@jail-no.lab.test kept
	MAIL
}

# Peers without TLS, with it, with a certificate for the address.
ipv6_peers()
{
	postfix_service recv "[fd00:1::2]:smtp inet n - n - - smtpd
 -o myhostname=mx.plain.test -o smtpd_tls_security_level=none"
	postfix_service recv "[fd00:1::3]:smtp inet n - n - - smtpd
 -o myhostname=mx.untrusted.test
 -o smtpd_tls_chain_files=$RUN/pki/untrusted.key,$RUN/pki/untrusted.pem"
	postfix_service recv "[fd00:1::4]:smtp inet n - n - - smtpd
 -o myhostname=mx.address.test
 -o smtpd_tls_chain_files=$RUN/pki/address.key,$RUN/pki/address.pem"
}

# expect RCPT FATE DETAIL DESC
expect()
{
	local rcpt=$1 fate=$2 detail=$3 desc=$4 trust via
	case $fate in
	kept) expect_deferred "$rcpt" "$detail" "$desc: kept" ;;
	clear) expect_sent "$rcpt" clear "$desc: in clear" ;;
	tls)
		read -r trust via <<< "$detail"
		expect_sent "$rcpt" tls "$desc: by TLS" "$via"
		[ -z "$trust" ] ||
		    is "$(mail_trust "$rcpt")" "$trust" "$desc: $trust" ;;
	esac
}

# Several MX: the first is not good enough, the second is, or no one is.
mixed_zone()
{
	local p
	for p in '' '*.'; do
		zone_add "${p}mixmx.test MX 10 mx.untrusted.test" \
		    "${p}mixmx.test MX 20 mx.good.test" \
		    "${p}badmx.test MX 10 mx.plain.test" \
		    "${p}badmx.test MX 20 mx.wrongname.test"
	done
}

dns_start
pki_start
receivers_zone
mixed_zone
receivers_make
without=lab6
if ip -6 addr add fd00:1::2/64 dev lo nodad &&
    ip -6 addr add fd00:1::3/64 dev lo nodad &&
    ip -6 addr add fd00:1::4/64 dev lo nodad; then
	ipv6_peers
	without=nothing
else
	diag "this kernel has no IPv6: its next hops are left out"
fi
postfix_start recv
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
transport_maps = inline:{ { written.lab.test = smtp:[mx.plain.test] }
    { service.lab.test = smtp:[mx.plain.test]:smtp }
    { service2.lab.test = smtp:par.plain.test:smtp }
    { literal.lab.test = smtp:[127.1.0.15] }
    { literal-tls.lab.test = smtp:[127.1.0.14]:25 }
    { literal-none.lab.test = smtp:[127.1.0.2] }
    { a.lab6.test = smtp:[fd00:1::2] }
    { tag.lab6.test = smtp:[IPv6:fd00:1:0::2]:25 }
    { tls.lab6.test = smtp:[fd00:1::3] }
    { addr.lab6.test = smtp:[fd00:1::4] }
    { name.addr.test = smtp:[127.1.0.5] }
    { noname.addr.test = smtp:[127.1.0.5]:25 }
    { next.addr.test = smtp:[127.1.0.20] }
    { host.addr.test = smtp:[127.1.0.20]:25 }
    { default.addr.test = smtp:[127.1.0.6] }
    { jail.lab.test = jail:[127.1.0.3]:25 }
    { jail-no.lab.test = jail:[127.1.0.1]:25 } }
CF
# The same smtp(8) chrooted to the queue directory.
postfix_service send "jail unix - - y - - smtp"
warden_make send < /dev/null
sql "$(all_rules)" || bail "the table refuses a rule of this test"
policyd_start
postfix_start send

while IFS='|' read -r label peer _; do
	mail_send "u@$label.$peer.test"
done < <(cases)
while read -r rcpt _; do
	mail_send "$rcpt"
done < <(other_mail)

while IFS='|' read -r label peer rule fate detail; do
	row=$(row_of "$label")
	cell "${row:+Postfix out / $row}"
	expect "u@$label.$peer.test" "$fate" "$detail" "$peer, $rule"
done < <(cases)
while read -r rcpt fate; do
	detail=
	case $rcpt in
	*addr.*) cell Postfix out / check subject ;;
	*@literal* | *lab6.test | *@jail*) cell Postfix out / by subnet ;;
	*) cell Postfix out / by partner domain ;;
	esac
	[ "$fate" != kept ] || detail="$NOT_OFFERED|$UNVERIFIED"
	expect "$rcpt" "$fate" "$detail" "$rcpt"
done < <(other_mail)

# A second try of everything that was kept ends like the first.
cell Postfix out / temporarily fail
mail_flush
kept=0 again=0
while IFS='|' read -r label peer _ fate detail; do
	[ "$fate" = kept ] || continue
	kept=$((kept + 1))
	if ! out=$(check_kept "u@$label.$peer.test" "$detail"); then
		diag "$out"
		continue
	fi
	again=$((again + 1))
done < <(cases)
is "$again" "$kept" "what was kept is kept at the next try too"
cell
refute_log "$RUN/policyd.log" '(error|warning)' "policyd had no trouble"
check "policyd runs to the end" daemon_running policyd
policyd_stop TERM
is "$daemon_status" 0 "policyd ends well"
done_testing
