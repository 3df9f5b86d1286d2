#!/bin/bash
# tlswarden: outbound rules with a subnet through a real Postfix, by the MX
# addresses that tlswarden-policyd finds in DNS.
# SPDX-License-Identifier: BSD-2-Clause
#
# policyd has a resolver of its own here, so that DNS can fail for it alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

OURS=127.0.0.53

ours_start()
{
	daemon_start ours python3 "$HERE/dns.py" $OURS 53 "$RUN/zone"
	wait_for "$WAIT_SECS" port_bound /proc/net/udp 3500007F:0035 ||
	    bail "dns.py does not listen: $(cat "$RUN/ours.log")"
}

# mx DOMAIN HOST...: its MX records, the first is tried first.
mx()
{
	local domain=$1 n=0 host
	shift
	for host; do
		n=$((n + 10))
		zone_add "$domain MX $n $host"
	done
}

# IPv6: one server without TLS, one with.
six_make()
{
	ip -6 addr add fd00:1::2/64 dev lo nodad &&
	    ip -6 addr add fd00:2::3/64 dev lo nodad || return 1
	postfix_service recv "[fd00:1::2]:smtp inet n - n - - smtpd
 -o myhostname=mx.plain6.test -o smtpd_tls_security_level=none"
	postfix_service recv "[fd00:2::3]:smtp inet n - n - - smtpd
 -o myhostname=mx.out6.test -o smtpd_tls_security_level=none"
	zone_add 'mx.plain6.test AAAA fd00:1::2' 'mx.out6.test AAAA fd00:2::3'
	mx in6.test mx.plain6.test
	mx out6.test mx.out6.test
}

dns_start
ours_start
pki_start
receivers_zone
receivers_make
six=yes
six_make || six=
postfix_start recv

# twomx1 (127.1.0.15) and plain (127.1.0.2) have no TLS, good (127.1.0.1) and
# second (127.1.0.11) have it, untrusted (127.1.0.3) with a certificate of
# nobody's.
mx in.test mx1.twomx.test
mx out.test mx.plain.test
mx last.test mx.plain.test mx1.twomx.test
mx first.test mx1.twomx.test mx.plain.test
mx both.test mx1.twomx.test mx.good.test
mx fail.test mx.refuse.test
mx auth.test mx.untrusted.test
mx authtoo.test mx.good.test
mx off.test mx.tls12.test
mx halfoff.test mx.tls12.test mx.good.test
mx pref.test mx.plain.test
mx halfpref.test mx.plain.test mx2.twomx.test
mx exact.test mx1.twomx.test
mx move.test mx.plain.test
mx number.test 127.1.0.15
mx numberlast.test mx.good.test 127.1.0.15
mx number6.test mx.good.test ::1
mx wild.test "*.any.test" mx.good.test
zone_add 'bare.test A 127.1.0.15' 'alias.test CNAME in.test' \
    '*.any.test A 127.1.0.15' \
    'slow.test MX 10 mx1.twomx.test' '*.many.test MX 10 mx.good.test' \
    'wait.test MX 10 mx1.twomx.test' 'free.test MX 10 mx.plain.test'
sender_make <<-CF
inet_protocols = all
smtp_bind_address6 = ::1
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send <<-CF
dns_servers = {"$OURS"}
CF
sql "
INSERT INTO policy (id, direction, recipient, subnet, level, on_failure,
    priority) VALUES
    (1, 'out', 'exact.test', NULL, 'none', 'tempfail', 1),
    (2, 'out', 'halfpref.test', NULL, 'encrypt', 'tempfail', 50),
    (3, 'out', 'pref.test', NULL, 'encrypt', 'tempfail', 50),
    (10, 'out', '*', '127.1.0.15', 'encrypt', 'tempfail', 10),
    (11, 'out', '*', '127.1.0.9', 'encrypt', 'fail', 11),
    (12, 'out', '*', '127.1.0.3', 'secure', 'tempfail', 12),
    (13, 'out', '*', '127.1.0.6', 'none', 'tempfail', 13),
    (14, 'out', '*', '127.1.0.2', 'preferred', 'tempfail', 14),
    (15, 'out', '*', 'fd00:1::/64', 'encrypt', 'tempfail', 15),
    (16, 'out', '*', '::1', 'encrypt', 'tempfail', 16);
" || bail "the table refuses a rule of this test"
policyd_start
postfix_start send

cell Postfix out / by subnet
for domain in in out last first both bare alias auth authtoo off halfoff pref \
    halfpref exact number numberlast number6 wild in6 out6; do
	case $domain in
	*6) [ -n "$six" ] || continue ;;
	esac
	mail_send u@$domain.test
done
no_tls='dsn=4\.7\.4.*TLS required by policy rule'
expect_deferred u@in.test "$no_tls 10 for mail to in\.test" \
    "encrypt: the MX is in the subnet"
expect_sent u@out.test clear "... it is not"
expect_deferred u@last.test "$no_tls 10 for mail to last\.test" \
    "... the second MX is, the first one gets nothing in clear either"
expect_deferred u@first.test "$no_tls 10 for mail to first\.test" \
    "... the first MX is, the second one gets nothing in clear either"
expect_sent u@both.test tls "... the second MX has TLS" mx.good.test
expect_deferred u@bare.test "$no_tls 10" "... no MX, the domain's own address"
expect_deferred u@alias.test "$no_tls 10" "... an alias of the domain"
# Against RFC 5321 5.1, but Postfix takes it.
expect_deferred u@number.test "$no_tls 10" "... an address in the MX record"
expect_sent u@numberlast.test tls "... in the second: TLS is demanded" \
    mx.good.test
is "$(explained numberlast.test)" encrypt "... by the rule"
expect_sent u@number6.test tls "IPv6 in the MX record: so, too" mx.good.test
is "$(explained number6.test)" encrypt "... by the rule"
expect_sent u@wild.test tls "a wildcard in the MX record: so, too" mx.good.test
is "$(explained wild.test)" encrypt "... by the rule"
expect_deferred u@auth.test \
    'dsn=4\.7\.5.*Verified TLS required by policy rule 12' \
    "secure: the certificate is nobody's"
expect_sent u@authtoo.test tls "... another server"
expect_sent u@off.test clear "none: all addresses are in the subnet"
expect_sent u@halfoff.test tls "... not all are: TLS is not turned off"
expect_sent u@pref.test clear "preferred before encrypt: all are in it"
expect_sent u@halfpref.test tls "... not all are: the next rule demands TLS" \
    mx.twomx2.test
expect_sent u@exact.test clear "a better rule of the domain"
if [ -n "$six" ]; then
	expect_deferred u@in6.test "$no_tls 15" "IPv6 in the subnet"
	expect_sent u@out6.test clear "... and out of it"
fi
mail_send u@fail.test
expect_bounced u@fail.test \
    'dsn=5\.[0-9.]*, .*TLS required by policy rule 11 for mail to fail\.test' \
    "on_failure fail: bounced with rule and cause"
is "$(explained in.test)" encrypt "explain resolves, too"
is "$(explained last.test)" encrypt "... all MX"
is "$(explained halfoff.test)" NOTFOUND "... and says what policyd answers"

# ---- DNS changes --------------------------------------------------------
mail_send u@move.test
expect_sent u@move.test clear "before the MX moves"
sed -i '/^move.test /d' "$RUN/zone"
mx move.test mx1.twomx.test
sleep 6
mail_send v@move.test
expect_deferred v@move.test "$no_tls 10" \
    "the MX moved into the subnet: known when the TTL is over"

# ---- DNS is slow --------------------------------------------------------
cp "$RUN/zone" "$RUN/zone.ours"
daemon_stop ours KILL
zone=$RUN/zone.ours
daemon_start ours python3 "$HERE/dns.py" $OURS 53 "$zone"
wait_for "$WAIT_SECS" port_bound /proc/net/udp 3500007F:0035
echo 'slow.test DROP' >> "$zone"
begin=$(date +%s%N)
mail_send u@slow.test
for n in 1 2 3 4 5; do
	mail_send "u@$n.many.test"
done
for n in 1 2 3 4 5; do
	expect_sent "u@$n.many.test" tls "mail to others does not wait ($n)"
done
took=$((($(date +%s%N) - begin) / 1000000))
check "... in $took ms" test "$took" -lt 9000
expect_deferred u@slow.test 'dsn=4\.7\.5.*client TLS configuration problem' \
    "a domain whose DNS is slow: the mail waits"

# ---- DNS is down --------------------------------------------------------
daemon_stop ours KILL
mail_send u@wait.test
mail_send v@exact.test
mail_send u@free.test
expect_sent v@exact.test clear "DNS down: no subnet rule could decide"
expect_deferred u@wait.test 'dsn=4\.7\.5.*client TLS configuration problem' \
    "DNS down: a subnet rule could decide, the mail waits"
mail_send v@fail.test
expect_deferred v@fail.test 'dsn=4\.7\.5.*client TLS configuration problem' \
    "... also with on_failure fail"
expect_deferred u@free.test 'dsn=4\.7\.5.*client TLS configuration problem' \
    "... also where none would have won"
check "... and the log says why" \
    grep -q 'dns: not all addresses of wait\.test are known' "$RUN/policyd.log"

# ---- DNS is back --------------------------------------------------------
ours_start
sleep 6
mail_flush
expect_deferred u@wait.test "$no_tls 10" "DNS is back: judged by the rule"
expect_sent u@free.test clear "... and by none"

# ---- many at once -------------------------------------------------------
for n in $(seq 100 159); do
	mail_send "u@$n.many.test"
done
many_sent()
{
	[ "$(log_since "$RUN/send.maillog" |
	    grep -c 'to=<u@1[0-9][0-9].many.test>.*status=sent')" = 60 ]
}
check "60 domains at once: all mail is sent" wait_for 60 many_sent
daemon_stop policyd TERM
check "policyd ends well" grep -q 'stopping: SIGTERM' "$RUN/policyd.log"
done_testing
