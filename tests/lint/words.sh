#!/bin/bash
# tlswarden: the tree speaks of itself, not of the machine it was written on.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

# A developer's own folders and tools. Folders count where a path begins.
paths='(^|[^A-Za-z0-9_.}/-])/(root|home|Users|work|tmp/[a-z]+-wt)/'
words='\<(ccache|distcc|sccache)\>'

mapfile -t all < <(files | grep -vx 'tests/lint/words\.sh')
[ ${#all[@]} -gt 0 ] || skip_all "no files"
(cd "$root" && grep -HnIE "$paths" -- "${all[@]}") |
	report "no path of a developer's machine"
(cd "$root" && grep -HnIwE "$words" -- "${all[@]}") |
	report "no tool of a developer's machine"
(cd "$root" && grep -lE '^(<<<<<<<|>>>>>>>) ' -- "${all[@]}") |
	report "no conflict markers"
finish
