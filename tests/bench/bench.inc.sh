# shellcheck shell=bash
# tlswarden: what run.sh and run-milter.sh share. Sourced, not run.
# SPDX-License-Identifier: BSD-2-Clause
#
# Sets tools, data, work; servers are started into pid_of and target_of with
# their keys in keys_of and are stopped at the end, whatever happens.

bench_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_srcdir=${top_srcdir:-$(cd "$bench_dir/../.." && pwd)}
build=${top_builddir:?top_builddir: the folder where tlswarden is built}
tools=$build/tests/bench
# The databases stay for the next run; sockets and the rest do not.
data=$build/bench-data
mkdir -p "$data" || exit 73
base=/run
[ -w "$base" ] || base=${TMPDIR:-/tmp}
work=$(mktemp -d "$base/tlswarden-bench.XXXXXX") || exit 73
chmod 755 "$work"
# shellcheck disable=SC2034 # for who sources this
declare -A pid_of target_of keys_of
started=()
stop_servers() {
	local p
	for p in "${started[@]}"; do kill "$p" 2>/dev/null; done
	[ ${#started[@]} = 0 ] || wait "${started[@]}"
	started=()
	rm -rf "${work:?}"/*
}
cleanup() {
	stop_servers
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# needs PROGRAM...: ends the run when one is not built.
needs() {
	local p
	for p; do
		[ -x "$p" ] || die "$p is not built"
	done
}

say() {
	echo "# $*" >&2
}

die() {
	say "$*"
	exit 70
}

field() {
	sed -n "s/.*\\<$1=\\([0-9.]*\\).*/\\1/p"
}

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		ss -Htln "sport = :$port" | grep -q . || break
	done
	echo "$port"
}

# table NAME RULES OPTION...: a database and its keys, made once.
table() {
	local name=$1 n=$2
	shift 2
	[ -s "$data/$name.keys" ] && [ "$data/$name.keys" -nt \
		"$top_srcdir/sql/policy.sql" ] && return
	rm -f "$data/$name".*
	say "making $name: $n rules"
	"$tools/genrules" -f "$top_srcdir/sql/policy.sql" -n "$n" \
		-k "$data/$name.tmp" "$@" "$data/$name.db" ||
		die "genrules failed"
	mv "$data/$name.tmp" "$data/$name.keys"
}

# service_user DIRECTORY...: gives them to the user that the daemons become
# and prints its name; empty when not run as root.
service_user() {
	[ "$(id -u)" = 0 ] || return
	chown -R nobody "$@"
	echo nobody
}
