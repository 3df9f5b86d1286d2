# tlswarden: completion of tlswarden(1) for bash. Who uses it: administrators;
# source it, or install it as /usr/share/bash-completion/completions/tlswarden.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Verbs and options are read from --help, so that they are always the
# program's own.

# The words of the first column of the list of verbs.
_tlswarden_verbs() {
	tlswarden "$@" --help 2>/dev/null |
		sed -nE 's/^  ([a-z]+)  .*/\1/p'
}

_tlswarden_options() {
	tlswarden "$@" --help 2>/dev/null |
		sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+).*/\2/p' | sort -u
}

# The first column of what "rule list" and "ca list" print.
_tlswarden_names() {
	tlswarden "$1" list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

# What --help of the verb says may stand behind the option: "--mta a|b".
_tlswarden_choices() {
	local option=$1
	shift
	tlswarden "$@" --help 2>/dev/null |
		sed -nE "s/^ +$option ([a-z]+(\\|[a-z]+)+).*/\\1/p" |
		sort -u | tr '|' ' '
}

# What may stand behind an option of the verb; false: a file or nothing known.
_tlswarden_values() {
	[[ $1 == --* ]] || return 1
	_tlswarden_choices "$@" | grep . && return
	case $1 in
	--level) echo none preferred encrypt secure ;;
	--mode) echo enforce monitor ;;
	--on-failure) echo tempfail fail ;;
	--min-protocol) echo TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 ;;
	--purpose) echo server client any ;;
	--verify) echo OK NO NOT FAIL ;;
	--seen-by) echo milter delegation dsn sendmail probe ;;
	--before | --after | --before-enforce | --rule) _tlswarden_names rule ;;
	--ca) _tlswarden_names ca ;;
	*) return 1 ;;
	esac
}

# The verb that was typed, "rule add" or "check", into verb.
_tlswarden_verb() {
	local i word skip=
	verb=()
	for ((i = 1; i < COMP_CWORD && ${#verb[@]} < 2; i++)); do
		word=${COMP_WORDS[i]}
		if [ -n "$skip" ]; then
			skip=
		elif [ "$word" = -c ] || [ "$word" = --config ]; then
			skip=1
		elif [[ $word != -* ]]; then
			case ${verb[0]:-} in
			'' | rule | ca) verb+=("$word") ;;
			*) return ;;
			esac
		fi
	done
}

_tlswarden() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb words
	_tlswarden_verb
	if words=$(_tlswarden_values "$before" "${verb[@]}"); then
		:
	elif [[ $word == -* ]]; then
		words=$(_tlswarden_options "${verb[@]}")
	else
		case ${verb[*]} in
		setup) words='postfix sendmail' ;;
		'' | rule | ca) words=$(_tlswarden_verbs "${verb[@]}") ;;
		'rule '[demprs]*) words=$(_tlswarden_names rule) ;;
		'ca '[ers]*) words=$(_tlswarden_names ca) ;;
		*) return ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _tlswarden tlswarden
