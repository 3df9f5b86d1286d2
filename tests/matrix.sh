#!/bin/bash
# tlswarden: prints the enforcement matrix as the last run of the tests left
# it in their logs; with --run runs them first. Who uses it: make check-matrix.
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: matrix.sh [--run]     in the build folder, after make check
#
# The table of tests/STATUS.md gives the names of rows and columns, no more.
# What a cell is comes from the checks that carry its name (cell.inc.sh):
#	enforced	all that ran passed against the mail server
#	reported	`tlswarden check` says what the mail server cannot do
#	FAILED		one of them failed
#	missing		none ran
# Exit code 0 only when every cell is enforced or reported, every test passed,
# and every test that STATUS.md names at a cell has a check of it.
set -u
top_srcdir=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
status=$top_srcdir/tests/STATUS.md
bad=0

# The tests that name cells, and those that are made of such a test.
tests() {
	local named
	cd "$top_srcdir" || exit 1
	named=$(grep -lE '^[[:space:]]*(cell|reported) ' tests/*/*.sh |
		grep -vE '\.inc\.sh$|/lib\.sh$')
	{
		echo "$named"
		grep -lE "/($(sed 's|.*/||; s|\.|\\.|g' <<<"$named" |
			paste -sd '|'))\"?\$" tests/*/t-*.sh
	} | sort -u
}

# "COLUMN / ROW" and, behind a tab, the tests that STATUS.md names there.
cells() {
	awk -F ' *[|] *' '
		/^## / { on = ($0 == "## The enforcement matrix") }
		!on || !/^\|/ || /^\|-/ { next }
		$2 == "" { for (i = 3; i < NF; i++) head[i] = $i; next }
		{
			row = $2
			sub(/ *\(.*/, "", row)
			for (i = 3; i < NF; i++)
				print head[i] " / " row "\t" $i
		}' "$status"
}

# Of the logs of these tests: verdict, "COLUMN / ROW" and test of each check.
checks() {
	local t
	for t; do
		[ -r "${t%.sh}.log" ] || continue
		sed -nE "s~^(not ok|ok) [0-9]+ - (cell|reported): ([^:]*): .*~\
\1 \2\t\3\t${t%.sh}~p" "${t%.sh}.log"
	done
}

# Prints the table; fails when a cell does.
table() {
	awk -F '\t' '
		FILENAME == ARGV[1] {
			n[$2]++
			if ($1 ~ /^not/) failed[$2]++
			else if ($1 == "ok cell") done[$2]++
			else told[$2]++
			t = $3
			sub("tests/e2e/", "", t)
			if (!seen[$2, t]++) by[$2] = by[$2] " " t
			next
		}
		!$1 { next }
		{
			known[$1] = 1
			word = "missing"
			if (done[$1]) word = "enforced"
			if (told[$1]) word = (done[$1] ? "enforced, " : "") \
				"reported"
			if (failed[$1]) word = "FAILED"
			count[word]++
			total++
			printf("%-40s %-20s %4d %s\n", $1, word, n[$1], by[$1])
			while (match($2, /(tests\/ctl\/|t-)[a-z0-9_-]+/)) {
				t = substr($2, RSTART, RLENGTH)
				$2 = substr($2, RSTART + RLENGTH)
				if (!seen[$1, t])
					wrong[++w] = $1 " names " t \
						", which checked nothing of it"
			}
		}
		END {
			printf("%d cells:", total)
			for (word in count)
				printf(" %d %s;", count[word], word)
			print ""
			for (c in n)
				if (!(c in known))
					wrong[++w] = "there is no cell " c
			for (i = 1; i <= w; i++)
				print "STATUS.md: " wrong[i]
			exit (w || !total || count["missing"] ||
			    count["FAILED"])
		}' <(checks "$@") <(cells)
}

mapfile -t all < <(tests)
if [ "${1:-}" = --run ]; then
	E2E_REQUIRED=1 "${MAKE:-make}" check TESTS="${all[*]}" || bad=1
fi
table "${all[@]}" || bad=1
exit "$bad"
