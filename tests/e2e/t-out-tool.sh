#!/bin/bash
# tlswarden: the administrator's tool makes the table and changes it while
# mail goes out through Postfix and policyd.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

NOT_OFFERED='dsn=4\.7\.4.*TLS is required, but was not offered'
UNVERIFIED='dsn=4\.7\.5.*Server certificate not verified'

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
CF
warden_make send < /dev/null

# ---- init ---------------------------------------------------------------
rm -r "$RUN/db" "$STATE_DIR"
check "init makes the table and its folders" tool init
check "init again changes nothing" tool init
is "$(stat -c '%U %a' "$RUN/db")" "root 750" "the table's folder is root's"
is "$(stat -c '%U %a' "$STATE_DIR")" "nobody 2770" "the state is the daemons'"
check "check finds nothing" tool check
policyd_start

# ---- rules --------------------------------------------------------------
id=$(tool rule add --direction out --recipient plain.test --level encrypt)
like "$id" '^[0-9]+$' "rule add prints the rule's id"
expect_answer plain.test encrypt "the rule is served"
mail_send one@plain.test
expect_deferred one@plain.test "$NOT_OFFERED" "and kept mail by it"
check "rule disable" tool rule disable "$id"
expect_answer plain.test NOTFOUND "the rule is out"
mail_flush
expect_sent one@plain.test clear "the kept mail goes"
check "rule enable" tool rule enable "$id"
expect_answer plain.test encrypt "the rule is back"
check "rule set" tool rule set "$id" --min-protocol TLSv1.3
expect_answer plain.test 'encrypt protocols=>=TLSv1\.3' "and changed"
check "rule remove" tool rule remove "$id"
expect_answer plain.test NOTFOUND "and gone"
tool rule add --direction out --recipient bad.test --level encrypt \
    --ca nobody > "$RUN/said" 2>&1
rc=$?
check "an unlawful rule is refused" test $rc -ge 64
next=$(tool rule add --direction out --recipient plain.test --level none)
check "an id is not used again" test "$next" -gt "$id"
other=$(tool rule add --direction out --recipient plain.test --level encrypt)
expect_answer plain.test none "of two alike the lower id wins"
check "rule move" tool rule move "$other" --before "$next"
expect_answer plain.test encrypt "after the move the other one"

# ---- a CA ---------------------------------------------------------------
check "ca import" tool ca import lab "$RUN/pki/root-good.pem"
tool rule add --direction out --recipient good.test --level secure --ca lab \
    > /dev/null
tool rule add --direction out --recipient second.test --level secure \
    --ca lab > /dev/null
expect_answer second.test 'secure .*tafile=.*' "rules name it"
mail_send two@good.test
mail_send two@second.test
expect_sent two@good.test tls "its peer gets mail by TLS"
is "$(mail_trust two@good.test)" Verified "verified"
expect_deferred two@second.test "$UNVERIFIED" "another CA's peer does not"
tool ca remove lab > "$RUN/said" 2>&1
rc=$?
check "a CA that a rule names is not removed" test $rc -ne 0
old=$(answer second.test)
check "ca import --replace" \
    tool ca import lab "$RUN/pki/root-second.pem" --replace
check "and served" wait_for 5 answer_changed second.test "$old"
mail_flush
expect_sent two@second.test tls "with its own CA it does"

# ---- explain, reload ----------------------------------------------------
for key in plain.test good.test second.test other.test; do
	is "$(explained "$key")" "$(answer "$key")" "explain agrees on $key"
done
log_mark "$RUN/policyd.log"
sed -i 's/^log = .*/&\nlog_level = "debug"/' "$CONF"
check "reload" tool reload
expect_log "$RUN/policyd.log" 'reloading' "policyd has heard it"
like "$(tool check)" "rule $next: can never win: rule $other " \
    "check finds the rule that the other one shadows"
tool rule remove "$next" > /dev/null
check "and nothing without it" tool check

# ---- somebody switches to WAL -------------------------------------------
sql "PRAGMA journal_mode = WAL" > /dev/null
like "$(tool check)" "policy\.db is in WAL mode" "check objects to WAL"
sql "INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'wal.test', 'none')"
is "$(answer plain.test)" encrypt "policyd serves on"
check "init switches it back" tool init
is "$(sql "PRAGMA journal_mode")" delete "to a rollback journal"
expect_answer wal.test none "and what was added meanwhile is served"
check "check finds nothing any more" tool check
done_testing
