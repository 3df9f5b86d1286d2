#!/bin/bash
# tlswarden: what no sane MTA says to tlswarden-milter: odd orders, broken and
# endless frames, macros full of percent signs, control characters and 8-bit
# bytes. It judges on, a doubt is never let through.
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

mta()
{
	PYTHONDONTWRITEBYTECODE=1 timeout 60 python3 "$HERE/milter.py" \
	    "$MILTER_SOCKET" 2>&1
}

# says DESC ERE LINE...: what comes last is that.
says()
{
	local desc=$1 ere=$2 got
	shift 2
	got=$(printf '%s\n' 'patience 3' "$@" | mta | tail -n 1)
	like "$got" "$ere" "$desc"
}

# A whole session, as a check that all is well.
lives()
{
	says "$1" '^rcpt 550 5\.7\.10 TLS required by policy rule 1 ' \
	    negotiate "macros C v='Postfix 3.7.11'" \
	    'connect c.test 192.0.2.1 4000' 'helo c' 'mail <a@bank.test>' \
	    'rcpt <b@us.test>'
}

warden_make in <<< 'record_addresses = "full"'
MILTER_SOCKET=$SPOOL_DIR/milter.sock
STATE_DB=$STATE_DIR/state.db
sql "INSERT INTO policy(direction, sender, level, on_failure, cert_name) VALUES
    ('in', 'bank.test', 'encrypt', 'fail', NULL),
    ('in', 'named.test', 'secure', 'fail', 'out.named.test'),
    ('in', 'soft.test', 'encrypt', 'tempfail', NULL)"
touch "$RUN/milter.log"
milter_start
pid=$(daemon_pid milter)
NEW=(negotiate 'connect c.test 192.0.2.1 4000' 'helo c')
TLS="{tls_version}=TLSv1.3 {cipher_bits}=256"

# ---- orders ----
lives "a whole session"
says "RCPT without MAIL: libmilter answers nothing" '^rcpt silence$' \
    "${NEW[@]}" 'rcpt <b@us.test>'
says "MAIL without CONNECT and HELO" '^rcpt 550 5\.7\.10 ' negotiate \
    'mail <a@bank.test>' 'rcpt <b@us.test>'
says "two MAILs: the second counts" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    'mail <a@x.test>' 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "RCPT after RSET belongs to no sender" '^rcpt continue$' "${NEW[@]}" \
    'mail <a@bank.test>' abort 'mail <>' 'rcpt <b@us.test>'
says "end of message before all: the same" '^eom silence$' "${NEW[@]}" eom
says "a hundred RSETs" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    "$(yes abort | head -n 100)" 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "CONNECT twice" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    'connect d.test 192.0.2.2 1' 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "a connection kept for a second session" '^rcpt 4[0-9. ]+' "${NEW[@]}" \
    'mail <a@x.test>' 'rcpt <b@us.test>' abort quitnc \
    'connect e.test 192.0.2.3 4' 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "no negotiation: unknown, so not let through" '^rcpt 451 4\.7\.0 ' \
    'connect c.test 192.0.2.1 4000' 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "an MTA without macro lists: unknown" '^rcpt 451 4\.7\.0 ' \
    'negotiate 0x3f 0x1fffff' 'connect c.test 192.0.2.1 4000' \
    'mail <a@bank.test>' 'rcpt <b@us.test>'
says "which names TLS nevertheless: good" '^rcpt continue$' \
    'negotiate 0x3f 0x1fffff' 'connect c.test 192.0.2.1 4000' \
    "macros M $TLS" 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "an old MTA that must send all steps" '^rcpt 550 5\.7\.10 ' \
    'negotiate 0x1ff 0x7f' 'connect c.test 192.0.2.1 4000' \
    'mail <a@bank.test>' 'rcpt <b@us.test>'
lives "after odd orders"

# ---- frames ----
says "no frame at all" '^hangup closed$' \
    'raw GET\x20/\x20HTTP/1.0\r\n\r\n' hangup
says "a frame of 4 GB" '^hangup closed$' 'raw \xff\xff\xff\xffM' hangup
says "a frame of nothing" '^hangup (closed|silence)$' 'raw \0\0\0\0' hangup
says "an unknown command" '^frame closed$' negotiate 'frame ~ x'
says "an address family of its own" '^frame closed$' negotiate \
    'frame C x\0Z\0\1a\0'
says "an address that is none" '^connect closed$' negotiate \
    'connect c.test unknown 1'
says "MAIL without an argument" '^frame closed$' "${NEW[@]}" 'frame M'
says "MAIL without its NUL" '^frame closed$' "${NEW[@]}" 'frame M <a@b.test>'
for half in '\0' '\0\0\0\x09' '\0\0\0\x09M<a'; do
	printf '%s\n' "raw $half" close | mta
done
lives "after broken frames"

# ---- macros ----
says "percent signs and formats" \
    '^rcpt 550 5\.7\.5 .*\(subject /CN=100%%s%%n%%\)' \
    "${NEW[@]}" "macros M $TLS {verify}=OK {cert_subject}=/CN=100%s%n%" \
    'mail <a@named.test>' 'rcpt <b@us.test>'
says "line ends, escapes, 8 bit" \
    '^rcpt 550 5\.7\.5 [ -~]*\(subject /CN=a\\x0D\\x0A250 ok\\x1B\[31m\\xFF\)' \
    "${NEW[@]}" \
    "macros M $TLS {verify}=OK \
{cert_subject}='/CN=a\\r\\n250+20ok\\x1b[31m\\xff'" \
    'mail <a@named.test>' 'rcpt <b@us.test>'
big=$(printf 'x%.0s' {1..60000})
says "a name without end" '^rcpt 550 5\.7\.5 .{100,440}$' "${NEW[@]}" \
    "macros M $TLS {verify}=OK {cert_subject}=/CN=$big" \
    'mail <a@named.test>' 'rcpt <b@us.test>'
says "a cipher and a version without end" '^rcpt continue$' "${NEW[@]}" \
    "macros M {tls_version}=$big" 'mail <a@bank.test>' 'rcpt <b@us.test>'
says "a forged name, not verified" '^rcpt 550 5\.7\.5 ' "${NEW[@]}" \
    "macros M $TLS {verify}=FAIL {cert_subject}=/CN=out.named.test" \
    'mail <a@named.test>' 'rcpt <b@us.test>'
says "names from an MTA that nobody knows" '^rcpt 550 5\.7\.5 ' "${NEW[@]}" \
    "macros M $TLS {cert_subject}=out.named.test" \
    'mail <a@named.test>' 'rcpt <b@us.test>'
says "a name and no TLS" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    'macros M {verify}=OK {cert_subject}=/CN=out.named.test' \
    'mail <a@named.test>' 'rcpt <b@us.test>'
lives "after odd macros"

# ---- addresses ----
says "an address without end is no way around" '^rcpt 451 4\.7\.0 ' \
    "${NEW[@]}" "mail <$big@bank.test>" 'rcpt <b@us.test>'
says "nor one with control characters" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    'mail <a\x01\x7f@bank.test>' 'rcpt <b@us.test>'
says "nor one of broken UTF-8" '^rcpt 451 4\.7\.0 ' "${NEW[@]}" \
    'mail <a@b\xff.test>' 'rcpt <b@us.test>'
says "nor a recipient without end" '^rcpt 451 4\.7\.0 ' "${NEW[@]}" \
    'mail <a@x.test>' "rcpt <$big@us.test>"
says "quotes, route, spaces" '^rcpt 550 5\.7\.10 ' "${NEW[@]}" \
    "mail '<\"a b@c\"@bank.test>'" 'rcpt <b@us.test>'
says "three thousand recipients" '^eom continue$' "${NEW[@]}" \
    'mail <a@x.test>' "$(seq -f 'rcpt <b@d%g.test>' 3000)" eom
says "a name and HELO without end" '^rcpt 550 5\.7\.10 ' negotiate \
    "connect $big 192.0.2.1 1" "helo $big" 'mail <a@bank.test>' \
    'rcpt <b@us.test>'
lives "after odd addresses"

is "$(daemon_pid milter)" "$pid" "it is the same process"
check "that still runs" daemon_running milter
check "no line of its log holds a control character" \
    test -z "$(LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f-\xff]' \
    "$RUN/milter.log")"
expect_rows "SELECT count(*) FROM session WHERE helo GLOB
    '*[^ -~]*' OR cert_subject GLOB '*[^ -~]*' OR client_name GLOB '*[^ -~]*'" \
    0 "nor does a row"
expect_rows "SELECT max(length(text)) < 460, max(length(sender)) <= 1024
    FROM violation" '1\|1' "and texts have their bounds"
milter_stop TERM
is "$daemon_status" 0 "it ends well"
done_testing
