#!/bin/bash
# tlswarden: what tlswarden-milter records when something is wrong: a full
# disk, a locked database, kill -9, a stop; a reload; who gets the socket; a
# thousand sessions at once. The MTA is played by milter.py.
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

sessions()
{
	local i
	for ((i = 0; i < $1; i++)); do
		echo "open
negotiate
connect c.test 192.0.2.1 4$i
helo c.test
mail <a@bank.test>
rcpt <b@us.test>
mail <a@x.test>
rcpt <b@us.test>
quit"
	done | mta | grep -c '^rcpt 550 5.7.10'
}

mta()
{
	PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/milter.py" "$MILTER_SOCKET"
}

# Milliseconds that a command takes, in $took.
timed()
{
	local begin=${EPOCHREALTIME/./}
	"$@" > "$RUN/out"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

warden_make in <<< 'log_level = "debug"
record_addresses = "full"'
MILTER_SOCKET=$SPOOL_DIR/milter.sock
STATE_DB=$STATE_DIR/state.db
sql "INSERT INTO policy(direction, sender, level, on_failure) VALUES
    ('in', 'bank.test', 'encrypt', 'fail')"
touch "$RUN/milter.log"

# ---- the state directory is a small disk ----
mount -t tmpfs -o size=4m,mode=2770,uid=nobody,gid=nogroup tmpfs \
    "$STATE_DIR"
milter_start
is "$(stat -c '%U %G %a' "$MILTER_SOCKET")" "nobody postfix 660" \
    "the socket: group of the folder, mode of the configuration"
is "$(stat -c '%U %a' "/proc/$(daemon_pid milter)")" "nobody 555" \
    "it runs as the service user"
is "$(sessions 3)" 3 "sessions are judged"
expect_rows "SELECT count(*), sum(refused), sum(accepted) FROM session" \
    '3\|3\|3' "and recorded"
log_mark "$RUN/milter.log"
head -c 10M /dev/zero > "$STATE_DIR/filler" 2> /dev/null
timed sessions 60
is "$(cat "$RUN/out")" 60 "a full disk: all sessions are judged"
check "and none waits (60 sessions in $took ms)" test "$took" -lt 5000
expect_log "$RUN/milter.log" 'error: .*state.db: NOT RECORDED: [0-9]+ rows' \
    "the log counts what is lost"
is "$(wc -l <<< "$(log_since "$RUN/milter.log" | grep 'NOT RECORDED')")" 1 \
    "in one line, not in one per row"
rm "$STATE_DIR/filler"
sessions 2 > "$RUN/out"
expect_rows "SELECT count(*) >= 5 FROM session" 1 \
    "with room again it records again"
expect_log "$RUN/milter.log" 'recording again' "and says so" 20
expect_rows "PRAGMA integrity_check" ok "nothing written is damaged"

# ---- locked ----
log_mark "$RUN/milter.log"
n=$(rows "SELECT count(*) FROM session")
# The lock is held until all sessions are over: who waited for it would wait
# for ever.
mkfifo "$RUN/hold"
sqlite3 "$STATE_DB" > "$RUN/lock.log" 2>&1 < "$RUN/hold" &
locker=$!
exec 8> "$RUN/hold"
echo "BEGIN IMMEDIATE; SELECT 'locked';" >&8
wait_for 10 grep -q locked "$RUN/lock.log"
sessions 20 > "$RUN/out"
is "$(cat "$RUN/out")" 20 "a locked database: all sessions are judged"
check "while the lock is held" kill -0 "$locker"
exec 8>&-
wait "$locker"
expect_rows "SELECT count(*) FROM session" $((n + 20)) \
    "a short lock loses nothing"

# ---- killed ----
n=$(rows "SELECT count(*) FROM session")
sessions 50 > "$RUN/out"
sleep 0.25
sessions 5 > "$RUN/out"
milter_stop KILL
check "kill -9 leaves the socket" test -S "$MILTER_SOCKET"
expect_rows "PRAGMA integrity_check" ok "kill -9: nothing written is damaged"
got=$(rows "SELECT count(*) FROM session")
check "at most the last 100 ms are missing ($((got - n)) of 55)" \
    test $((got - n)) -ge 50
milter_start
ok "the socket that is left over is replaced"

# ---- who gets the socket ----
out=$("${MILTER:-$BUILD/milter/tlswarden-milter}" -c "$CONF" 2>&1)
is "$?" 69 "a second one on a live socket ends with EX_UNAVAILABLE"
like "$out" 'milter.sock: another program listens there' "and says why"
is "$(sessions 1)" 1 "the first serves on"

# ---- stop ----
sleep 0.3
n=$(rows "SELECT count(*) FROM session")
(
	printf 'negotiate\nconnect c.test 192.0.2.1 9\nhelo c\n'
	sleep 3
) | mta > "$RUN/open.out" &
wait_for 5 grep -q helo "$RUN/open.out"
sessions 30 > "$RUN/out"
timed milter_stop TERM
is "$daemon_status" 0 "SIGTERM ends it with 0"
check "in under a second ($took ms)" test "$took" -lt 1000
is "$(rows "SELECT count(*) FROM session")" $((n + 31)) \
    "all is recorded, the session that was cut too"
check "the socket is gone" test ! -e "$MILTER_SOCKET"
for signal in INT HUP TERM; do
	milter_start
	timed milter_stop $signal
	is "$daemon_status" 0 "SIG$signal ends it with 0"
	check "soon ($took ms)" test "$took" -lt 1000
done

# ---- changes while it runs ----
milter_start
sql "UPDATE policy SET on_failure = 'tempfail'"
# shellcheck disable=SC2317 # wait_for calls it
tempfails()
{
	printf '%s\n' negotiate 'connect c 192.0.2.1 9' 'mail <a@bank.test>' \
	    'rcpt <b@us.test>' quit | mta | grep -q '^rcpt 451 4.7.10'
}
check "a changed rule is served within a second" wait_for 1 tempfails
log_mark "$RUN/milter.log"
sed -i 's/record_addresses = .*/record_addresses = "none"/' "$CONF"
echo 'socket_mode = "0600"' >> "$CONF"
kill -USR1 "$(daemon_pid milter)"
expect_log "$RUN/milter.log" 'configuration read again' "SIGUSR1 reloads"
expect_log "$RUN/milter.log" \
    'warning: restart tlswarden-milter to change: socket_mode' \
    "and names what needs a restart"
sessions 1 > "$RUN/out"
expect_rows "SELECT count(*) FROM session_domain WHERE session =
    (SELECT max(id) FROM session)" 0 "the new setting is in effect"
expect_rows "SELECT sender IS NULL, recipient IS NULL, text IS NULL
    FROM violation ORDER BY id DESC LIMIT 1" '1\|1\|1' "for the ledger too"
log_mark "$RUN/milter.log"
echo 'nonsense = 1' >> "$CONF"
kill -USR1 "$(daemon_pid milter)"
expect_log "$RUN/milter.log" \
    'error: the configuration stays as it was: .*nonsense' \
    "a broken configuration changes nothing"
sed -i '/nonsense/d; s/"none"/"full"/; /socket_mode/d' "$CONF"
log_mark "$RUN/milter.log"
sql "$(sql "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema
    WHERE type = 'trigger'")"
sql "INSERT INTO policy(direction, level) VALUES ('in', 'sideways')"
expect_log "$RUN/milter.log" 'error: .*policy rule 2: .*sideways' \
    "a broken table is named in the log"
check "and changes nothing" tempfails

# ---- a thousand at once ----
ulimit -n 8192
milter_stop TERM
milter_start
n=$(rows "SELECT count(*) FROM session")
timed mta <<< 'parallel 1000 <a@bank.test> <b@us.test>'
like "$(cat "$RUN/out")" '^parallel 1000 451 4.7.10 TLS required' \
    "1,000 sessions at once are judged"
check "in bounded time ($took ms)" test "$took" -lt 20000
expect_rows "SELECT count(*) FROM session" $((n + 1000)) \
    "and each is recorded"

# ---- no table ----
milter_stop TERM
mv "$DB" "$DB.away"
log_mark "$RUN/milter.log"
milter_start
expect_log "$RUN/milter.log" 'last-good' "without a table the last good serves"
check "and judges" tempfails
milter_stop TERM
rm -f "$LAST_GOOD"
out=$("${MILTER:-$BUILD/milter/tlswarden-milter}" -c "$CONF" 2>&1)
check "without both it does not start ($?)" test $? -ge 64
like "$out" 'policy.db' "and names the table"
check "and leaves no socket" test ! -e "$MILTER_SOCKET"
done_testing
