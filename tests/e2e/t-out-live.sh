#!/bin/bash
# tlswarden: the table and the daemon change while mail goes out: a rule
# between two mails, policyd killed, stopped, reloaded, silent.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

NOT_OFFERED='dsn=4\.7\.4.*TLS is required, but was not offered'
NO_POLICY='dsn=4\.7\.5.*client TLS configuration problem'

# Starts another policyd with the same configuration: it has to say no.
# shellcheck disable=SC2317 # called through check
second_refuses()
{
	local rc
	timeout 5 "$POLICYD" -c "$CONF" 2>&1
	rc=$?
	echo "exit status $rc"
	[ "$rc" != 0 ] && [ "$rc" != 124 ]
}

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
transport_maps = inline:{ { lost.plain.test = lost: } }
CF
postfix_service send "lost unix - - n - - smtp
 -o smtp_tls_policy_maps=socketmap:unix:tlswarden/policyd.sock:nosuchmap"
postfix_reload send
warden_make send < /dev/null
sql "INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'good.test', 'secure')"
policyd_start

# ---- a rule changed at the shell between two mails ----------------------
mail_send before@plain.test
expect_sent before@plain.test clear "no rule: the mail goes in clear"
start=${EPOCHREALTIME/./}
sql "INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'plain.test', 'encrypt')"
wait_answer plain.test encrypt
took=$(((${EPOCHREALTIME/./} - start) / 1000))
check "a new rule is served within a second" test "$took" -lt 1000
diag "it took $took ms"
mail_send after@plain.test
expect_deferred after@plain.test "$NOT_OFFERED" "the next mail obeys it"

sql "UPDATE policy SET level = 'none' WHERE recipient = 'plain.test'"
expect_answer plain.test none "an UPDATE is served"
mail_flush
expect_sent after@plain.test clear "the kept mail goes at the next try"

sql "BEGIN; UPDATE policy SET level = 'encrypt' WHERE recipient = 'plain.test';
    INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'two.test', 'encrypt'); ROLLBACK"
sql "UPDATE policy SET comment = 'still none' WHERE recipient = 'plain.test'"
sql "INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'mark.test', 'none')"
expect_answer mark.test none "a later change is served"
is "$(answer two.test)" NOTFOUND "what was rolled back never was"
is "$(answer plain.test)" none "nor was its other half"

sql "UPDATE policy SET level = 'encrypt' WHERE recipient = 'plain.test'"
expect_answer plain.test encrypt "and back"
sql "DELETE FROM policy WHERE recipient = 'mark.test'"
expect_answer mark.test NOTFOUND "a DELETE is served"

# ---- a rule that ends by itself -----------------------------------------
sql "INSERT INTO policy (direction, recipient, level, expires_at)
    VALUES ('out', 'brief.test', 'none', datetime('now', '+2 seconds'))"
expect_answer brief.test none "a rule with an end is served"
check "and is over when its time has come" \
    wait_answer brief.test NOTFOUND 5

# ---- killed and started again between two mails -------------------------
mail_send first@good.test
expect_sent first@good.test tls "before the kill: by TLS"
policyd_stop KILL
check "the socket of the killed one is left" test -S "$SOCKET"
policyd_start
mail_send second@good.test
mail_send second@plain.test
expect_sent second@good.test tls "after the restart: by TLS"
is "$(mail_trust second@good.test)" Verified "and verified, as the rule says"
expect_deferred second@plain.test "$NOT_OFFERED" "and the other one is kept"

# ---- a second one does not take the socket ------------------------------
check "a second policyd on a live socket refuses to start" second_refuses
is "$(answer plain.test)" encrypt "and the first one still answers"

# ---- down ---------------------------------------------------------------
pid=$(daemon_pid policyd)
policyd_stop TERM
is "$daemon_status" 0 "SIGTERM ends policyd with 0"
check "it is gone" daemon_gone "$pid"
for peer in good plain norule.plain norule.good; do
	mail_send "down@$peer.test"
done
for peer in good plain norule.plain norule.good; do
	expect_deferred "down@$peer.test" "$NO_POLICY" "down: $peer is kept"
done
mail_flush
for peer in good norule.plain; do
	expect_deferred "down@$peer.test" "$NO_POLICY" \
	    "down: $peer is kept again"
done
policyd_start
mail_flush
expect_sent down@good.test tls "up again: good gets its mail by TLS"
expect_sent down@norule.plain.test clear "without a rule: in clear"
expect_sent down@norule.good.test tls "without a rule: as Postfix likes"
expect_deferred down@plain.test "$NOT_OFFERED" "by its rule: still kept"

# ---- silent --------------------------------------------------------------
# Postfix waits 100 s for an answer; here only that it waits.
kill -STOP "$(daemon_pid policyd)"
mail_send silent@good.test
mail_send silent@norule.plain.test
check "stopped: the mail is taken" wait_for 5 mail_queued silent@good.test
sleep 1
check "stopped: nothing is sent" check_unseen silent@good.test
check "stopped: nothing in clear either" check_unseen silent@norule.plain.test
kill -CONT "$(daemon_pid policyd)"
expect_sent silent@good.test tls "goes on: by TLS"
expect_sent silent@norule.plain.test clear "without a rule: in clear"

# ---- another certificate for a CA ---------------------------------------
sql "INSERT INTO ca (name, pem)
    VALUES ('mine', '$(cat "$RUN/pki/root-good.pem")');
    UPDATE policy SET ca = 'mine' WHERE recipient = 'good.test'"
expect_answer good.test 'secure tafile=.*' "a rule names a CA"
old=$(answer good.test)
mail_send ca1@good.test
expect_sent ca1@good.test tls "the CA is the peer's: by TLS"
sql "UPDATE ca SET pem = '$(cat "$RUN/pki/root-other.pem")'
    WHERE name = 'mine'"
wait_for 5 answer_changed good.test "$old"
mail_send ca2@good.test
expect_deferred ca2@good.test 'Server certificate not verified' \
    "the CA is replaced by another: kept"
check "an answer given before the change still finds its file" \
    test -s "$RUN/send/spool/${old#*tafile=}"
sql "UPDATE policy SET ca = NULL WHERE recipient = 'good.test'"
expect_answer good.test secure "without the CA again"
mail_flush
expect_sent ca2@good.test tls "and the kept mail goes"

# ---- an answer of trouble -----------------------------------------------
mail_send temp@lost.plain.test
expect_deferred temp@lost.plain.test "$NO_POLICY" \
    "TEMP (an unknown map) keeps the mail"

# ---- reload by signal ---------------------------------------------------
for signal in HUP USR1; do
	sql "INSERT INTO policy (direction, recipient, level)
	    VALUES ('out', 'sig$signal.test', 'encrypt')"
	kill -"$signal" "$(daemon_pid policyd)"
	expect_answer "sig$signal.test" encrypt "SIG$signal reloads"
	check "SIG$signal ends nothing" daemon_running policyd
done

# ---- a burst while the table changes ------------------------------------
for i in {1..12}; do
	mail_send "burst$i@good.test"
	sql "INSERT INTO policy (direction, recipient, level)
	    VALUES ('out', 'burst$i.test', 'encrypt')" ||
	    not_ok "the administrator's INSERT number $i"
done
sent=0
for i in {1..12}; do
	check_sent "burst$i@good.test" tls > /dev/null && sent=$((sent + 1))
done
is $sent 12 "12 mails while 12 rules are added: all by TLS"
expect_answer burst12.test encrypt "and the last rule is served"
policyd_stop TERM
refute_log "$RUN/policyd.log" '(abort|assert|Sanitizer|panic)' \
    "nothing broke inside"
done_testing
