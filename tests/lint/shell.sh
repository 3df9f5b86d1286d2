#!/bin/bash
# tlswarden: shellcheck has nothing to say.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

command -v shellcheck >/dev/null || skip_all "shellcheck is not installed"

mapfile -t scripts < <(files | while IFS= read -r f; do
	case $f in *.inc.sh) echo "$f"; continue ;; esac
	IFS= read -r first 2>/dev/null <"$root/$f" || continue
	case $first in
	'#!'*/sh | '#!'*/bash | '#!'*'/sh '* | '#!'*'/bash '* | \
		'#!'*'env sh' | '#!'*'env bash') echo "$f" ;;
	esac
done 2>/dev/null)
[ ${#scripts[@]} -gt 0 ] || skip_all "no shell scripts"

# SC2317 takes functions that are called by name for unreachable.
for f in "${scripts[@]}"; do
	(cd "$root" && shellcheck -f gcc -x -P SCRIPTDIR -e SC2317 "$f")
done | report "shellcheck: ${#scripts[@]} scripts"

for f in "${scripts[@]}"; do
	case $f in *.inc.sh) continue ;; esac
	[ -x "$root/$f" ] || echo "$f: has a shebang and is not executable"
done | report "scripts are executable"
finish
