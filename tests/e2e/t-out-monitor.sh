#!/bin/bash
# tlswarden: rules of mode monitor beside outbound mail of a real Postfix: what
# is answered stays as it is, and the ledger says what they would have refused,
# by delivery states and by probes.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"
command -v jq > /dev/null || skip_all "jq is not installed"

# A server that offers STARTTLS and then speaks no TLS.
broken_peer()
{
	zone_add 'mx.broken.test A 127.1.0.90' \
	    'broken.test MX 10 mx.broken.test' \
	    '*.broken.test MX 10 mx.broken.test' \
	    'noplain.test MX 10 mx.plain.test' \
	    'noplain.test MX 20 mx1.twomx.test' \
	    'dead.test MX 10 dead.lab.test' 'dead.lab.test A 127.1.0.99'
	cat > "$RUN/broken.py" <<-'PY'
	import socketserver

	class Peer(socketserver.StreamRequestHandler):
	    def handle(self):
	        self.wfile.write(b"220 mx.broken.test ESMTP\r\n")
	        for line in self.rfile:
	            if line.upper().startswith(b"STARTTLS"):
	                self.wfile.write(b"220 go\r\n")
	                self.rfile.read1(4096)
	                self.wfile.write(b"\x15\x03\x03\x00\x02\x02\x28")
	                return
	            if line.upper().startswith(b"QUIT"):
	                return
	            self.wfile.write(b"250-mx.broken.test\r\n250 STARTTLS\r\n"
	                if line.upper().startswith(b"EHLO") else b"250 ok\r\n")

	address = ("127.1.0.90", 25)
	socketserver.ThreadingTCPServer(address, Peer).serve_forever()
	PY
	daemon_start broken python3 "$RUN/broken.py"
}

# ID | RECIPIENT | LEVEL | ON_FAILURE | MODE | PRIORITY
rules()
{
	cat <<-ROWS
	1|watch.plain.test|encrypt|fail|monitor|100
	2|watch.broken.test|encrypt|tempfail|monitor|100
	3|both.plain.test|encrypt|tempfail|enforce|100
	4|both.plain.test|secure|fail|monitor|50
	5|both.plain.test|secure|fail|monitor|150
	6|both.untrusted.test|secure|fail|enforce|100
	7|both.untrusted.test|encrypt|fail|monitor|50
	8|both.untrusted.test|secure|tempfail|monitor|40
	9|watch.untrusted.test|secure|tempfail|monitor|100
	10|ceo@watch.plain.test|secure|fail|monitor|100
	11|watch.twomx.test|encrypt|fail|monitor|100
	12|noplain.test|encrypt|fail|monitor|100
	13|dead.test|secure|fail|monitor|100
	14|watch.good.test|secure|fail|monitor|100
	15|watch.expired.test|secure|fail|monitor|100
	16|watch.plain.test|preferred|fail|monitor|10
	17|ca.good.test|secure|fail|monitor|100
	18|ca.second.test|secure|fail|monitor|100
	19|watch.tls12.test|encrypt|fail|monitor|100
	ROWS
}

insert_rules()
{
	local id to level how mode priority
	sql "INSERT INTO ca(name, pem) VALUES
	    ('second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT))"
	while IFS='|' read -r id to level how mode priority; do
		sql "INSERT INTO policy(id, direction, recipient, level,
		    on_failure, mode, priority) VALUES ($id, 'out', '$to',
		    '$level', '$how', '$mode', $priority)"
	done < <(rules)
	sql "UPDATE policy SET ca = 'second' WHERE id IN (17, 18);
	    UPDATE policy SET min_protocol = 'TLSv1.3' WHERE id = 19"
}

# ledger [SOURCE]: "RULE MODE ON_FAILURE REASON NEXTHOP COUNT;..." by rule.
ledger()
{
	sqlite3 "$STATE_DIR/state.db" "SELECT group_concat(row, ';') FROM
	    (SELECT rule || ' ' || mode || ' ' || on_failure || ' ' || reason
		|| ' ' || nexthop || ' ' || count(*) AS row FROM violation
	    WHERE source = '$1' GROUP BY rule, mode, on_failure, reason,
		nexthop ORDER BY rule)"
}

ledger_is()
{
	[ "$(ledger "$1")" = "$2" ]
}

# expect_ledger SOURCE WANT DESC: rows are written within the recorder's delay.
expect_ledger()
{
	wait_for 5 ledger_is "$1" "$2"
	is "$(ledger "$1")" "$2" "$3"
}

dns_start
pki_start
receivers_zone
receivers_make
broken_peer
postfix_start recv
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send < /dev/null
insert_rules
policyd_start
postfix_start send

# ---- answers stay ----
cell Postfix out / monitor
expect_answer watch.plain.test NOTFOUND "a rule that watches answers nothing"
expect_answer both.plain.test encrypt "and does not change an answer"
for rcpt in u@watch.plain.test ceo@watch.plain.test u@watch.broken.test \
    u@both.plain.test u@both.untrusted.test u@watch.untrusted.test \
    u@watch.twomx.test u@watch.good.test; do
	mail_send "$rcpt"
done
expect_sent u@watch.plain.test clear "watched: in clear as without the rule"
expect_sent ceo@watch.plain.test clear "a watched user, too"
expect_sent u@watch.untrusted.test tls "an untrusted server takes it"
expect_sent u@watch.twomx.test clear "the first of two servers takes it"
expect_sent u@watch.good.test tls "a good server takes it"
expect_deferred u@watch.broken.test \
    'dsn=4\.7\.5.*\(Cannot start TLS: handshake failure\)' \
    "a handshake that failed: Postfix's own words"
expect_deferred u@both.plain.test \
    'dsn=4\.7\.4.*TLS required by policy rule 3 for mail to' \
    "tempfail although a watching rule says fail"
expect_bounced u@both.untrusted.test \
    'dsn=5\.7\.5.*Verified TLS required by policy rule 6 for mail to' \
    "fail although a watching rule says tempfail"

# ---- by delivery states: what they truly tell ----
expect_ledger dsn "$(tr -d '\n\t' <<-'ROWS'
2 monitor tempfail handshake_failure watch.broken.test 1;
3 enforce tempfail no_starttls both.plain.test 1;
4 monitor fail no_starttls both.plain.test 1;
6 enforce fail cert_not_verified both.untrusted.test 1;
8 monitor tempfail cert_not_verified both.untrusted.test 1
ROWS
)" "delivery states fill the ledger"
row=$(tool failures --rule 4 --json | jq -r '.[0] | "\(.text) \(.peer_name)
 \(.peer_addr) \(.direction) \(.source)"' | tr -d '\n')
like "$row" '^5\.7\.4 Verified TLS required by policy rule 4 for mail to both.'\
'plain\.test: .* mx\.plain\.test 127\.1\.0\.2 out dsn$' \
    "with what would have been said, and the server"
expect_log "$RUN/policyd.log" \
    'dsn: refused rule=3 reason=no_starttls nexthop=both.plain.test' \
    "a refusal is a line of the log"

# ---- by probes ----
probe_all()
{
	tool probe --store --timeout 10 watch.plain.test watch.broken.test \
	    watch.untrusted.test watch.twomx.test noplain.test dead.test \
	    watch.good.test watch.expired.test ca.good.test ca.second.test \
	    watch.tls12.test both.plain.test > "$RUN/probe.out" 2>&1
}

PROBED=$(tr -d '\n\t' <<-'ROWS'
1 monitor fail no_starttls watch.plain.test #;
2 monitor tempfail handshake_failure watch.broken.test #;
4 monitor fail no_starttls both.plain.test #;
9 monitor tempfail REASON watch.untrusted.test #;
10 monitor fail no_starttls watch.plain.test #;
12 monitor fail no_starttls noplain.test #;
15 monitor fail REASON watch.expired.test #;
17 monitor fail REASON ca.good.test #;
19 monitor fail protocol_too_old watch.tls12.test #
ROWS
)

probed()
{
	ledger probe | sed -E 's/(untrusted_root|issuer_unknown|expired_leaf|'\
'name_mismatch|incomplete_chain)/REASON/g'
}

probe_all
is "$(probed)" "${PROBED//#/1}" "one row for rule, destination and run"
probe_all
is "$(probed)" "${PROBED//#/2}" "another run, another row"
like "$(ledger probe)" '15 monitor fail (expired_leaf|name_mismatch) ' \
    "the chain's own fault is the reason"
row=$(tool failures --rule 12 --json | jq -r '.[0] |
    "\(.text) \(.peer_name)"')
like "$row" '^550 5\.7\.4 TLS required by policy rule 12 for mail to noplain.'\
'test: .* mx\.plain\.test$' "of two servers the first is named"
out=$(tool failures --direction out --seen-by probe)
like "$out" '^2 .* 12 +out +monitor +probe +no_starttls +- +noplain\.test +mx' \
    "failures shows them"
like "$out" '^  for them: .*STARTTLS' "and what to do"

# ---- before it is enforced ----
out=$(tool check --before-enforce 12)
is "$?" 1 "check --before-enforce: it would refuse"
like "$out" '^noplain\.test +bounced +20.*Z +mx\.plain\.test +no_starttls$' \
    "where and why"
tool check --before-enforce 14 > "$RUN/check.out"
is "$?" 0 "a rule that all servers satisfy"
like "$(cat "$RUN/check.out")" '^watch\.good\.test +passes ' "passes"
tool check --before-enforce 18 --json | jq -e '.passes == 1' > "$RUN/check.out"
is "$?" 0 "one with a CA of the table, by the chain that was kept"
out=$(tool rule promote 12)
is "$?" 1 "rule promote: not what would refuse"
like "$out" '^- the ledger has 2 violations of it in that span$' "and says why"
expect_answer noplain.test NOTFOUND "nothing has changed"
out=$(tool rule promote 14)
is "$?" 1 "nor what was watched too short a time"
like "$out" '^- it is as it is since 20.*, 0\.[0-9] days' "and says since when"
tool rule promote 14 --force > "$RUN/promote.out"
is "$?" 0 "--force"
expect_answer watch.good.test secure "it is enforced"

# ---- what would be if is no evidence ----
tool probe --store --timeout 10 noplain.test --connect 127.1.0.2:25 \
    > "$RUN/probe.out" 2>&1
tool probe --store --timeout 10 watch.good.test --time 4000000000 \
    > "$RUN/probe.out" 2>&1
is "$(probed)" "${PROBED//#/2}" "--connect and --time note nothing"

# ---- without addresses ----
sed -i '/^record_addresses/d' "$CONF"
echo 'record_addresses = "none"' >> "$CONF"
kill -HUP "$(daemon_pid policyd)"
expect_log "$RUN/policyd.log" 'reload' "the configuration is read again" 5
sqlite3 "$STATE_DIR/state.db" 'DELETE FROM violation'
tool probe --store --timeout 10 noplain.test > "$RUN/probe.out" 2>&1
is "$(sqlite3 "$STATE_DIR/state.db" "SELECT rule, nexthop IS NULL,
    text IS NULL FROM violation")" '12|1|1' \
    "record_addresses none: no next hop, no text"
policyd_stop TERM
done_testing
