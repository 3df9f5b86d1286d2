#!/bin/bash
# tlswarden: "tlswarden reload" reaches the daemons, and nobody else.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
# shellcheck source=inbound.sh
. "$HERE/inbound.sh"
e2e_init "$0"

TLSWARDEN=${TLSWARDEN:-$BUILD/ctl/tlswarden}
[ -x "$TLSWARDEN" ] || bail "$TLSWARDEN is not built"

# reload RC DESC [COMMAND...]: the output is in $RUN/out and $RUN/err.
reload()
{
	local want=$1 desc=$2 rc
	shift 2
	"$@" "$TLSWARDEN" -c "$CONF" --json reload > "$RUN/out" 2> "$RUN/err"
	rc=$?
	is "$rc" "$want" "$desc"
	[ $rc = "$want" ] || diag "$(cat "$RUN/out" "$RUN/err")"
}

# result SOCKET WORD DESC
result()
{
	check "$3" jq -e ".[] | select(.socket | endswith(\"/$1\")) |
	    .result == \"$2\"" "$RUN/out"
}

inbound_make milter
postfix_start in
reload 69 "nobody is there: EX_UNAVAILABLE"
result policyd.sock 'not running' "and it says so"
like "$(cat "$RUN/err")" 'no daemon was told' "in words, too"

policyd_start
milter_start
log_mark "$RUN/policyd.log"
log_mark "$RUN/milter.log"
sed -i 's/^record_addresses = .*/record_addresses = "none"/' "$CONF"
reload 0 "both daemons are told"
is "$(jq -r '[.[].pid] | unique | length' "$RUN/out")" 2 "two processes"
is "$(jq -r '.[] | select(.program == "tlswarden-policyd") | .pid' \
    "$RUN/out" | sort -u)" "$(daemon_pid policyd)" "policyd by its number"
is "$(jq -r '.[] | select(.program == "tlswarden-milter") | .pid' \
    "$RUN/out")" "$(daemon_pid milter)" "the milter by its number"
expect_log "$RUN/policyd.log" 'reload|read again' "policyd reloads"
expect_log "$RUN/milter.log" 'configuration read again' "the milter reloads"
check "policyd lives" daemon_running policyd
check "the milter lives" daemon_running milter
check "and answers" policyd_answers

reload 77 "another user may not" \
    setpriv --reuid daemon --regid postfix --clear-groups
like "$(cat "$RUN/err")" 'as root' "and is told who may"

# ---- somebody else behind the socket ------------------------------------
milter_stop TERM
cat > "$RUN/other.py" <<'PY'
import signal, socket, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit("killed by SIGUSR1"))
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
print("listens", flush=True)
while True:
    s.accept()[0].close()
PY
rm -f "$MILTER_SOCKET"
daemon_start other python3 "$RUN/other.py" "$MILTER_SOCKET"
wait_log "$RUN/other.log" listens || bail "other.py does not listen"
reload 0 "policyd is told"
result milter.sock 'another program' "another program is named"
sleep 0.3
check "and left alone" daemon_running other
daemon_stop other
reload 0 "a socket that nobody serves any more"
result milter.sock 'not running' "is told from one that is served"

policyd_stop KILL
reload 69 "after kill -9 nobody is there"

done_testing
