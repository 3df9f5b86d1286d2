#!/bin/bash
# tlswarden: inbound mail through Postfix with tlswarden-milter: how TLS comes,
# who is judged by which rule, each reply, log line and recorded row.
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
NO_TLS='this session is not encrypted; enable STARTTLS on your outbound server'
LAST="SELECT tls, tls_version, messages, accepted, refused, refused_rule,
    refused_reason FROM session ORDER BY id DESC LIMIT 1"

rules()
{
	local col=direction,sender,recipient,subnet,level,on_failure,mode
	sql "DELETE FROM policy; DELETE FROM sqlite_sequence;
	    INSERT INTO policy($col) VALUES
	    ('in','bank.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','soft.test','*',NULL,'encrypt','tempfail','enforce'),
	    ('in','*','audit@us.test',NULL,'encrypt','fail','enforce'),
	    ('in','*','*','127.0.0.5','encrypt','fail','enforce'),
	    ('in','*','*','198.51.100.0/24','encrypt','fail','enforce'),
	    ('in','<>','bounces@us.test',NULL,'encrypt','fail','enforce'),
	    ('in','bücher.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','watched.test','*',NULL,'secure','fail','monitor'),
	    ('in','free.bank.test','*',NULL,'none','fail','enforce'),
	    ('in','.bank.test','*',NULL,'encrypt','fail','enforce'),
	    ('in','likes.test','*',NULL,'preferred','fail','enforce'),
	    ('in','*','*','2001:db8:5::/48','encrypt','fail','enforce')"
}

inbound_make milter
rules
milter_start
postfix_start in

refusal()
{
	echo "$1 TLS required by policy rule $2 for mail $3: $NO_TLS"
}

# ---- how TLS comes ----
cell Postfix in / fail
log_mark "$IN_LOG"
log_mark "$RUN/milter.log"
expect_rcpt "550 $(refusal 5.7.10 1 'from bank.test')" \
    "plaintext is refused, with rule, cause and fix" a@bank.test b@us.test
cell Postfix in / cause and fix in the text
expect_log "$IN_LOG" "milter-reject: RCPT from .*: 550 5.7.10 TLS required \
by policy rule 1 for mail from bank.test: .*; from=<a@bank.test> \
to=<b@us.test> proto=ESMTP helo=<client.test>" "Postfix logs the whole text"
expect_log "$RUN/milter.log" "NOQUEUE: refused rule=1 reason=no_tls \
client=unknown\[127.0.0.1\] from=<a@bank.test> to=<b@us.test> tls=none \
reply=\"550 5.7.10 TLS required by policy rule 1 " "the milter logs the refusal"
expect_rows "$LAST" 'none\|\|0\|0\|1\|1\|no_tls' "the session is recorded"
expect_rows "SELECT rule, mode, on_failure, source, reason, sender, recipient,
    text FROM violation" "1\|enforce\|fail\|milter\|no_tls\|a@bank.test\|\
b@us.test\|550 $(refusal 5.7.10 1 'from bank.test')" "and in the ledger"
cell Postfix in / temporarily fail
expect_rcpt "451 $(refusal 4.7.10 2 'from soft.test')" \
    "a rule that fails temporarily" a@soft.test b@us.test
cell Postfix in / level encrypt
expect_rcpt '250 2.1.5 Ok' "STARTTLS is accepted" a@bank.test b@us.test \
    "${STARTTLS[@]}"
expect_rows "$LAST" 'starttls\|TLSv1.3\|0\|1\|0\|\|' "and recorded"
expect_rows "SELECT mta, client_addr, helo, cipher, bits FROM session
    ORDER BY id DESC LIMIT 1" \
    'postfix\|127.0.0.1\|client.test\|TLS_AES_256_GCM_SHA384\|256' \
    "with cipher and strength"
expect_rcpt '250 2.1.5 Ok' "STARTTLS without a second EHLO is no plaintext" \
    a@bank.test b@us.test "EHLO client.test" starttls
expect_rows "$LAST" 'starttls\|TLSv1.3\|0\|1\|0\|\|' "and is recorded so"
PORT=465
expect_rcpt '250 2.1.5 Ok' "implicit TLS is accepted" a@bank.test b@us.test \
    tls "EHLO client.test"
PORT=25
expect_rows "$LAST" 'wrapper\|TLSv1.3\|0\|1\|0\|\|' "and recorded as wrapper"
smtp "EHLO client.test" QUIT > "$RUN/out"
expect_rows "$LAST" 'unknown\|\|0\|0\|0\|\|' \
    "a session that ends before MAIL is unknown, not plaintext"
smtp "EHLO client.test" badtls > "$RUN/out"
expect_rows "SELECT tls, count(*) FROM session GROUP BY 1 HAVING tls =
    'unknown'" 'unknown\|2' "so is a failed handshake"
cell
smtp "EHLO client.test" "MAIL FROM:<a@elsewhere.test>" "RCPT TO:<b@us.test>" \
    data QUIT > "$RUN/out"
expect_rows "$LAST" 'none\|\|1\|1\|0\|\|' "mail that no rule is about is taken"
expect_rows "SELECT queue_id != '' FROM session ORDER BY id DESC LIMIT 1" 1 \
    "with its queue ID"

# ---- who is judged ----
cell Postfix in / by address
expect_rcpt "550 $(refusal 5.7.10 3 'to us.test')" "a recipient rule" \
    a@elsewhere.test audit@us.test
expect_rcpt "550 $(refusal 5.7.10 3 'to us.test')" \
    "a recipient rule, null sender" "" Audit@US.test
expect_rcpt "550 $(refusal 5.7.10 6 'from <>')" "a rule for the null sender" \
    "" bounces@us.test
expect_rcpt '250 2.1.5 Ok' "which is not about others" a@elsewhere.test \
    bounces@us.test
smtp_options=(--from 127.0.0.5)
cell Postfix in / by subnet
expect_rcpt "550 $(refusal 5.7.10 4 'from elsewhere.test')" "a subnet rule" \
    a@elsewhere.test b@us.test
expect_rcpt '250 2.1.5 Ok' "encrypted from that subnet" a@elsewhere.test \
    b@us.test "${STARTTLS[@]}"
smtp_options=()
cell Postfix in / by partner domain
expect_rcpt "550 $(refusal 5.7.10 7 'from xn--bcher-kva.test')" \
    "an IDN sender as A-label" a@xn--bcher-kva.test b@us.test
got=$(smtp "EHLO client.test" "MAIL FROM:<a@Bücher.test> SMTPUTF8" \
    "RCPT TO:<b@us.test>" QUIT | tail -n 2 | head -n 1)
is "$got" "550 $(refusal 5.7.10 7 'from xn--bcher-kva.test')" \
    "and as U-label"
expect_rcpt "550 $(refusal 5.7.10 10 'from sub.bank.test')" "a subdomain" \
    a@sub.bank.test b@us.test
cell Postfix in / level none
expect_rcpt '250 2.1.5 Ok' "the better rule wins: level none" a@free.bank.test \
    b@us.test
cell Postfix in / level preferred
expect_rcpt '250 2.1.5 Ok' "level preferred takes plaintext" a@likes.test \
    b@us.test
expect_rows "$LAST" 'none\|\|0\|1\|0\|\|' "and records it"
expect_rcpt '250 2.1.5 Ok' "level preferred takes TLS" a@likes.test b@us.test \
    "${STARTTLS[@]}"
cell Postfix in / monitor
expect_rcpt '250 2.1.5 Ok' "a monitor rule refuses nothing" \
    a@watched.test b@us.test
expect_rows "SELECT rule, mode, reason, recipient FROM violation
    ORDER BY id DESC LIMIT 1" '8\|monitor\|no_tls\|b@us.test' \
    "but the ledger has it"
expect_rcpt '250 2.1.5 Ok' "encrypted without certificate under it" \
    a@watched.test b@us.test "${STARTTLS[@]}"
expect_rows "SELECT rule, mode, reason FROM violation ORDER BY id DESC
    LIMIT 1" '8\|monitor\|cert_not_verified' "its ledger says what is missing"

# ---- per recipient, RSET, several messages, XCLIENT ----
cell
log_mark "$RUN/milter.log"
got=$(smtp "EHLO client.test" "MAIL FROM:<a@elsewhere.test>" \
    "RCPT TO:<b@us.test>" "RCPT TO:<audit@us.test>" "RCPT TO:<c@us.test>" \
    data "MAIL FROM:<a@bank.test>" "RCPT TO:<b@us.test>" RSET \
    "MAIL FROM:<a@elsewhere.test>" "RCPT TO:<d@us.test>" data QUIT |
    cut -c 1-3 | tr '\n' ' ')
expect_log "$RUN/milter.log" 'NOQUEUE: refused rule=1 .* from=<a@bank.test>' \
    "a new message has no queue ID yet"
is "$got" "220 250 250 250 550 250 250 250 550 250 250 250 250 221 " \
    "each recipient is judged, through RSET and several messages"
expect_rows "$LAST" 'none\|\|2\|3\|2\|1\|no_tls' "the row counts them all"
expect_rows "SELECT is_sender, domain, accepted, refused FROM session_domain
    WHERE session = (SELECT max(id) FROM session) ORDER BY 1, 2" \
    "0\|us.test\|3\|2.1\|bank.test\|0\|1.1\|elsewhere.test\|3\|1" \
    "and the child table by domain"
got=$(smtp "EHLO client.test" "MAIL FROM:<a@bank.test>" "RCPT TO:<b@us.test>" \
    RSET starttls "EHLO client.test" "MAIL FROM:<a@bank.test>" \
    "RCPT TO:<b@us.test>" QUIT | cut -c 1-3 | tr '\n' ' ')
is "$got" "220 250 250 550 250 TLS 250 250 250 221 " \
    "refused in plaintext, accepted after STARTTLS in the same session"
expect_rows "SELECT group_concat(tls || ':' || accepted || ':' || refused)
    FROM (SELECT * FROM session ORDER BY id DESC LIMIT 2)" \
    'starttls:1:0,none:0:1' "a row for each part of it"
PORT=26
smtp_options=(--from 127.0.0.9)
expect_rcpt "550 $(refusal 5.7.10 5 'from elsewhere.test')" \
    "XCLIENT: the client's own address counts, also without a port" \
    a@elsewhere.test b@us.test "EHLO proxy.test" \
    "XCLIENT NAME=out.elsewhere.test ADDR=198.51.100.7" "EHLO client.test"
expect_rows "SELECT client_addr, client_name, refused FROM session ORDER BY
    id DESC LIMIT 1" '198.51.100.7\|out.elsewhere.test\|1' \
    "and is recorded"
expect_rcpt "550 $(refusal 5.7.10 12 'from elsewhere.test')" \
    "XCLIENT: an IPv6 client" a@elsewhere.test b@us.test "EHLO proxy.test" \
    "XCLIENT ADDR=IPV6:2001:db8:5::7 LOGIN=joe" "EHLO client.test"
expect_rows "SELECT client_addr, authenticated, refused FROM session ORDER BY
    id DESC LIMIT 1" '2001:db8:5::7\|1\|1' \
    "and that it logged in is recorded"
got=$(smtp "EHLO proxy.test" "XCLIENT ADDR=[UNAVAILABLE]" \
    "EHLO client.test" "MAIL FROM:<a@bank.test>")
like "$(tail -n 1 <<< "$got")" '^451' \
    "an address that the proxy hides: libmilter gives up, mail waits"
smtp_options=()
PORT=25

# ---- what Postfix plays for sendmail(1) ----
postconf -c "$(postfix_dir in)" -e \
    non_smtpd_milters=unix:tlswarden/milter.sock
postfix_reload in
n=$(rows "SELECT count(*) FROM session")
log_mark "$IN_LOG"
printf 'Subject: x\n\ny\n' | sendmail -C "$(postfix_dir in)" -f a@bank.test \
    b@us.test
expect_log "$IN_LOG" 'to=<b@us.test>.*status=sent' \
    "a local submission is never refused"
smtp "EHLO client.test" QUIT > "$RUN/out"
expect_rows "SELECT count(*) FROM session" $((n + 1)) "nor recorded"

# ---- log lines and end ----
refute_log "$RUN/milter.log" 'error|private data|claimed' "nor has libmilter"
milter_stop TERM
is "$daemon_status" 0 "SIGTERM ends it with 0"
check "the socket is gone" test ! -e "$MILTER_SOCKET"
got=$(smtp "EHLO client.test" "MAIL FROM:<a@elsewhere.test>" QUIT)
like "$(tail -n 2 <<< "$got")" '^451 4.7.1 Service unavailable' \
    "without the milter mail waits"
done_testing
