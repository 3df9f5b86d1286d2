# tlswarden: what the tests of tlswarden(1) share: TAP, a folder, a table.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Sourced first by every test. $work is the test's folder, removed at the end;
# $conf its configuration, $db its table (make it with new_table).
#	tw RC DESC ARGS...	runs tlswarden -c $conf; checks the exit code;
#				leaves $out and $err
#	out_is TEXT DESC	standard output is exactly that
#	out_has ERE DESC	a line of standard output matches
#	out_lacks ERE DESC	none does
#	err_has ERE DESC	a line of standard error matches
#	json FILTER DESC	standard output is JSON; jq -e FILTER holds
#	sql STATEMENT		at the plain sqlite3 shell
#	finish			prints the plan
#	reported COLUMN / ROW	of the matrix: see tests/cell.inc.sh
set -u
LC_ALL=C.UTF-8
export LC_ALL
top_srcdir=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
top_builddir=${top_builddir:-$PWD}
# shellcheck source=../cell.inc.sh
. "$top_srcdir/tests/cell.inc.sh"
program=$top_builddir/ctl/tlswarden
unset SUDO_USER NO_COLOR
# Not the Postfix of the machine; postfix.inc.sh makes one.
MAIL_CONFIG=/nonexistent/postfix
export MAIL_CONFIG

tests=0
failed=0

ok() {
	tests=$((tests + 1))
	echo "ok $tests - $cell_prefix$*"
}

not_ok() {
	tests=$((tests + 1))
	failed=$((failed + 1))
	echo "not ok $tests - $cell_prefix$*"
}

show() {
	printf '%s\n' "$*" | head -n 40 | sed 's/^/# /'
}

# verdict STATUS DESC: ok when STATUS is 0.
verdict() {
	local status=$1
	shift
	if [ "$status" = 0 ]; then
		ok "$@"
	else
		not_ok "$@"
		show "out: $out"
		show "err: $err"
	fi
}

tw() {
	local want=$1 desc=$2 rc
	shift 2
	out=$("$program" -c "$conf" "$@" 2>"$work/err")
	rc=$?
	err=$(cat "$work/err")
	[ "$rc" = "$want" ]
	verdict $? "$desc (exit code $rc, want $want)"
}

out_is() {
	[ "$out" = "$1" ]
	verdict $? "$2"
}

out_has() {
	grep -Eq -- "$1" <<<"$out"
	verdict $? "$2"
}

out_lacks() {
	! grep -Eq -- "$1" <<<"$out"
	verdict $? "$2"
}

err_has() {
	grep -Eq -- "$1" <<<"$err"
	verdict $? "$2"
}

json() {
	jq -e "$1" >/dev/null 2>&1 <<<"$out"
	verdict $? "$2"
}

sql() {
	sqlite3 "$db" "$1"
}

new_table() {
	rm -f "$db" "$db-journal"
	sqlite3 "$db" <"$top_srcdir/sql/policy.sql"
}

finish() {
	echo "1..$tests"
	[ "$failed" = 0 ]
	exit
}

bail() {
	echo "Bail out! $*"
	exit 1
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

for tool in jq sqlite3; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
[ -x "$program" ] || bail "$program is not built"
work=$(mktemp -d "${TMPDIR:-/tmp}/tlswarden-ctl.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -m 0750 "$work/lib"
db=$work/lib/policy.db
conf=$work/tlswarden.conf
cat >"$conf" <<CONF
policy_database = "$db"
state_database = "$work/lib/state/state.db"
last_good = "$work/lib/state/policy.last-good"
socketmap_listen = {"unix:$work/policyd.sock"}
delegation_listen = {"unix:$work/delegation.sock"}
milter_listen = "unix:$work/milter.sock"
user = "$(id -un)"
CONF
