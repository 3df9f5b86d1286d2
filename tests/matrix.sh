#!/bin/bash
# tlswarden: prints the enforcement matrix of STATUS.md with the test behind
# each cell, and with --run runs those tests. Who uses it: make check-matrix.
# SPDX-License-Identifier: BSD-2-Clause
#
# A cell is enforced, reported or missing, as STATUS.md says it; a cell that
# names a test that is not there, or one that fails, makes this fail, too.
set -u
top_srcdir=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
status=$top_srcdir/tests/STATUS.md

# "cell|column|text" for each cell.
cells() {
	awk -F ' *[|] *' '
		/^## / { is_on = ($0 == "## The enforcement matrix") }
		!is_on || !/^\|/ || /^\|-/ { next }
		$2 == "" { for (i = 3; i < NF; i++) head[i] = $i; next }
		{ for (i = 3; i < NF; i++) print $2 "|" head[i] "|" $i }
	' "$status"
}

# Names of tests in parentheses, as folder/name.
tests_of() {
	grep -oE '\b(tests/[a-z]+/)?t-[a-z0-9-]+|\btests/ctl/[a-z_]+' <<<"$1" |
		sed 's|^t-|tests/e2e/t-|' | sort -u
}

words_of() {
	local words=
	[[ $1 == *PASS* ]] && words=enforced
	[[ $1 == *reported* ]] && words=${words:+$words, }reported
	[[ $1 == *missing* ]] && words=${words:+$words, }missing
	echo "${words:-unknown}"
}

bad=0
all=
while IFS='|' read -r cell column text; do
	words=$(words_of "$text")
	list=$(tests_of "$text" | xargs)
	printf '%-28s %-13s %-20s %s\n' "$cell" "$column" "$words" \
		"${list//tests\/e2e\//}"
	all="$all $list"
	if [ "$words" = unknown ] || { [[ $words != missing ]] &&
		[ -z "$list" ]; }; then
		echo "STATUS.md: this cell names no test" >&2
		bad=1
	fi
	for t in $list; do
		[ -f "$top_srcdir/$t.sh" ] && continue
		echo "STATUS.md: there is no test $t" >&2
		bad=1
	done
done < <(cells)
[ -n "$all" ] || bad=1
[ "${1:-}" = --run ] || exit "$bad"

all=$(xargs -n1 <<<"$all" | sort -u | sed 's/$/.sh/' | xargs)
"${MAKE:-make}" check TESTS="$all" || bad=1
exit "$bad"
