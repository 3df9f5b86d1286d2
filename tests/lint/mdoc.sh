#!/bin/bash
# tlswarden: manual pages are valid mdoc and say what the programs do.
# SPDX-License-Identifier: BSD-2-Clause
#
# How the pages must be written for these checks: options as ".Fl c" and
# ".Fl -json"; configuration keys in tlswarden.conf(5) as ".It Va key"; keys in
# the sample file as "key = value", a "#" in front or not.
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

mapfile -t pages < <(files '*.[158]' | grep -vE '(^|/)tests/')

# The page's mdoc date and references are checked by mandoc; a reference to a
# page that is not installed yet is no fault ("-W warning" does not show it).
lint_pages() {
	local p
	for p in "${pages[@]}"; do
		(cd "$root" && mandoc -T lint -W warning "$p") |
			sed 's/^mandoc: //'
	done
}

# Options of mdoc source: "--word" and "-c" a line.
page_options() {
	sed 's/\\-/-/g' "$1" | awk '/^\./ {
		for (i = 1; i < NF; i++)
			if ($i == "Fl" || $i == ".Fl")
				print "-" $(i + 1)
	}' | sort -u
}

# Options of a --help text on stdin.
help_options() {
	grep -oE -- '(^|[^A-Za-z0-9_./-])-(-[a-z][a-z0-9-]*|[A-Za-z0-9])\>' |
		sed 's/^[^-]*//' | sort -u
}

# All that PROGRAM --help says, and the --help of each verb that it lists as
# "  verb   what it does".
help_text() {
	local text verb
	text=$("$1" --help 2>&1) || { echo "exit code $?"; return 1; }
	printf '%s\n' "$text"
	case $1 in */ctl/tlswarden) ;; *) return ;; esac
	printf '%s\n' "$text" | sed -nE 's/^  ([a-z]+)  .*/\1/p' |
		while IFS= read -r verb; do
			"$1" "$verb" --help 2>&1 ||
				echo "$verb --help: exit code $?"
		done
}

# differ WHAT-HERE WHAT-THERE: lines of two sorted lists only in one of them.
differ() {
	comm -23 "$1" "$2" | sed "s|^|$3: |"
	comm -13 "$1" "$2" | sed "s|^|$4: |"
}

options_of() {
	local program=$1 page=$2
	help_text "$program" >"$work/help" || {
		echo "${program##*/} --help: $(tail -n 1 "$work/help")"
		return
	}
	grep 'exit code' "$work/help"
	help_options <"$work/help" >"$work/here"
	page_options "$root/$page" >"$work/there"
	differ "$work/here" "$work/there" \
		"in --help of ${program##*/}, not in $page" \
		"in $page, not in --help"
}

table_keys() {
	(cd "$root" && sed -nE 's/^[[:space:]]*\{ \.name = "([a-z_]+)".*/\1/p' \
		lib/base/conf_table.c 2>/dev/null) | sort
}

page_keys() {
	sed -nE 's/^\.It Va ([a-z_]+).*/\1/p' "$root/$1" | sort
}

sample_keys() {
	sed -nE 's/^#? ?([a-z_]+)[[:space:]]*=.*/\1/p' "$root/$1" | sort
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

if [ ${#pages[@]} = 0 ]; then
	echo "there are none" | report "mandoc has nothing to say"
elif ! command -v mandoc >/dev/null; then
	skip "mandoc has nothing to say" "mandoc is not installed"
else
	lint_pages | report "mandoc has nothing to say: ${#pages[@]} pages"
fi

for dir in ctl/tlswarden:1 policyd/tlswarden-policyd:8 \
	milter/tlswarden-milter:8 prober/tlswarden-prober:8; do
	program=${dir%:*}
	page=$program.${dir#*:}
	if [ -z "$objects" ] || [ ! -x "$objects/$program" ]; then
		skip "$page and --help agree" "the program is not built"
	elif [ ! -e "$root/$page" ]; then
		echo "$page is missing" | report "$page and --help agree"
	else
		options_of "$objects/$program" "$page" |
			report "$page and --help agree"
	fi
done

table_keys >"$work/table"
page=$(files '*tlswarden.conf.5' | head -n 1)
sample=$(files '*tlswarden.conf' '*tlswarden.conf.sample' | head -n 1)
if [ ! -s "$work/table" ]; then
	echo "no keys found in lib/base/conf_table.c"
fi | report "the table of configuration keys is found"
if [ -z "$page" ]; then
	echo "there is no tlswarden.conf.5" | report "every key is documented"
else
	page_keys "$page" >"$work/page"
	differ "$work/table" "$work/page" "not in $page" \
		"in $page, not in lib/base/conf_table.c" |
		report "every key is documented, every documented key exists"
fi
if [ -z "$sample" ]; then
	echo "there is no tlswarden.conf" | report "every key is in the sample"
else
	sample_keys "$sample" >"$work/sample"
	differ "$work/table" "$work/sample" "not in $sample" \
		"in $sample, not in lib/base/conf_table.c" |
		report "every key is in the sample, every key there exists"
fi
finish
