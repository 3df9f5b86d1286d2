#!/bin/bash
# tlswarden: measures policyd against a bare echo server, side by side.
# SPDX-License-Identifier: BSD-2-Clause
#
# Run by "make bench" on a machine that does nothing else. Every sample is a
# closed loop of bench_load; the servers take turns within a round, and the
# round's echo server is what a ratio is taken to.
set -u

usage() {
	cat <<-TEXT
	usage: tests/bench/run.sh [options]   (top_builddir: where it is built)
	  -r N       rounds (15)
	  -d SECS    time of one sample (0.4)
	  -c LIST    connections ("1 8 64 256 1000")
	  -t LIST    of "unix inet delegation engine load reload" (all)
	  -n N       rules of the big table (1000000)
	  -o FILE    write the report there too
	TEXT
}

rounds=15 secs=0.4 conns="1 8 64 256 1000" rules=1000000 out=
tests="unix inet delegation engine load reload"
while getopts r:d:c:t:n:o:h opt; do
	case $opt in
	r) rounds=$OPTARG ;;
	d) secs=$OPTARG ;;
	c) conns=$OPTARG ;;
	t) tests=$OPTARG ;;
	n) rules=$OPTARG ;;
	o) out=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 64 ;;
	esac
done

# shellcheck source=bench.inc.sh
. "$(dirname "$0")/bench.inc.sh"
policyd=$build/policyd/tlswarden-policyd
needs "$tools/bench_load" "$tools/bench_echo" "$tools/genrules" \
	"$tools/bench_engine" "$policyd"

# address WHERE NAME: where a server listens, as bench_echo and our
# configuration write it.
address() {
	case $1 in
	inet) echo "inet:127.0.0.1:$(free_port)" ;;
	*) echo "unix:$work/$2.sock" ;;
	esac
}

# serves WHERE NAME ADDRESS KEYS: notes how to ask the server just started.
serves() {
	local protocol=socketmap map=:tlspolicy
	[ "$1" != delegation ] || protocol=policy map=
	pid_of[$2]=$!
	started+=($!)
	target_of[$2]=$protocol:$3$map
	keys_of[$2]=$4
}

# echo_server WHERE NAME KEYS THREADS
echo_server() {
	local at flag=
	at=$(address "$1" "$2")
	[ "$1" != delegation ] || flag=-p
	"$tools/bench_echo" $flag -t "$4" "$at" &
	serves "$1" "$2" "$at" "$3"
}

# policyd_server WHERE NAME TABLE WORKERS
policyd_server() {
	local at listen user dir=$work/$2
	at=$(address "$1" "$2")
	mkdir -p "$dir/state" "$dir/ca"
	cp "$data/$3.db" "$dir/policy.db"
	chmod 755 "$dir"
	user=$(service_user "$dir/state" "$dir/ca")
	listen="socketmap_listen = {\"$at\"} delegation_listen = {}"
	[ "$1" != delegation ] ||
		listen="delegation_listen = {\"$at\"} socketmap_listen = {}"
	cat >"$dir/conf" <<-CONF
	policy_database = "$dir/policy.db"
	state_database = "$dir/state/state.db"
	last_good = "$dir/state/policy.last-good"
	ca_directory = "$dir/ca"
	user = "$user"
	log = "stderr"
	workers = $4
	probe = false
	$listen
	CONF
	"$policyd" -c "$dir/conf" 2>"$dir/log" &
	serves "$1" "$2" "$at" "$data/$3.keys"
}

# answers NAME: waits until it does, at most 60 s.
answers() {
	for _ in $(seq 1200); do
		"$tools/bench_load" -k "${keys_of[$1]}" -m 1 -c 1 -w 0 -d 0.01 \
			"${target_of[$1]}" >/dev/null 2>&1 && return
		kill -0 "${pid_of[$1]}" 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/$1/log" >&2 2>/dev/null
	die "$1 does not answer"
}

# sample NAME OPTION...: one line of bench_load, its errors are fatal.
sample() {
	local at=$1 line
	shift
	line=$("$tools/bench_load" -k "${keys_of[$at]}" -P "${pid_of[$at]}" \
		"$@" "${target_of[$at]}") || die "$at: $line"
	echo "$line"
}

# rounds_of WHERE SERVER...: lines for report.awk.
rounds_of() {
	local where=$1 c r s line k
	shift
	for c in $conns; do
		for r in $(seq "$rounds"); do
			# Each server comes first equally often.
			for k in $(seq 0 $(($# - 1))); do
				s=$(((r - 1 + k) % $# + 1))
				s=${!s}
				line=$(sample "$s" -c "$c" -w 0.05 \
					-d "$secs") || exit
				echo "$where $c $r $s" \
					"$(field rate <<<"$line")" \
					"$(field p50_us <<<"$line")" \
					"$(field p99_us <<<"$line")" \
					"$(field p999_us <<<"$line")" \
					"$(field cpu_us <<<"$line")"
			done
		done
		say "$where, $c connections: done"
	done
}

# phase WHERE TABLE [GENRULES-OPTION]: all servers of one kind of socket, then
# away with them. One thread against one thread; then as many as cores.
phase() {
	local s servers="echo echo-2 rules-10 rules-1M"
	servers+=" echo-all-cores rules-1M-all-cores"
	table "$2-10" 10 ${3:+"$3"}
	table "$2-big" "$rules" ${3:+"$3"}
	echo_server "$1" echo "$data/$2-big.keys" 1
	echo_server "$1" echo-2 "$data/$2-big.keys" 1
	echo_server "$1" echo-all-cores "$data/$2-big.keys" "$(nproc)"
	policyd_server "$1" rules-10 "$2-10" 1
	policyd_server "$1" rules-1M "$2-big" 1
	policyd_server "$1" rules-1M-all-cores "$2-big" 0
	for s in $servers; do
		answers "$s"
	done
	# shellcheck disable=SC2086 # a list of names
	rounds_of "$1" $servers
	stop_servers
}

now_msecs() {
	echo $(($(date +%s%N) / 1000000))
}

resident_kib() {
	awk -v what="$1:" '$1 == what { print $2 }' "/proc/$2/status"
}

# The engine alone: CPU time, so that a busy machine does not count.
engine_phase() {
	local t
	table out-10 10
	table out-big "$rules"
	table in-big "$rules" -i
	echo
	echo "The engine without sockets, CPU time of one thread:"
	echo
	for t in out-10 out-big in-big; do
		echo "    $t: $("$tools/bench_engine" "$data/$t.db" \
			"$data/$t.keys" | tr '\n' ' ')"
	done
}

# kept NAME: waits until the table is kept as last good, which ends loading.
kept() {
	for _ in $(seq 600); do
		[ ! -e "$work/$1/state/policy.last-good" ] || return
		sleep 0.1
	done
	say "$1: no policy.last-good after 60 s"
}

# From start to the first answer, and what a rule takes in memory.
load_phase() {
	local at times='' said='' rss small n=$((rounds < 5 ? rounds : 5))
	table out-10 10
	table out-big "$rules"
	policyd_server unix small out-10 1
	answers small
	kept small
	small=$(resident_kib VmRSS "${pid_of[small]}")
	for _ in $(seq "$n"); do
		at=$(now_msecs)
		policyd_server unix big out-big 1
		answers big
		times="$times $(($(now_msecs) - at))"
		kept big
		sleep 1
		rss=$(resident_kib VmRSS "${pid_of[big]}")
		said="$said $(field msecs <"$work/big/log" | head -n 1)"
		grep 'table loaded' "$work/big/log" >"$data/big.log"
		kill "${pid_of[big]}"
		wait "${pid_of[big]}"
		rm -rf "$work"/big*
	done
	echo
	echo "From start to the first answer with $rules rules, ms:$times;" \
		"of it loading:$said."
	echo "Resident: $rss KiB with them, $small KiB with 10 rules:" \
		"$(((rss - small) * 1024 / rules)) bytes a rule, strings" \
		"included. The daemon's own words:"
	sed 's/^/    /' "$data/big.log"
	stop_servers
}

# p99.9 at 10,000 requests a second, quiet and with a change every second;
# how long a change takes to be served.
reload_phase() {
	local db quiet busy change=0 r
	table out-big "$rules"
	policyd_server unix big out-big 1
	answers big
	db=$work/big/policy.db
	echo
	echo "| 10,000 requests/s, 64 connections | p50 us | p99 us |" \
		"p99.9 us | max us |"
	echo "|---|---|---|---|---|"
	for r in 1 2 3; do
		quiet=$(sample big -c 64 -r 10000 -d 5) || exit
		echo "$quiet" | latencies "quiet, run $r"
		(
			for k in $(seq 5); do
				sqlite3 "$db" "INSERT INTO policy(direction,
				    recipient, level) VALUES ('out',
				    'r$r-$k.example.mil', 'encrypt')"
				sleep 1
			done
		) &
		change=$!
		busy=$(sample big -c 64 -r 10000 -d 5) || exit
		wait "$change"
		echo "$busy" | latencies "a change every second, run $r"
	done
	echo
	echo "A change is served after, ms:$(served_after "$db")" \
		"with $rules rules;"
	stop_servers
	table out-100k 100000
	policyd_server unix big out-100k 1
	answers big
	echo "$(served_after "$db") with 100000."
	stop_servers
}

latencies() {
	local line
	line=$(cat)
	echo "| $1 | $(field p50_us <<<"$line") | $(field p99_us <<<"$line")" \
		"| $(field p999_us <<<"$line") | $(field max_us <<<"$line") |"
}

# Inserts a rule and asks until it is there; from time to time, so that the
# table of the change before is kept already.
served_after() {
	local r at
	for r in $(seq 5); do
		sleep 8
		echo "served-$r.example.mil" >"$work/new.keys"
		sqlite3 "$1" "INSERT INTO policy(direction, recipient, level)
		    VALUES ('out', 'served-$r.example.mil', 'encrypt')"
		at=$(now_msecs)
		until "$tools/bench_load" -k "$work/new.keys" -c 1 -w 0 \
			-d 0.02 "${target_of[big]}" | grep -q 'found=[1-9]'; do
			[ $(($(now_msecs) - at)) -lt 60000 ] || {
				echo -n " never (60 s)"
				return
			}
			sleep 0.01
		done
		echo -n " $(($(now_msecs) - at))"
	done
}

report() {
	local where
	for where in unix inet; do
		[[ " $tests " != *" $where "* ]] || phase "$where" out
	done >"$data/samples"
	[[ " $tests " != *" delegation "* ]] ||
		phase delegation in -i >>"$data/samples"
	[ ! -s "$data/samples" ] ||
		awk -f "$bench_dir/report.awk" "$data/samples"
	[[ " $tests " != *" engine "* ]] || engine_phase
	[[ " $tests " != *" load "* ]] || load_phase
	[[ " $tests " != *" reload "* ]] || reload_phase
}

say "$(nproc) cores, $(uname -r), load before: $(cut -d' ' -f1 /proc/loadavg)"
report >"$data/report"
cat "$data/report"
[ -z "$out" ] || cp "$data/report" "$out"
