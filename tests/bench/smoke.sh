#!/bin/bash
# tlswarden: the measuring programs work and notice errors (0.2 s each).
# SPDX-License-Identifier: BSD-2-Clause
set -u
bench=${top_builddir:?set by make check}/tests/bench
base=/run
[ -w "$base" ] || base=${TMPDIR:-/tmp}
work=$(mktemp -d "$base/tlswarden-bench.XXXXXX") || exit 1
pids=()
stop() {
	local p
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	pids=()
}
trap 'stop; rm -rf "$work"' EXIT
count=0

result() {
	count=$((count + 1))
	echo "$1 $count - $2"
}

# measured LABEL CODE PATTERN COMMAND...: the command's exit code and line.
measured() {
	local label=$1 code=$2 pattern=$3 line rc
	shift 3
	line=$("$@" 2>&1)
	rc=$?
	if [ "$rc" = "$code" ] && [[ $line =~ $pattern ]]; then
		result ok "$label"
	else
		result "not ok" "$label"
		echo "# exit code $rc, wanted $code; line: $line"
	fi
}

serve() {
	"$bench/bench_echo" "$@" &
	pids+=($!)
	for _ in $(seq 100); do
		[ -S "$work/s" ] && return
		sleep 0.02
	done
}

load() {
	"$bench/bench_load" -k "$work/keys" -c 3 -w 0 -d 0.2 "$@"
}

seq -f 'd%g.example' 100 >"$work/keys"
good='replies=[1-9][0-9]*.*found=[1-9][0-9]* none=0 trouble=0 errors=0'
serve "unix:$work/s"
measured "socketmap, closed loop" 0 "$good cpu_us=" \
	load -P "${pids[0]}" "socketmap:unix:$work/s:m"
measured "socketmap, open loop" 0 "$good" \
	load -r 500 "socketmap:unix:$work/s:m"
measured "replies of the wrong protocol are errors" 2 'errors=[1-9]' \
	load "policy:unix:$work/s"
(sleep 0.1 && kill "${pids[0]}") &
measured "a server that goes away is an error" 2 'errors=3' \
	load "socketmap:unix:$work/s:m"
wait
pids=()
measured "no server is an error" 2 'connect' load "socketmap:unix:$work/s:m"
rm -f "$work/s"
serve -p "unix:$work/s"
measured "policy delegation" 0 "$good" load "policy:unix:$work/s"
rm -f "$work/s"
printf '%s\n' "192.0.2.1 a@sender.example" "2001:db8::1 b@sender.example" \
	>"$work/keys"
milter() {
	"$bench/bench_milter" -k "$work/keys" -c 3 -d 0.2 "$@" "unix:$work/s"
}
for steps in 0 2 1fffff; do
	"$bench/bench_noop_milter" -s "$steps" -a 1ff "unix:$work/s" &
	pids+=($!)
	for _ in $(seq 100); do
		[ ! -S "$work/s" ] || break
		sleep 0.02
	done
	measured "milter steps $steps are negotiated" 0 \
		"^actions=1ff steps=$steps$" milter -N
	measured "milter sessions with steps $steps" 0 \
		'sessions=[1-9].* refused=0 errors=0 cpu_us=' \
		milter -P "${pids[-1]}"
	stop
	wait
	rm -f "$work/s"
done
measured "no milter is an error" 2 'connect' milter

measured "an unknown target is refused" 2 'want socketmap' load nonsense
measured "a bad number is refused" 64 'bad value' load -c 0 x
echo "1..$count"
