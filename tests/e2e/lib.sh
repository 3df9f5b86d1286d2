# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for who sources it
# tlswarden: base of the end-to-end tests: TAP, a private world, processes,
# waiting, logs.
# SPDX-License-Identifier: BSD-2-Clause
#
# Sourced by every t-*.sh, as its first action:
#
#	. "$(dirname "$0")/lib.sh"
#	e2e_init "$0"
#
# The private world. e2e_init runs the script again inside its own network,
# mount and process namespaces (needs root; without: the test is skipped, or
# failed when E2E_REQUIRED=1). In there only `lo` exists, with all of
# 127.0.0.0/8 and ::1: every port is free, nothing of the machine is reached
# or disturbed, and all processes end with the test. resolv.conf names
# 127.0.0.1 (start dns_start of postfix.sh there), /etc/hosts only localhost.
#
# Variables a test may use after e2e_init:
#	RUN	its folder /run/tlswarden-test.XXXXXX, mode 0755, removed at
#		the end, also after a failure; kept when KEEP=1
#	HERE	the folder of these scripts
#	BUILD, SOURCE	top of the build and of the source tree
# Variables for the person who runs it: KEEP=1, E2E_REQUIRED=1,
# E2E_TIMEOUT=SECS for the whole test (default 180).
#
# TAP		ok DESC / not_ok DESC / diag TEXT...
#		check DESC COMMAND...	ok if COMMAND succeeds
#		is GOT WANT DESC	string equality
#		like GOT ERE DESC	grep -E
#		skip_all REASON		ends the test
#		bail TEXT		ends the test as failed
#		done_testing		prints the plan; the last line of a test
#		cell COLUMN / ROW	of the matrix: see ../cell.inc.sh
# Processes	daemon_start NAME COMMAND...	output to $RUN/NAME.log
#		daemon_pid NAME			prints the pid
#		daemon_stop NAME [SIGNAL]	TERM, or e.g. KILL; waits
# Waiting	wait_for SECS COMMAND...	polls until it succeeds
#		wait_log FILE ERE [SECS]	until one after the mark matches
# Logs		log_mark FILE			later checks start here
#		log_since FILE			prints what came after the mark
#		expect_log FILE ERE DESC [SECS]	assertion; shows the tail
#		refute_log FILE ERE DESC	no such line after the mark
set -u
LC_ALL=C
export LC_ALL
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE=${top_srcdir:-$(cd "$HERE/../.." && pwd)}
# shellcheck source=../cell.inc.sh
. "$HERE/../cell.inc.sh"
BUILD=${top_builddir:-$PWD}
WAIT_SECS=20	# default deadline of everything that is waited for

# ---- TAP ----------------------------------------------------------------
tap_count=0
tap_failed=0

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $cell_prefix$*"
}

not_ok()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $cell_prefix$*"
}

check()
{
	local desc=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$desc"
	else
		not_ok "$desc"
		diag "failed: $*"
		diag "$out"
	fi
}

is()
{
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3"
		diag "got:  $1"
		diag "want: $2"
	fi
}

like()
{
	if grep -Eq -- "$2" <<< "$1"; then
		ok "$3"
	else
		not_ok "$3"
		diag "got:  $1"
		diag "want: /$2/"
	fi
}

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

bail()
{
	echo "Bail out! $*"
	exit 1
}

done_testing()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ] || diag "$tap_failed of $tap_count failed"
	exit $((tap_failed > 0))
}

# ---- the private world --------------------------------------------------

# Outside: makes RUN and runs the script again in namespaces. Inside: sets up.
e2e_init()
{
	[ -z "${E2E_RUN:-}" ] || { e2e_inside; return; }
	[ -e "$BUILD/config.status" ] ||
	    bail "$BUILD is no build folder: run this there (make check does)"
	e2e_can "$1"
	E2E_RUN=$(mktemp -d /run/tlswarden-test.XXXXXX) ||
	    bail "cannot make a folder under /run"
	export E2E_RUN
	trap e2e_remove EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	timeout -k 5 "${E2E_TIMEOUT:-600}" \
	    unshare --net --mount --pid --fork --kill-child --mount-proc \
	    bash "$1" &
	E2E_CHILD=$!
	wait $E2E_CHILD
	local rc=$?
	E2E_CHILD=
	[ $rc != 124 ] && [ $rc != 137 ] ||
	    echo "Bail out! ${1##*/} ran into its time limit"
	exit $rc
}

e2e_can()
{
	local why=
	if [ "$(id -u)" != 0 ]; then
		why="needs root, for its own namespaces and a Postfix"
	elif ! unshare --net --mount --pid --fork true 2> /dev/null; then
		why="needs the right to make namespaces (unshare)"
	fi
	[ -n "$why" ] || return 0
	[ "${E2E_REQUIRED:-}" != 1 ] || bail "$why"
	skip_all "$why"
}

e2e_remove()
{
	if [ -n "${E2E_CHILD:-}" ]; then
		kill "$E2E_CHILD"
		wait "$E2E_CHILD"
	fi
	if [ "${KEEP:-}" = 1 ]; then
		diag "kept: $E2E_RUN"
	else
		rm -rf "$E2E_RUN"
	fi
}

e2e_inside()
{
	RUN=$E2E_RUN
	chmod 0755 "$RUN"
	ip link set lo up || bail "cannot bring lo up (iproute2 missing?)"
	echo "nameserver 127.0.0.1" > "$RUN/resolv.conf"
	printf '127.0.0.1 localhost\n::1 localhost\n' > "$RUN/hosts"
	mount --bind "$RUN/resolv.conf" /etc/resolv.conf ||
	    bail "cannot mount the test's resolv.conf"
	mount --bind "$RUN/hosts" /etc/hosts ||
	    bail "cannot mount the test's hosts"
	trap e2e_end EXIT
	declare -gA DAEMON=() MARK=()
}

# All processes end with the namespace; what is left is to say why.
e2e_end()
{
	local rc=$? f
	if [ $rc != 0 ]; then
		for f in "$RUN"/*.log; do
			[ -s "$f" ] || continue
			diag "---- end of ${f##*/}"
			diag "$(tail -n 20 "$f")"
		done
	fi
	exit $rc
}

# ---- processes ----------------------------------------------------------
daemon_start()
{
	local name=$1
	shift
	"$@" >> "$RUN/$name.log" 2>&1 < /dev/null &
	DAEMON[$name]=$!
}

daemon_pid()
{
	echo "${DAEMON[$1]:-}"
}

daemon_running()
{
	[ -n "${DAEMON[$1]:-}" ] && kill -0 "${DAEMON[$1]}" 2> /dev/null
}

# Gives the exit status of the daemon in daemon_status.
daemon_stop()
{
	local name=$1 signal=${2:-TERM} pid=${DAEMON[$1]:-}

	[ -n "$pid" ] || return 0
	kill -"$signal" "$pid" 2> /dev/null
	if ! wait_for "$WAIT_SECS" daemon_gone "$pid"; then
		diag "$name ignored SIG$signal for $WAIT_SECS seconds"
		kill -KILL "$pid"
	fi
	wait "$pid" 2> /dev/null
	daemon_status=$?
	unset "DAEMON[$name]"
}

daemon_gone()
{
	local state
	state=$(ps -o stat= -p "$1") || return 0
	[[ $state == Z* ]]
}

# ---- waiting and logs ---------------------------------------------------
wait_for()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep 0.05
	done
}

log_mark()
{
	MARK[$1]=$(wc -l < "$1")
}

log_since()
{
	tail -n "+$((${MARK[$1]:-0} + 1))" "$1" 2> /dev/null
}

log_has()
{
	log_since "$1" | grep -Eq -- "$2"
}

wait_log()
{
	wait_for "${3:-$WAIT_SECS}" log_has "$1" "$2"
}

expect_log()
{
	if wait_log "$1" "$2" "${4:-$WAIT_SECS}"; then
		ok "$3"
	else
		not_ok "$3"
		diag "no line of ${1##*/} matches /$2/; its end:"
		diag "$(log_since "$1" | tail -n 20)"
	fi
}

refute_log()
{
	if log_has "$1" "$2"; then
		not_ok "$3"
		diag "$(log_since "$1" | grep -E -- "$2" | tail -n 5)"
	else
		ok "$3"
	fi
}
