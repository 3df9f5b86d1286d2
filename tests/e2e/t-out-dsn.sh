#!/bin/bash
# tlswarden: what a stored probe found reaches the deferral, the bounce and its
# body, and makes a failed handshake permanent, through a real Postfix.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

dns_start
pki_start
receivers_start
zone_add 'sender.lab.test MX 10 mx.good.test' # bounces arrive
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
CF
warden_make send < /dev/null
sql "
INSERT INTO policy (direction, recipient, level, on_failure, cert_name) VALUES
    ('out', 'hard.untrusted.test', 'secure', 'fail', 'hostname'),
    ('out', 'soft.untrusted.test', 'secure', 'tempfail', 'hostname'),
    ('out', 'hard.wrongname.test', 'secure', 'fail', 'hostname'),
    ('out', 'hard.expired.test', 'secure', 'fail', 'hostname'),
    ('out', 'blind.expired.test', 'secure', 'fail', 'hostname');
INSERT INTO policy (direction, recipient, level, on_failure, min_protocol)
VALUES
    ('out', 'none.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'fresh.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'soft.tls11.test', 'encrypt', 'tempfail', 'TLSv1.2'),
    ('out', 'other.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'stale.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'ours.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'edited.tls11.test', 'encrypt', 'fail', 'TLSv1.2'),
    ('out', 'again.tls11.test', 'encrypt', 'fail', 'TLSv1.2');
" || bail "the table refuses a rule of this test"
policyd_start
wait_answer again.tls11.test 'encrypt.*'

STATE=$STATE_DIR/state.db
state()
{
	sqlite3 -cmd '.timeout 5000' "$STATE" "$@"
}

rule_of()
{
	sql "SELECT id FROM policy WHERE recipient = '$1'"
}

# --all probes every one; those that are to be unknown are forgotten again.
tool probe --all --store --parallel 8 --timeout 20 > "$RUN/probed.txt" 2>&1
tool probe other.tls11.test --store --rule "$(rule_of fresh.tls11.test)" \
    >> "$RUN/probed.txt" 2>&1
state "
DELETE FROM probe WHERE domain IN ('none.tls11.test', 'blind.expired.test');
UPDATE probe SET at = at - 2 * 86400 WHERE domain = 'stale.tls11.test';
UPDATE probe SET fault = 'ours' WHERE domain = 'ours.tls11.test';"
is "$(state "SELECT class, fault FROM probe
    WHERE domain = 'fresh.tls11.test'")" 'legacy_protocol|theirs' \
    "a fresh probe found a fault of the peer"
sql "UPDATE policy SET min_protocol = 'TLSv1.3'
    WHERE recipient = 'edited.tls11.test'"
wait_answer edited.tls11.test '.*TLSv1\.3'
found=$(state "SELECT class FROM probe WHERE domain = 'hard.untrusted.test'")
sleep 2.5 # policyd reads state.db once a second

for rcpt in u@hard.untrusted.test u@soft.untrusted.test u@hard.wrongname.test \
    u@hard.expired.test u@blind.expired.test u@none.tls11.test \
    u@fresh.tls11.test u@soft.tls11.test u@other.tls11.test \
    u@stale.tls11.test u@ours.tls11.test u@edited.tls11.test; do
	mail_send "$rcpt"
done

rule='required by policy rule [0-9]+ for mail to'
bad_cert='Server certificate not verified'
said="; a probe found $found: [a-z]"
bad_hand='Cannot start TLS: handshake failure'
cell Postfix out / fail
expect_bounced u@hard.untrusted.test \
    "dsn=5\.7\.5.*Verified TLS $rule hard\.untrusted\.test: $bad_cert$said" \
    "wrong certificate, on_failure=fail: bounced with the probe's cause"
cell Postfix out / temporarily fail
expect_deferred u@soft.untrusted.test \
    "dsn=4\.7\.5.*Verified TLS $rule soft\.untrusted\.test: $bad_cert$said" \
    "tempfail: deferred with that text"
like "$(postqueue -c "$(postfix_dir send)" -p)" "a probe found $found" \
    "postqueue -p shows it"
cell Postfix out / cause and fix in the text
expect_bounced u@hard.wrongname.test \
    "dsn=5\.7\.5.*: $bad_cert; a probe found name_mismatch: " "wrong name"
expect_bounced u@hard.expired.test \
    "dsn=5\.7\.5.*: $bad_cert; a probe found expired_leaf: " "expired"
expect_bounced u@blind.expired.test \
    "dsn=5\.7\.5.*: $bad_cert; cert_not_verified: " \
    "without a probe: bounced without its cause"
cell Postfix out / fail
expect_deferred u@none.tls11.test "dsn=4\.7\.5.*$bad_hand; handshake_failure" \
    "handshake failure without a probe: deferred"
expect_bounced u@fresh.tls11.test \
    "dsn=5\.7\.5.*$bad_hand; a probe found legacy_protocol: " \
    "with a fresh one, fault theirs: bounced"
expect_deferred u@soft.tls11.test \
    "dsn=4\.7\.5.*$bad_hand; a probe found legacy_protocol: " \
    "the same with tempfail: deferred with the cause"
expect_deferred u@other.tls11.test \
    "dsn=4\.7\.5.*$bad_hand; handshake_failure" \
    "with a probe under another rule: deferred"
expect_deferred u@stale.tls11.test \
    "dsn=4\.7\.5.*$bad_hand; handshake_failure" \
    "with a stale probe: deferred"
expect_deferred u@edited.tls11.test \
    "dsn=4\.7\.5.*$bad_hand; handshake_failure" \
    "with a probe from before the rule was edited: deferred"
expect_deferred u@ours.tls11.test \
    "dsn=4\.7\.5.*$bad_hand; a probe found legacy_protocol" \
    "with a fault of ours: deferred"

# What the sender of the mail reads.
bounce_of()
{
	grep -Frl "Final-Recipient: rfc822; $1" "$RUN/mail" 2> /dev/null |
	    head -n 1
}
has_bounce()
{
	[ -n "$(bounce_of "$1")" ]
}
cell Postfix out / cause and fix in the text
while read -r domain class; do
	wait_for "$WAIT_SECS" has_bounce "u@$domain"
	body=$(tr -s '[:space:]' ' ' < "$(bounce_of "u@$domain")")
	like "$body" "Status: 5\.7\.5" "$domain: status of the bounce"
	like "$body" "policy rule $(rule_of "$domain") for mail to $domain: " \
	    "$domain: its body names the rule"
	like "$body" "; a probe found $class: [a-z]" \
	    "$domain: its body names cause and fix"
done <<-BOUNCED
hard.untrusted.test $found
hard.expired.test expired_leaf
fresh.tls11.test legacy_protocol
BOUNCED
diag "$(grep -A 12 '^<u@hard.untrusted.test>' \
    "$(bounce_of u@hard.untrusted.test)")"

# A result that comes while the mail waits.
tool probe none.tls11.test --store >> "$RUN/probed.txt" 2>&1
sleep 2.5
mail_flush
expect_bounced u@none.tls11.test \
    "dsn=5\.7\.5.*$bad_hand; a probe found legacy_protocol" \
    "probed meanwhile: bounced at the next try"

# A broken state.db changes nothing of what is known...
log_mark "$RUN/send.maillog"
# In one step: while there is none, policyd makes a new one.
echo 'no database' > "$RUN/garbage"
chmod 0660 "$RUN/garbage"
mv "$RUN/garbage" "$STATE"
mv "$STATE-wal" "$STATE-shm" "$RUN" 2> /dev/null
sleep 2.5
mail_send v@fresh.tls11.test
expect_bounced v@fresh.tls11.test "a probe found legacy_protocol" \
    "state.db is garbage: what is known stays"
# ... and nothing that is not known becomes permanent.
policyd_stop TERM
policyd_start
mail_send w@fresh.tls11.test
mail_send w@hard.expired.test
expect_deferred w@fresh.tls11.test "dsn=4\.7\.5.*handshake_failure" \
    "started with garbage: a failed handshake stays temporary"
expect_bounced w@hard.expired.test "dsn=5\.7\.5.*cert_not_verified" \
    "and a wrong certificate does not"
expect_log "$RUN/policyd.log" 'results of probes cannot be read' \
    "the log says so"
policyd_stop TERM
done_testing
