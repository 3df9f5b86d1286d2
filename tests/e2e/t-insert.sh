#!/bin/bash
# tlswarden: the administrator's INSERT at the plain sqlite3 shell, which has
# no busy timeout, never meets a lock of ours: 20 a second beside two daemons
# that load 100,000 rules after each of them.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

RULES=100000
INSERTS=100

pki_start
postfix_make send sender.lab.test < /dev/null
warden_make send < /dev/null
# As an import does it: the triggers judge every row.
sql "BEGIN;
    WITH RECURSIVE c(i) AS
	(SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $RULES)
    INSERT INTO policy (direction, recipient, level)
    SELECT 'out', 'd' || i || '.test', 'encrypt' FROM c;
    COMMIT" || bail "the rules cannot be inserted"
policyd_start
# A second reader of the same table, with its own sockets and state.
install -d -o nobody -g nogroup -m 2770 "$RUN/state2"
sed -e "s|$SPOOL_DIR/\([a-z]*\).sock|$SPOOL_DIR/\1-2.sock|" \
    -e "s|$STATE_DIR/|$RUN/state2/|" "$CONF" > "$RUN/second.conf"
daemon_start second "$POLICYD" -c "$RUN/second.conf"
check "the second reader starts" wait_log "$RUN/second.log" "started with"
is "$(answer d$RULES.test)" encrypt "$RULES rules are served"

# Every 50 ms one, each by a shell of its own. A late one does not wait.
failed=0
next=${EPOCHREALTIME/./}
for ((i = 1; i <= INSERTS; i++)); do
	if ! sql "INSERT INTO policy (direction, recipient, level)
	    VALUES ('out', 'insert$i.test', 'none')" 2>> "$RUN/insert.err"; then
		failed=$((failed + 1))
	fi
	next=$((next + 50000))
	left=$((next - ${EPOCHREALTIME/./}))
	[ $left -le 0 ] || sleep "$(printf '0.%06d' $left)"
done
is $failed 0 "$INSERTS inserts, 20 a second: none fails"
[ $failed = 0 ] || diag "$(sort "$RUN/insert.err" | uniq -c)"
expect_answer "insert$INSERTS.test" none "the last one is served"
for log in policyd second; do
	loads=$(grep -c 'policy table loaded' "$RUN/$log.log")
	check "$log loaded the table meanwhile" test "$loads" -ge 3
	diag "$log loaded $loads times"
done
done_testing
