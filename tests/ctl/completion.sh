#!/bin/bash
# tlswarden: the shell completes what the program knows.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
# shellcheck source=../../contrib/completion/tlswarden.bash
. "$top_srcdir/contrib/completion/tlswarden.bash"

new_table
sql "INSERT INTO policy(direction, level) VALUES('in', 'none')"
# The completion asks the program as a person does, by its name alone.
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" -c "%s" "$@"\n' "$program" "$conf" \
	>"$work/bin/tlswarden"
chmod +x "$work/bin/tlswarden"
PATH=$work/bin:$PATH

# completes WANT DESC WORD...: the last word is the one being typed.
completes() {
	local want=$1 desc=$2
	shift 2
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_tlswarden
	out="${COMPREPLY[*]}" err=
	[ "$out" = "$want" ]
	verdict $? "$desc"
}

completes "$("$program" --help | sed -nE 's/^  ([a-z]+)  .*/\1/p' | xargs)" \
	"all verbs" tlswarden ""
completes "explain" "a verb" tlswarden expl
completes "add list show set enable disable remove move promote" "sub verbs" \
	tlswarden rule ""
completes "--level" "an option" tlswarden rule add --le
completes "--mta" "an option behind a configuration" \
	tlswarden -c /etc/file check --m
completes "none preferred encrypt secure" "values" tlswarden rule add --level ""
completes "enforce" "a value" tlswarden rule set 1 --mode e
completes "json postfix cidr" "values that --help names" \
	tlswarden export --format ""
completes "starttls smtps lmtp" "those of the verb" tlswarden probe --mode ""
completes "1" "numbers of rules" tlswarden rule show ""
completes "1" "numbers behind an option" tlswarden audit --rule ""
completes "" "nothing for what is no verb" tlswarden nothing --x

# Every verb and every option of --help can be reached.
for verb in $(_tlswarden_verbs); do
	out=$("$program" "$verb" --help) err=
	n=$(_tlswarden_options "$verb" | wc -l)
	[ "$n" -ge 3 ]
	verdict $? "options of $verb are found: $n"
done

# Each "--option a|b" of --help, of verbs and sub verbs.
while read -r option choices verb; do
	# shellcheck disable=SC2086 # a verb and its sub verb
	completes "${choices//|/ }" "$verb $option" tlswarden $verb "$option" ""
done < <(for verb in $(_tlswarden_verbs) "rule add" "rule set" "ca import"; do
	# shellcheck disable=SC2086 # a verb and its sub verb
	"$program" $verb --help |
		sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+) /\2 /p' |
		sed -nE "s/^([^ ]+ [a-z]+(\|[a-z]+)+)( .*)?$/\1 $verb/p"
done)

if command -v zsh >/dev/null; then
	zsh -n "$top_srcdir/contrib/completion/_tlswarden" 2>"$work/err"
	rc=$?
	err=$(cat "$work/err")
	verdict $rc "the completion for zsh parses"
fi

finish
