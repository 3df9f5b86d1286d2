#!/bin/bash
# tlswarden: what the house style forbids and a pattern can see.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

mapfile -t sources < <(c_files)
[ ${#sources[@]} -gt 0 ] || skip_all "no C files"
stripped=$(code "${sources[@]}")

banned_calls() {
	local list
	list=$(sed -n 's/^#pragma GCC poison //p' \
		"$top_srcdir/lib/base/banned.h" | xargs | tr ' ' '|')
	if [ -z "$list" ]; then
		echo "lib/base/banned.h names no function"
		return
	fi
	printf '%s\n' "$stripped" | grep -v '#pragma GCC poison' |
		grep -E "(^|[^A-Za-z0-9_.>])($list)[[:space:]]*\\("
}

todo_without_number() {
	files '*.c' '*.h' '*.sh' '*.sql' '*.mk' '*.am' '*.ac' '*.[158]' |
		grep -vx 'tests/lint/banned\.sh' |
		(cd "$root" && xargs -r grep -HnwE 'TODO|FIXME|XXX') |
		grep -vE '(TODO|FIXME)\(#[0-9]+\)'
}

without_spdx() {
	local f
	for f in "${sources[@]}"; do
		head -n 5 "$root/$f" |
			grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
			echo "$f: no SPDX line in the first five"
	done
}

config_not_first() {
	local f
	for f in "${sources[@]}"; do
		case $f in *.h) continue ;; esac
		[ "$(grep -m 1 -E '^[[:space:]]*#[[:space:]]*include' \
			"$root/$f")" = '#include "config.h"' ] ||
			echo "$f: the first include is not \"config.h\""
	done
	for f in "${sources[@]}"; do
		case $f in *.c) continue ;; esac
		! grep -Hn '#include "config.h"' "$root/$f" ||
			echo "$f: a header does not include config.h"
	done
}

without_guard() {
	local f want
	for f in "${sources[@]}"; do
		case $f in *.c) continue ;; esac
		want=${f#lib/}
		want=$(echo "$want" | tr 'a-z/.-' 'A-Z___')
		case $f in tests/*) want="[A-Z_]*" ;; esac
		grep -qx "#ifndef $want" "$root/$f" ||
			echo "$f: no guard $want"
	done
}

ndebug() {
	files '*.c' '*.h' '*.am' '*.ac' '*.mk' |
		(cd "$root" && xargs -r grep -HnE \
			'(-D|define[[:space:]]+)NDEBUG')
}

# Over 80 columns with tabs of 8; URLs and what stands in "clang-format off"
# may be longer, and the statements of tests/sql.
long_lines() {
	local f
	files '*.c' '*.h' '*.sh' | grep -v '^tests/sql/' |
		while IFS= read -r f; do
			expand -t 8 "$root/$f" | awk -v f="$f" '
			/clang-format off/ { off = 1 }
			/clang-format on/ { off = 0 }
			!off && length($0) > 80 && !/:\/\// {
				print f ":" FNR ": " length($0) " columns"
			}'
		done
}

trailing_blanks() {
	files '*.c' '*.h' '*.sh' '*.sql' '*.mk' '*.am' '*.ac' '*.[158]' \
		'*.md' README NEWS |
		(cd "$root" && xargs -r grep -HnE '[[:blank:]]+$')
}

# objdump's symbol table: which objects are in writable sections. In lib/
# there is no such state at all but the log's; programs may keep static ones
# (the stop flag); nobody may export a variable. Constant tables that hold
# pointers are in .data.rel.ro.
writable() {
	objdump -t "$1" | awk -v o="${1#"$objects"/}" '
	/\.data\.rel\.ro/ || $NF ~ /^(\.L|__asan|__ubsan|__sancov|__odr)/ {
		next
	}
	o ~ /^lib\/base\/([a-z_]*-)?log\.o$/ { next }
	/\*COM\*/ || (/[ \t]\.t?(data|bss)/ && substr($0, 18, 7) ~ /O/) {
		if (/\*COM\*/ || substr($0, 18, 1) == "g")
			print o ": " $NF " is visible outside"
		else if (o ~ /^lib\//)
			print o ": " $NF " is writable state in lib/"
	}'
}

variables() {
	local dir o
	for dir in lib milter policyd prober ctl; do
		[ -d "$objects/$dir" ] || continue
		find "$objects/$dir" -name '*.o' | sort |
			while IFS= read -r o; do writable "$o"; done
	done
}

banned_calls | report "banned functions are not called"
printf '%s\n' "$stripped" | grep -E '//' |
	report "comments are /* like this */"
todo_without_number | report "TODO carries a number: TODO(#12)"
without_spdx | report "SPDX line in every C file"
config_not_first | report "config.h is the first include of every .c"
without_guard | report "headers are guarded by their path"
ndebug | report "NDEBUG is never defined"
trailing_blanks | report "no trailing blanks"
long_lines | report "no line over 80 columns"
if [ -n "$objects" ] && [ -e "$objects/lib/base/libbase.a" ]; then
	if grep -qs '^SAN_FLAGS = .*fsanitize' "$objects/Makefile"; then
		skip "no variables at file scope" "sanitizers add their own"
	else
		variables | report "no variables at file scope"
	fi
else
	skip "no variables at file scope" "nothing is built"
fi
finish
