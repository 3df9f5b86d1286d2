#!/bin/bash
# tlswarden: help, versions, wrong command lines, colours.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

new_table
sql "INSERT INTO policy(direction, level) VALUES('in', 'encrypt')"

# bare RC DESC ARGS...: without -c FILE in front.
bare() {
	local want=$1 desc=$2 rc
	shift 2
	out=$("$program" "$@" 2>"$work/err")
	rc=$?
	err=$(cat "$work/err")
	[ "$rc" = "$want" ]
	verdict $? "$desc (exit code $rc, want $want)"
}

bare 0 "--version" --version
out_has '^tlswarden [0-9]+\.[0-9]+' "program and number"
bare 0 "-V" -V
bare 0 "--help" --help
out_has '^  rule +' "lists the verbs"
verbs=$(sed -nE 's/^  ([a-z]+)  .*/\1/p' <<<"$out")
bare 64 "an empty verb" ""
bare 64 "no verb"
err_has 'tlswarden --help' "says where help is"
bare 64 "an unknown verb" explan
err_has 'do you mean "explain"' "the nearest is named"
bare 64 "an unknown verb that is like none" xyzzy
err_has '"xyzzy" is no command$' "no guess"
bare 64 "an unknown option in front" --jsno rule list
err_has 'jsno' "is named"
bare 64 "no value" -c
bare 66 "a configuration that is not there" -c "$work/none" rule list
for verb in $verbs; do
	bare 0 "$verb --help" "$verb" --help
	out_has "^usage: tlswarden $verb" "how to use $verb"
	out_has '^ +--json ' "$verb takes --json"
	bare 0 "$verb -h" "$verb" -h
	bare 64 "$verb --nonsense" "$verb" --nonsense
done
for verb in add list show set enable disable remove move; do
	bare 0 "rule $verb --help" rule $verb --help
	out_has "^usage: tlswarden rule $verb" "how to use it"
done

# Global options stand anywhere.
bare 0 "-c in front" -c "$conf" --json rule list
json 'length == 1' "JSON"
bare 0 "-c behind" rule list -c "$conf" --json
json 'length == 1' "JSON"
bare 0 "between a verb and its sub verb" rule -c "$conf" --json list
json 'length == 1' "JSON"
bare 64 "an unknown one there" rule --jsno list
err_has 'jsno' "is named"
bare 0 "--config=" --config="$conf" rule list --json
json 'length == 1' "JSON"

# ---- the daemons --------------------------------------------------------
for daemon in policyd/tlswarden-policyd milter/tlswarden-milter \
	prober/tlswarden-prober; do
	name=${daemon##*/}
	for option in -V --version; do
		out=$("$top_builddir/$daemon" "$option" 2>"$work/err")
		rc=$?
		[ "$rc" = 0 ]
		verdict $? "$name $option (exit code $rc)"
		out_has "^$name [0-9]+\.[0-9]+.* \(.*\)\$" "name and numbers"
	done
done

# ---- colours ------------------------------------------------------------
if command -v script >/dev/null; then
	# terminal VARIABLE=VALUE...: what a terminal gets to see.
	terminal() {
		env TERM=xterm "$@" script -qec \
			"'$program' -c '$conf' check --mta postfix" \
			/dev/null </dev/null 2>&1
	}
	out=$(terminal A=b) err=
	grep -q $'\033' <<<"$out"
	verdict $? "colours on a terminal"
	out=$(terminal NO_COLOR=1)
	! grep -q $'\033' <<<"$out"
	verdict $? "none with NO_COLOR"
	out=$(terminal NO_COLOR=)
	grep -q $'\033' <<<"$out"
	verdict $? "an empty NO_COLOR is none"
	out=$(terminal TERM=dumb)
	! grep -q $'\033' <<<"$out"
	verdict $? "none on a dumb terminal"
fi

finish
