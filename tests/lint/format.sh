#!/bin/bash
# tlswarden: clang-format 14 with .clang-format changes nothing.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

tool=
for t in clang-format-14 clang-format; do
	case $("$t" --version 2>/dev/null) in
	*" version 14."*) tool=$t; break ;;
	esac
done
[ -n "$tool" ] || skip_all "clang-format 14 is not installed"

mapfile -t sources < <(c_files)
[ ${#sources[@]} -gt 0 ] || skip_all "no C files"
for f in "${sources[@]}"; do
	(cd "$root" && "$tool" --style="file:$top_srcdir/.clang-format" \
		--dry-run -Werror "$f" 2>&1) | grep -m 3 -E '^[^ ].*error:'
done | report "clang-format changes nothing (clang-format -i FILE mends it)"
finish
