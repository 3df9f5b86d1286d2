#!/bin/bash
# tlswarden: the table or the disk is broken while mail goes out. What served
# last serves on, and the log says what is wrong; mail that has a rule never
# leaves in clear.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

NOT_OFFERED='dsn=4\.7\.4.*TLS is required, but was not offered'
LOG=$RUN/policyd.log
n=0	# counts the mails of rules_hold

# A start while the table does not load, DESC; KEY was none in the last good.
broken_restart()
{
	policyd_stop KILL
	log_mark "$LOG"
	policyd_start
	expect_log "$LOG" 'SERVING AN OLD POLICY TABLE' \
	    "$1 at start: the log says so"
	rules_hold "$1 at start"
	is "$(answer "$2")" none "$1 at start: the newest good table"
}

# Mail to both peers is treated by the first rules of this test: DESC.
rules_hold()
{
	n=$((n + 1))
	is "$(answer good.test)" secure "$1: good.test is secure"
	is "$(answer plain.test)" encrypt "$1: plain.test is encrypt"
	mail_send "h$n@good.test"
	mail_send "h$n@plain.test"
	expect_sent "h$n@good.test" tls "$1: mail goes by TLS"
	expect_deferred "h$n@plain.test" "$NOT_OFFERED" "$1: or is kept"
}

# The next change is loaded (a marker rule appears): NAME.
table_works()
{
	sql "INSERT INTO policy (direction, recipient, level)
	    VALUES ('out', '$1.mark.test', 'none')"
	expect_answer "$1.mark.test" none "$1: the mended table is served"
}

first_rules()
{
	sql "INSERT INTO policy (direction, recipient, level) VALUES
	    ('out', 'good.test', 'secure'), ('out', 'plain.test', 'encrypt')"
}

garbage_pem()
{
	echo "-----BEGIN CERTIFICATE-----"
	echo "bm90aGluZyBvZiBhIGNlcnRpZmljYXRlIGF0IGFsbA=="
	echo "-----END CERTIFICATE-----"
}

# shellcheck disable=SC2317 # called through wait_for
table_free()
{
	sql "SELECT count(*) FROM policy" > /dev/null 2>&1
}

# shellcheck disable=SC2317 # called through check
table_locked()
{
	! table_free
}

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
CF
warden_make send < /dev/null
# Small file systems of their own, to fill them up.
mount -t tmpfs -o size=256k,mode=2770,uid=nobody,gid=nogroup none \
    "$STATE_DIR" || bail "cannot mount a tmpfs"
mount -t tmpfs -o size=64k,mode=2750,uid=nobody,gid=postfix none "$CA_DIR" ||
    bail "cannot mount a tmpfs"
first_rules
policyd_start
rules_hold "whole table"
cp "$DB" "$RUN/db/whole"

# ---- a row that only the loader can judge, while mail flows -------------
log_mark "$LOG"
for i in {1..10}; do
	mail_send "flow$i@good.test"
	[ "$i" != 5 ] || sql "INSERT INTO ca (name, pem)
	    VALUES ('rotten', '$(garbage_pem)');
	    INSERT INTO policy (direction, recipient, level, ca)
	    VALUES ('out', 'good.test', 'secure', 'rotten');
	    UPDATE policy SET level = 'none' WHERE recipient = 'plain.test'"
done
expect_log "$LOG" 'error: ca rotten: ' "garbage PEM: the log names the CA"
rules_hold "garbage PEM"
flowed=0
for i in {1..10}; do
	check_sent "flow$i@good.test" tls > /dev/null && flowed=$((flowed + 1))
done
is $flowed 10 "garbage PEM: all mail of the time went by TLS"
sql "DELETE FROM policy WHERE ca = 'rotten';
    DELETE FROM ca WHERE name = 'rotten';
    UPDATE policy SET level = 'encrypt' WHERE recipient = 'plain.test'"
table_works pem

# ---- rows that the triggers would have refused --------------------------
log_mark "$LOG"
sql "$(sql "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema
    WHERE type = 'trigger'")"
sql "PRAGMA ignore_check_constraints = 1;
    INSERT INTO policy (id, direction, recipient, subnet, level) VALUES
	(777, 'out', 'bad.test', '999.1.2.3/77', 'encrypt'),
	(778, 'out', 'new.test', NULL, 'encrypt')"
expect_log "$LOG" 'error: policy rule 777: ' \
    "a bad subnet: the log names the rule"
rules_hold "a bad subnet"
is "$(answer new.test)" NOTFOUND "a bad subnet: its good neighbour waits too"
sql "DELETE FROM policy WHERE id = 777"
expect_answer new.test encrypt "without it: the neighbour is served"

log_mark "$LOG"
sql "PRAGMA ignore_check_constraints = 1;
    INSERT INTO policy (id, direction, recipient, level)
    VALUES (888, 'out', 'good.test', 'sekure')"
expect_log "$LOG" 'error: policy rule 888: ' \
    "an unknown level: the log names the rule"
rules_hold "an unknown level"
sql "DELETE FROM policy WHERE id = 888"
table_works level

# ---- locked -------------------------------------------------------------
mkfifo "$RUN/shell"
sqlite3 "$DB" < "$RUN/shell" &
exec 7> "$RUN/shell"
# EXCLUSIVE meets even a reader's instant; t-store is about INSERT.
echo ".timeout 5000" >&7
echo "BEGIN EXCLUSIVE; INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'locked.mark.test', 'none');" >&7
check "a writer holds the table" wait_for 5 table_locked
rules_hold "locked by a writer"
echo "COMMIT;" >&7
exec 7>&-
wait_for 5 table_free
expect_answer locked.mark.test none "unlocked: the change is served"

# ---- a writer that crashed in the middle --------------------------------
# It leaves half of its rows in the file and a journal that only root can
# play back (any root's sqlite3 does).
sqlite3 "$DB" > "$RUN/spilled" < "$RUN/shell" &
writer=$!
exec 7> "$RUN/shell"
echo "PRAGMA cache_size = 1; BEGIN;
    UPDATE policy SET level = 'none' WHERE recipient = 'plain.test';
    WITH RECURSIVE c(i) AS
	(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000)
    INSERT INTO policy (direction, recipient, level)
    SELECT 'out', 'x' || i || '.test', 'encrypt' FROM c;
    SELECT 'spilled';" >&7
check "a writer is in the middle" wait_log "$RUN/spilled" spilled
kill -KILL $writer
exec 7>&-
wait $writer 2> /dev/null
check "it leaves its journal" test -s "$DB-journal"
rules_hold "crashed writer"
broken_restart "crashed writer" locked.mark.test
is "$(sql "SELECT count(*) FROM policy WHERE recipient LIKE 'x%.test'")" 0 \
    "any root's sqlite3 plays the journal back"
table_works journal

# ---- replaced, truncated, gone ------------------------------------------
cp "$RUN/db/whole" "$RUN/db/next"
sqlite3 "$RUN/db/next" "INSERT INTO policy (direction, recipient, level)
    VALUES ('out', 'renamed.test', 'none')"
chmod 0640 "$RUN/db/next"
chgrp nogroup "$RUN/db/next"
mv "$RUN/db/next" "$DB"
expect_answer renamed.test none "another file at that path is loaded"
rules_hold "replaced file"

log_mark "$LOG"
truncate -s 1000 "$DB"
expect_log "$LOG" 'policy\.db: damaged' "truncated: the log names the file"
rules_hold "truncated"

log_mark "$LOG"
rm "$DB"
expect_log "$LOG" 'policy\.db: no such file' "removed: the log names the file"
rules_hold "removed"

# ---- restarts with a broken table ---------------------------------------
broken_restart "no table" renamed.test
head -c 8192 /dev/urandom > "$DB"
chmod 0640 "$DB"
chgrp nogroup "$DB"
broken_restart "random bytes" renamed.test
: > "$DB"
broken_restart "empty file" renamed.test
install -m 0600 "$RUN/db/whole" "$DB"
broken_restart "unreadable file" renamed.test
install -g nogroup -m 0640 "$RUN/db/whole" "$DB"
expect_answer renamed.test NOTFOUND "a good table again: it is served"

# ---- full disks ---------------------------------------------------------
log_mark "$LOG"
dd if=/dev/zero of="$STATE_DIR/ballast" bs=4k 2> /dev/null
table_works disk
expect_log "$LOG" \
    'not kept as last good.*: [^ ]*policy\.last-good[^ ]*: no space left' \
    "full state disk: the log says so"
rules_hold "full state disk"
rm "$STATE_DIR/ballast"

log_mark "$LOG"
dd if=/dev/zero of="$CA_DIR/ballast" bs=4k 2> /dev/null
sql "INSERT INTO ca (name, pem)
    VALUES ('good', '$(cat "$RUN/pki/root-good.pem")');
    INSERT INTO policy (direction, recipient, level, ca)
    VALUES ('out', 'ca.good.test', 'secure', 'good')"
expect_log "$LOG" "$CA_DIR" "full CA disk: the log names the folder"
rules_hold "full CA disk"
is "$(answer ca.good.test)" NOTFOUND \
    "full CA disk: no answer names a file that is not there"
rm "$CA_DIR/ballast"
kill -HUP "$(daemon_pid policyd)"
expect_answer ca.good.test 'secure tafile=.*' "room again: the rule is served"
mail_send u@ca.good.test
expect_sent u@ca.good.test tls "and mail goes by it"

# ---- nothing loads ------------------------------------------------------
policyd_stop TERM
head -c 8192 /dev/urandom > "$DB"
head -c 8192 /dev/urandom > "$LAST_GOOD"
log_mark "$LOG"
timeout 10 "$POLICYD" -c "$CONF" >> "$LOG" 2>&1 < /dev/null
rc=$?
check "neither table loads: policyd does not start" test $rc -ge 64
check "and says so with an exit status of sysexits.h" test $rc -le 78
expect_log "$LOG" 'no policy table to serve: .*policy\.db' "and names the file"
mail_send down@plain.test
mail_send down@good.test
expect_deferred down@plain.test 'client TLS configuration problem' \
    "mail waits meanwhile"
expect_deferred down@good.test 'client TLS configuration problem' \
    "all of it"
done_testing
