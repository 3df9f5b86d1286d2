#!/bin/bash
# tlswarden: tlswarden-prober and policyd together, against real Postfix
# servers: what is due is probed, kept, told once, and reaches the bounce.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

PROBER=${PROBER:-$BUILD/prober/tlswarden-prober}
DESK=$RUN/prober.sock

# leaf NAME CA DAYS EXTENSION...: a key pair of a server, made now.
leaf()
{
	make_leaf "$@" || bail "cannot make a certificate"
}

make_leaf()
{
	local name=$1 ca=$2 days=$3
	shift 3
	printf '%s\n' "$@" "subjectAltName=DNS:mx.$name.test,DNS:*.$name.test" \
	    > "$RUN/$name.ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj "/CN=$name" -keyout "$RUN/pki/$name.key" \
	    -out "$RUN/$name.csr" 2> /dev/null &&
	openssl x509 -req -in "$RUN/$name.csr" -CA "$RUN/pki/$ca.pem" \
	    -CAkey "$RUN/pki/$ca.key" -days "$days" -set_serial 77 \
	    -extfile "$RUN/$name.ext" -out "$RUN/pki/$name.pem" 2> /dev/null
}

# peer NAME ADDRESS: one more smtpd with that key pair.
peer()
{
	zone_add "mx.$1.test A $2" "$1.test MX 10 mx.$1.test" \
	    "*.$1.test MX 10 mx.$1.test"
	postfix_service recv "$2:smtp inet n - n - - smtpd
 -o myhostname=mx.$1.test -o syslog_name=$1
 -o smtpd_tls_chain_files=$RUN/pki/$1.key,$RUN/pki/$1.pem"
}

prober_start()
{
	daemon_start prober "$PROBER" -c "$CONF"
}

state()
{
	sqlite3 -readonly -cmd '.timeout 5000' "$STATE_DIR/state.db" "$@"
}

# probed DOMAIN ERE: the last result, "verdict|class|fault".
probed()
{
	state "SELECT verdict, ifnull(class, ''), ifnull(fault, '') FROM probe
	    WHERE domain = '$1'" 2> /dev/null | grep -Eqx -- "$2"
}

expect_probed()
{
	if wait_for "${4:-$WAIT_SECS}" probed "$1" "$2"; then
		ok "$3"
	else
		not_ok "$3"
		diag "$1: $(state "SELECT * FROM probe WHERE domain = '$1'")"
		diag "$(tail -n 5 "$RUN/prober.log")"
	fi
}

# told EVENT DOMAIN: how often policyd said so.
told()
{
	grep -c "probe: $1 destination=$2 " "$RUN/policyd.log"
}

probed_at()
{
	state "SELECT max(at) FROM probe WHERE domain = '$1'"
}

# probed_since DOMAIN SECONDS: again, later than that.
probed_since()
{
	[ "$(probed_at "$1")" -gt "$2" ]
}

# A whole round later than now.
next_round()
{
	wait_for "$WAIT_SECS" probed_since "$1" "$(($(date +%s) + 1))"
}

dns_start
pki_start
receivers_zone
receivers_make
leaf soon root-good 10 extendedKeyUsage=serverAuth
leaf aia int-good 1000 extendedKeyUsage=serverAuth \
    'authorityInfoAccess=caIssuers;URI:http://127.0.0.1:80/int.der'
openssl x509 -in "$RUN/pki/int-good.pem" -outform DER -out "$RUN/int.der"
peer soon 127.1.0.40
peer aia 127.1.0.41
postfix_start recv
zone_add 'sender.lab.test MX 10 mx.good.test' 'hang.test A 127.1.0.50' \
    'moved.test MX 10 mx.good.test' 'moved.test MX 20 mx.chain.test'
daemon_start hang python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.1.0.50", 25))
s.listen()
keep = []
while True:
    keep.append(s.accept())'
daemon_start web python3 -m http.server 80 --bind 127.0.0.1 --directory "$RUN"
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send <<-CF
prober_listen = "unix:$DESK,mode=0660,group=daemon"
prober_user = "daemon"
probe_interval = "2s"
probe_parallel = 8
probe_timeout = "4s"
expiry_warn_days = 21
fetch_issuers = true
CF
sed -i 's/^[[:space:]]*probe = false/probe = true/' "$CONF"
pin=$(openssl x509 -in "$RUN/pki/soon.pem" -noout -fingerprint -sha256 |
    cut -d= -f2)
TLSWARDEN_SECOND=$RUN/pki/root-second.pem
tool ca import second "$TLSWARDEN_SECOND" > /dev/null ||
    bail "ca import does not work"
sql "
INSERT INTO policy (direction, recipient, level, on_failure, cert_name) VALUES
    ('out', 'good.test', 'secure', 'fail', 'hostname'),
    ('out', 'hard.untrusted.test', 'secure', 'fail', 'hostname'),
    ('out', 'aia.test', 'secure', 'fail', 'hostname');
INSERT INTO policy (direction, recipient, level, on_failure, min_protocol)
VALUES ('out', 'hard.tls11.test', 'encrypt', 'fail', 'TLSv1.2');
INSERT INTO policy (direction, recipient, level, cert_name, ca) VALUES
    ('out', 'second.test', 'secure', 'hostname', 'second'),
    ('out', 'notsecond.good.test', 'secure', 'hostname', 'second');
INSERT INTO policy (direction, recipient, level, cert_fingerprint) VALUES
    ('out', 'pin.soon.test', 'encrypt', '$pin');
INSERT INTO policy (direction, recipient, level) VALUES
    ('out', 'mend.plain.test', 'encrypt'),
    ('out', 'some@user.plain.test', 'encrypt'),
    ('out', 'soon.test', 'encrypt'),
    ('out', 'moved.test', 'encrypt'),
    ('out', 'hang.test', 'encrypt'),
    ('out', '[mx.good.test]:25', 'encrypt'),
    ('out', '.nobody.test', 'encrypt'),
    ('in', 'inbound.test', 'encrypt');
INSERT INTO policy (direction, recipient, level, subnet) VALUES
    ('out', 'sub.plain.test', 'encrypt', '127.1.0.2');
INSERT INTO policy (direction, recipient, level, mode) VALUES
    ('out', 'watched.plain.test', 'encrypt', 'monitor');
" || bail "the table refuses a rule of this test"
policyd_start
prober_start

# ---- what is probed, and how it is judged
expect_probed good.test 'ok[|][|]' "a good partner, by a rule of level secure"
expect_probed hard.untrusted.test 'fail\|issuer_unknown\|theirs' \
    "an untrusted one"
expect_probed hard.tls11.test 'fail\|legacy_protocol\|theirs' "an old one"
expect_probed mend.plain.test 'noverify\|no_starttls\|theirs' \
    "one without STARTTLS"
expect_probed second.test 'ok[|][|]' "by the rule's CA"
expect_probed notsecond.good.test 'fail\|[a-z_]+\|[a-z]+' \
    "the trust store does not count then"
expect_probed pin.soon.test 'ok[|][|]' "by a pin"
expect_probed user.plain.test 'noverify\|no_starttls\|theirs' \
    "the domain of an address"
expect_probed aia.test 'fail\|incomplete_chain\|theirs' \
    "fetch_issuers: the issuer was fetched, so it was not sent"
expect_probed hang.test 'noverify\|timeout\|path' "one that hangs"
is "$(state "SELECT host FROM probe WHERE domain = 'mx.good.test'")" \
    mx.good.test "a host with a port"
is "$(state "SELECT count(*) FROM probe WHERE domain LIKE '%nobody%'
    OR domain = 'inbound.test'")" 0 "nothing else"
is "$(state "SELECT rule = $(sql "SELECT id FROM policy
    WHERE recipient = 'hard.untrusted.test'") FROM probe
    WHERE domain = 'hard.untrusted.test'")" 1 "with the rule that won"
is "$(state "SELECT rule = $(sql "SELECT id FROM policy
    WHERE recipient = 'sub.plain.test'") FROM probe
    WHERE domain = 'sub.plain.test'")" 1 "a rule about a subnet, too"
is "$(state "SELECT rule FROM probe WHERE domain = 'watched.plain.test'")" '' \
    "a rule that watches judges nothing"
check "but its ledger is filled" wait_for 10 test -n "$(state "
    SELECT id FROM violation WHERE source = 'probe' AND mode = 'monitor'
    AND reason = 'no_starttls' AND nexthop = 'watched.plain.test'")"
is "$(state "SELECT json_extract(json, '\$.findings[0].class') FROM probe
    WHERE domain = 'hard.untrusted.test'")" issuer_unknown \
    "the whole result is kept"
is "$(state "SELECT count(*) > 0 FROM seen_chain
    WHERE host = 'mx.untrusted.test'")" 1 "and the chain as sent"

# ---- its own user, that may read nothing of ours
pid=$(daemon_pid prober)
is "$(stat -c %U "/proc/$pid")" daemon "it has its own user"
as_prober()
{
	setpriv --reuid daemon --regid daemon --clear-groups \
	    env PATH=/usr/bin:/bin "$@"
}
check "who may not read the table" \
    bash -c "! setpriv --reuid daemon --regid daemon --clear-groups cat '$DB'"
check "nor what is recorded" bash -c "! setpriv --reuid daemon \
    --regid daemon --clear-groups cat '$STATE_DIR/state.db'"

# ---- the bounce
mail_send u@hard.untrusted.test
mail_send u@hard.tls11.test
expect_bounced u@hard.untrusted.test \
    'dsn=5\.7\.5.*a probe found issuer_unknown: ' \
    "mail to the untrusted one: bounced with what was found"
expect_bounced u@hard.tls11.test \
    'dsn=5\.7\.5.*handshake failure; a probe found legacy_protocol: ' \
    "to the old one: bounced at once"

# ---- what is told, and that it is told once
words='destination=mend\.plain\.test server=mx\.plain\.test\[127\.1\.0\.2\]:25'
expect_log "$RUN/policyd.log" "probe: failing $words rule=[0-9]+ \
class=no_starttls fault=theirs was=new todo=" \
    "a server that fails is told"
expect_log "$RUN/policyd.log" "probe: expires destination=soon\.test .*days=9" \
    "a certificate that expires soon"
expect_log "$RUN/policyd.log" \
    "probe: pin-breaks destination=pin\.soon\.test .*cert_fingerprint" \
    "a pin that will break"
next_round mend.plain.test
next_round soon.test
is "$(told failing mend.plain.test) $(told expires soon.test) $(told \
    pin-breaks pin.soon.test) $(told failing good.test)" '1 1 1 0' \
    "each once, and nothing of the good one"
sed -i '/syslog_name=plain/{n;s/.*/ -o smtpd_tls_security_level=may/;}' \
    "$RUN/recv/etc/master.cf"
chain=$RUN/pki/good.key,$RUN/pki/good.pem
sed -i "/syslog_name=plain/a\\ -o smtpd_tls_chain_files=$chain" \
    "$RUN/recv/etc/master.cf"
postfix_reload recv
expect_log "$RUN/policyd.log" \
    'probe: recovered destination=mend\.plain\.test .*was=[a-z_]+' \
    "recovered, or failing in another way, is told" 30
sed -i '/^moved.test MX 20/d' "$RUN/zone"
zone_add 'moved.test MX 30 mx.second.test'
words='was="mx\.chain\.test mx\.good\.test" '
words+='now="mx\.good\.test mx\.second\.test"'
expect_log "$RUN/policyd.log" \
    "probe: mx-changed destination=moved\.test rule=[0-9]+ $words" \
    "a changed MX set is told" 30

# ---- life and death
daemon_stop prober KILL
last=$(probed_at good.test)
prober_start
check "killed and started: it goes on" \
    wait_for "$WAIT_SECS" probed_since good.test "$last"
policyd_stop TERM
n=$(told failing hang.test)
policyd_start
next_round good.test
check "policyd restarted: it comes back" probed_since good.test "$last"
is "$(told failing hang.test)" "$n" "and what was told is not told again"
sed -i 's/^probe = true/probe = false/' "$CONF"
tool reload > "$RUN/reload.txt" || diag "$(cat "$RUN/reload.txt")"
expect_log "$RUN/prober.log" 'reloaded' "tlswarden reload reaches it"
sleep 1
last=$(probed_at good.test)
sleep 3
is "$(probed_at good.test)" "$last" "probe = false: nothing is probed"
sed -i 's/^probe = false/probe = true/' "$CONF"
tool reload > "$RUN/reload.txt"
check "probe = true again: it is" \
    wait_for "$WAIT_SECS" probed_since good.test "$last"
log_mark "$RUN/prober.log"
sed -i 's/^probe_timeout/probe_timeoutt/' "$CONF"
kill -HUP "$(daemon_pid prober)"
expect_log "$RUN/prober.log" \
    'not reloaded, the old configuration stays.*probe_timeoutt' \
    "a faulty configuration changes nothing"
sed -i 's/^probe_timeoutt/probe_timeout/' "$CONF"

# ---- a prober that was taken over
daemon_stop prober TERM
is "$daemon_status" 0 "SIGTERM: it ends with 0"
install -m 0644 "$HERE/t-prober.py" "$RUN/hostile.py"
as_prober python3 "$RUN/hostile.py" "$DESK" > "$RUN/hostile.txt" 2>&1
sed 's/^/# /' "$RUN/hostile.txt"
like "$(tail -n 1 "$RUN/hostile.txt")" '^done$' \
    "a hostile prober: all of its tricks were tried"
is "$(grep -c '^TAKEN' "$RUN/hostile.txt")" 0 "and none was taken"
is "$(answer good.test)" 'secure match=hostname' "policyd answers on"
is "$(state "SELECT count(*) FROM probe WHERE class = 'revoked'
    OR domain LIKE 'evil%'")" 0 "nothing of it is kept"
prober_start
last=$(probed_at good.test)
check "and an honest one is served again" \
    wait_for "$WAIT_SECS" probed_since good.test "$last"
refute_log "$RUN/policyd.log" 'panic|assert' "no alarm in policyd's log"
daemon_stop prober TERM
policyd_stop TERM
is "$daemon_status" 0 "policyd ends with 0"
done_testing
