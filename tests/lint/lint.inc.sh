# shellcheck shell=bash
# tlswarden: what the lint tests share. Sourced, not run.
# SPDX-License-Identifier: BSD-2-Clause
#
# A lint test calls report once per rule with the offending lines on stdin:
# none is "ok", any is "not ok" with the lines as diagnostics. finish prints
# the plan. The tests look at the source tree as git sees it (files not yet
# added too), or at every file where there is no repository (a tarball).

export LC_ALL=C
shopt -s lastpipe
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_srcdir=${top_srcdir:-$(cd "$here/../.." && pwd)}
# lint_root: another tree to look at; tests/lint/selftest.sh sets it.
root=${lint_root:-$top_srcdir}
# lint_objects: the build tree whose objects and programs are looked at.
# shellcheck disable=SC2034 # for the tests
objects=${lint_objects:-${top_builddir:-}}
lint_count=0
lint_failed=0

# report LABEL: offending lines on stdin.
report() {
	local label=$1 lines
	lines=$(cat)
	lint_count=$((lint_count + 1))
	if [ -z "$lines" ]; then
		echo "ok $lint_count - $label"
		return
	fi
	lint_failed=$((lint_failed + 1))
	echo "not ok $lint_count - $label"
	printf '%s\n' "$lines" | sed 's/^/# /'
}

# skip LABEL REASON
skip() {
	lint_count=$((lint_count + 1))
	echo "ok $lint_count - $1 # SKIP $2"
}

# skip_all REASON: ends the test.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# The TAP driver (which sets top_builddir) counts the lines and would count a
# bad exit code once more; the exit code is for people.
finish() {
	if [ "$lint_count" = 0 ]; then
		echo "Bail out! nothing was checked"
		exit 1
	fi
	echo "1..$lint_count"
	[ -n "${top_builddir:-}" ] || [ "$lint_failed" = 0 ]
	exit
}

# files [PATTERN...]: paths of the tree that match a pattern of case; all
# without one.
files() {
	local f p
	if [ -e "$root/.git" ]; then
		git -C "$root" ls-files --cached --others --exclude-standard
	else
		(cd "$root" && find . -type f ! -path '*/_build/*' \
			! -path './b/*' ! -path './autom4te.cache/*' \
			! -path './build-aux/*' ! -path './m4/*' \
			! -name aclocal.m4 ! -name configure \
			! -name Makefile.in ! -name 'config.h.in*' |
			sed 's|^\./||')
	fi | sort -u | while IFS= read -r f; do
		[ -f "$root/$f" ] || continue
		[ $# -gt 0 ] || echo "$f"
		for p in "$@"; do
			# shellcheck disable=SC2254 # patterns are meant
			case $f in $p) echo "$f"; break ;; esac
		done
	done
}

# The C files of the project.
c_files() {
	files '*.c' '*.h'
}

# code FILE...: "FILE:LINE:text" with comments and the insides of strings
# blanked, so that a pattern finds code only.
code() {
	(cd "$root" && awk -f "$here/strip.awk" -- "$@")
}
