#!/bin/bash
# tlswarden: no function over 80 lines, no file over 600.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

max_function=80
max_file=600

command -v ctags >/dev/null || skip_all "universal-ctags is not installed"
ctags --version 2>/dev/null | grep -q 'Universal Ctags' ||
	skip_all "ctags is not universal-ctags"

# LINES FILE:LINE NAME of every function.
functions=$(c_files | (cd "$root" && ctags -L - -f - --languages=C,C++ \
	--map-C=+.h --kinds-C=f --fields=+ne --excmd=number 2>/dev/null) |
	awk -F '\t' '{
		line = 0; end = 0
		for (i = 3; i <= NF; i++) {
			if ($i ~ /^line:/) line = substr($i, 6)
			if ($i ~ /^end:/) end = substr($i, 5)
		}
		if (line == 0) line = $3 + 0
		if (end > 0) print end - line + 1, $2 ":" line, $1
	}' | sort -n)

if [ "$(c_files | grep -c '\.c$')" -gt 0 ]; then
	[ -n "$functions" ] || echo "ctags found no function at all"
fi | report "functions are found"
printf '%s\n' "$functions" | awk -v max="$max_function" \
	'$1 > max { print $2 ": " $3 " has " $1 " lines of " max }' |
	report "no function over $max_function lines"
files '*.c' '*.h' '*.sh' | while IFS= read -r f; do
	n=$(wc -l <"$root/$f")
	[ "$n" -le "$max_file" ] ||
		echo "$f has $n lines, $max_file are allowed"
done | report "no file over $max_file lines"
printf '%s\n' "$functions" | awk 'NF { n[++k] = $1; last = $2 " " $3 }
	END {
		if (k == 0) exit
		printf "# %d functions: median %d, p90 %d, longest %d (%s)\n",
		    k, n[int((k + 1) / 2)], n[int(k * 0.9 + 0.5)], n[k], last
	}'
finish
