#!/bin/bash
# tlswarden: measures the milter against a libmilter filter that does nothing.
# SPDX-License-Identifier: BSD-2-Clause
#
# Run by "make bench-milter" on a machine that does nothing else. The idle
# filter negotiates the very steps that tlswarden-milter negotiates; both are
# told the same sessions. Rows recorded are compared with sessions run.
set -u

usage() {
	cat <<-TEXT
	usage: tests/bench/run-milter.sh [options]   (top_builddir: where built)
	  -r N       rounds (15)
	  -d SECS    time of one sample (1)
	  -c LIST    sessions at once ("8 64 256")
	  -n N       rules of the table (100000)
	  -o FILE    write the report there too
	TEXT
}

rounds=15 secs=1 conns="8 64 256" rules=100000 out=
while getopts r:d:c:n:o:h opt; do
	case $opt in
	r) rounds=$OPTARG ;;
	d) secs=$OPTARG ;;
	c) conns=$OPTARG ;;
	n) rules=$OPTARG ;;
	o) out=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 64 ;;
	esac
done

# shellcheck source=bench.inc.sh
. "$(dirname "$0")/bench.inc.sh"
milter=$build/milter/tlswarden-milter
needs "$tools/bench_milter" "$tools/bench_noop_milter" "$tools/genrules" \
	"$milter"

# listening NAME: waits for the socket of a filter just started.
listening() {
	local at=$work/$1.sock
	pid_of[$1]=$!
	started+=($!)
	target_of[$1]=unix:$at
	for _ in $(seq 600); do
		"$tools/bench_milter" -k "$keys" -N "unix:$at" >/dev/null \
			2>&1 && return
		kill -0 "${pid_of[$1]}" 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/$1.log" >&2
	die "$1 does not answer"
}

start_milter() {
	local dir=$work/milter user
	mkdir -p "$dir/state"
	cp "$data/in-milter.db" "$dir/policy.db"
	user=$(service_user "$dir/state")
	cat >"$dir/conf" <<-CONF
	policy_database = "$dir/policy.db"
	state_database = "$dir/state/state.db"
	last_good = "$dir/state/policy.last-good"
	user = "$user"
	log = "stderr"
	log_level = "warning"
	milter_listen = "unix:$work/milter.sock"
	record = "all"
	CONF
	"$milter" -c "$dir/conf" 2>"$work/milter.log" &
	listening milter
}

start_idle() {
	"$tools/bench_noop_milter" -s "$2" -a "$3" "unix:$work/$1.sock" \
		2>"$work/$1.log" &
	listening "$1"
}

# sample NAME CONNECTIONS
sample() {
	local line
	line=$("$tools/bench_milter" -k "$keys" -c "$2" -d "$secs" \
		-P "${pid_of[$1]}" "${target_of[$1]}") || die "$1: $line"
	echo "$line"
}

# Lines for report.awk; the sessions told to our milter go to a file.
rounds_of() {
	local c r s k line
	for c in $conns; do
		for r in $(seq "$rounds"); do
			for k in 0 1 2; do
				s=$(((r - 1 + k) % 3 + 1))
				s=${!s}
				line=$(sample "$s" "$c") || exit
				echo "milter $c $r $s" \
					"$(field rate <<<"$line")" \
					"$(field p50_us <<<"$line")" \
					"$(field p99_us <<<"$line")" \
					"$(field p999_us <<<"$line")" \
					"$(field cpu_us <<<"$line")"
				[ "$s" != milter ] ||
					field sessions <<<"$line" >>"$told"
			done
		done
		say "$c sessions at once: done"
	done
}

table in-milter "$rules" -i
keys=$data/in-milter.keys
told=$work/told
: >"$told"
start_milter
flags=$("$tools/bench_milter" -k "$keys" -N "${target_of[milter]}") ||
	die "no negotiation: $flags"
asked=$(sqlite3 "$work/milter/state/state.db" "SELECT count(*) FROM session")
steps=${flags##*steps=}
actions=${flags#actions=}
actions=${actions%% *}
start_idle echo "$steps" "$actions"
start_idle echo-2 "$steps" "$actions"
rounds_of echo milter echo-2 >"$data/milter-samples"

report() {
	local rows sum
	echo "Negotiated: actions $actions, steps $steps. Server \"echo\" is" \
		"the filter that does nothing."
	echo
	awk -f "$bench_dir/report.awk" "$data/milter-samples"
	kill "${pid_of[milter]}"
	wait "${pid_of[milter]}"
	rows=$(sqlite3 "$work/milter/state/state.db" \
		"SELECT count(*) FROM session")
	sum=$(awk '{ n += $1 } END { print n + 0 }' "$told")
	echo
	echo "Sessions told to the milter: $sum; rows recorded beside" \
		"$asked before: $((rows - asked))."
	tail -n 3 "$work/milter.log" | sed 's/^/    /'
}

report >"$data/milter-report"
cat "$data/milter-report"
[ -z "$out" ] || cp "$data/milter-report" "$out"
