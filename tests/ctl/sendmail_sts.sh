#!/bin/bash
# tlswarden: which answers of map sts Sendmail understands, by its test mode.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sendmail.inc.sh
. "$(dirname "$0")/sendmail.inc.sh"
sm_policyd
add() {
	"$program" -c "$conf" rule add --direction out "$@" >/dev/null 2>&1 ||
		bail "rule add $*"
}
long=
for i in {10..23}; do
	long+=server$i.partner.test:
done
add --recipient sec.test --level secure
add --recipient host.test --level secure --cert-name hostname
add --recipient dot.test --level secure --cert-name .good.test
add --recipient two.test --level secure --cert-name mx.bad.test:MX.good.test
add --recipient long.test --level secure --cert-name "mx.good.test:$long"x.test
add --recipient late.test --level secure --cert-name "$long"mx.good.test
add --recipient .sub.test --level secure --cert-name hostname
add --recipient enc.test --level encrypt
sleep 1.2
sm_cf "FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$socket')dnl" "FEATURE(sts)"

# sts SERVER NAMES ADDRESS: the verdict of STS_Check about a recipient when the
# server's certificate carries these names.
sts() {
	local name lines=
	for name in $2; do
		lines+=".C{cert_altnames}$name"$'\n'
	done
	sm_test ".D{server_name}$1
.D{verify}OK
.D{rcpt_addr}$3
${lines}STS_Check $3" | sed -n 's/^STS_Check //p' | tail -n 1
}

# SERVER | NAMES | RECIPIENT | what STS_Check returns | what it shows
while IFS='|' read -r server names rcpt want what; do
	out=$(sts "$server" "$names" "$rcpt") err=
	grep -Eq -- "$want" <<<"$out"
	verdict $? "$what"
done <<ROWS
mx.sec.test|mx.sec.test|a@sec.test|^ok|a server below the next hop
sec.test|sec.test|a@sec.test|^ok|the next hop itself
mx.sec.test|sec.test|a@sec.test|error .* not listed in SANs|the next hop's \
name is not enough: the server's counts
mx.sec.test|mx.sec.test|A@SEC.test|^ok|case does not count
a.mx.sec.test|a.mx.sec.test|a@sec.test|error .* not found in|two labels below
mx.evil.test|mx.evil.test|a@sec.test|error .* not found in|another server
mx.sec.test|mx.evil.test|a@sec.test|error .* not listed|another certificate
mx.sec.test||a@sec.test|error .* not listed|no names
mx.any.test|mx.any.test|a@host.test|^ok|cert_name hostname: any server
mx.any.test|other.test|a@host.test|error .* not listed|with its own name
mx.good.test|mx.good.test|a@dot.test|^ok|cert_name .parent
good.test|good.test|a@dot.test|error .* not found in|not the parent itself
mx.good.test|mx.good.test|a@two.test|^ok|one of two names
mx.good.test|*.good.test|a@two.test|error .* not listed|a wildcard in the \
certificate is not accepted by Sendmail
mx.good.test|*.good.test|a@host.test|error .* not listed|not for hostname, too
mx.good.test|*.good.test|a@dot.test|error .* not listed|nor for .parent
mx.good.test|mx.good.test|a@long.test|^ok|a long list
mx.good.test|mx.good.test|a@late.test|^ok|a short name that still fits
server23.partner.test|server23.partner.test|a@late.test|error .* not found in|\
a name that does not fit waits
server1.partner.test|server1.partner.test|a@late.test|error .* not found in|\
no half a name is taken for one
mx.a.sub.test|mx.a.sub.test|a@a.sub.test|^ok|a rule about subdomains
mx.any.test||a@enc.test|^ok|level encrypt is nothing for sts
mx.any.test||a@free.test|^ok|no rule
ROWS

# What sends the server's name in the handshake (SNI).
out=$(sm_test ".D{server_name}mx.sec.test
.D{rcpt_addr}a@sec.test
Set_SNI x")
out_has '^Set_SNI sts=secure ; servername=hostname$' "servername=hostname"
out=$(sm_test ".D{server_name}mx.sec.test
.D{rcpt_addr}a@late.test
Set_SNI x")
out_has '^Set_SNI sts=secure ; servername=hostname$' "with a long list, too"
# What demands a verified chain.
out=$(sm_test ".D{server_name}mx.sec.test
.D{rcpt_addr}a@sec.test
.D{verify}FAIL
STS_secure FAIL
.D{verify}OK
.D{cipher_bits}256
STS_secure OK")
out_has '^STS_secure \$# error .* authentication failed' \
	"a chain that is not verified waits"
out_has '^STS_secure OK' "a verified one does not"
sm_cf "FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$socket',
	\`NO_SAN_TST')dnl" "NO_SAN_TST"
out=$(sts mx.good.test '*.good.test' a@two.test)
out_lacks 'error' "NO_SAN_TST leaves wildcards to the feature tlswarden"
out=$(sts mx.evil.test '*.evil.test' a@two.test)
out_has 'error .* not found in' "and the list still counts"
sm_policyd_stop
out=$(sts mx.sec.test mx.sec.test a@sec.test)
out_has 'error \$@ 4 \. 7 \. 0 .* STS lookup temp fail' \
	"policyd is down: mail waits"

finish
