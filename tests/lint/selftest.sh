#!/bin/bash
# tlswarden: each lint rule is seen to fail on a planted fault.
# SPDX-License-Identifier: BSD-2-Clause
#
# A small tree with one fault per rule is made in a temporary folder and the
# lint tests are run over it: a rule that stays silent is broken.
set -u
shopt -s lastpipe
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$(cd "$here/../.." && pwd)}
export top_srcdir
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0

result() {
	count=$((count + 1))
	echo "$1 $count - $2"
}

# put FILE: stdin becomes a file of the planted tree, with a good head if it
# is C and does not begin with one of its own.
put() {
	mkdir -p "$work/tree/${1%/*}"
	cat >"$work/tree/$1"
}

# fails TEST LABEL-PATTERN [DIAGNOSTIC-PATTERN]
fails() {
	local out
	out=$(lint_root="$work/tree" lint_objects="$work/objects" \
		bash "$here/$1.sh" 2>&1)
	if printf '%s\n' "$out" | grep -qE "^not ok .*$2" &&
		printf '%s\n' "$out" | grep -qE "^# .*${3:-}"; then
		result ok "$1: $2${3:+: $3}"
	else
		result "not ok" "$1: $2${3:+: $3}"
		printf '%s\n' "$out" | sed 's/^/# /'
	fi
}

# fault TEST LABEL DIAGNOSTIC FILE: stdin is FILE in an otherwise good tree.
fault() {
	rm -rf "$work/tree"
	good_tree
	put "$4"
	fails "$1" "$2" "$3"
}

head_of() {
	echo "/* planted"
	echo " * SPDX-License-Identifier: BSD-2-Clause"
	echo " */"
	echo '#include "config.h"'
	echo
}

good_tree() {
	{
		head_of
		printf 'static int\ngood(void)\n{\n\treturn 0;\n}\n'
	} | put lib/wire/good.c
	printf '#!/bin/sh\n# nothing\ntrue\n' | put contrib/good
	chmod +x "$work/tree/contrib/good"
}

# A good tree passes everything; otherwise the faults below prove nothing.
good_tree
for t in layers lengths banned format shell words; do
	if lint_root="$work/tree" lint_objects="" bash "$here/$t.sh" |
		grep -A 9 '^not ok' | sed 's/^/# /' | grep .; then
		result "not ok" "$t passes a good tree"
	else
		result ok "$t passes a good tree"
	fi
done

plant() {
	{ head_of; cat; } | fault "$@"
}

plant layers "follow the layers" "may not include" lib/wire/x.c <<'C'
#include "policy/rule.h"
C
plant layers "follow the layers" "may not include" lib/base/x.c <<'C'
#include "wire/netstring.h"
C
plant layers "follow the layers" "may not include" milter/x.c <<'C'
#include "policyd/app.h"
C
plant layers "follow the layers" "not beside" ctl/x.c <<'C'
#include "nowhere.h"
C
plant layers "one user" "sqlite3.h" lib/policy/x.c <<'C'
#include <sqlite3.h>
C
plant layers "one user" "x509" policyd/x.c <<'C'
#include <openssl/x509v3.h>
C
plant layers "one user" "unbound" lib/store/x.c <<'C'
#include <unbound.h>
C
plant layers "one user" "curl" lib/probe/x.c <<'C'
#include <curl/curl.h>
C
plant layers "one user" "mfapi" policyd/x.c <<'C'
#include <libmilter/mfapi.h>
C
plant layers "one user" "time.h" lib/policy/x.c <<'C'
#include <time.h>
C
plant layers "lib does not log" "does not log" lib/store/x.c <<'C'
#include "base/log.h"
C
plant layers "has a layer" "no layer" lib/newcomer/x.c <<'C'
C

{
	head_of
	printf 'int\nmain(void)\n{\n'
	for _ in $(seq 79); do echo '	(void)0;'; done
	echo '}'
} | fault lengths "no function over" "main has 82" lib/wire/x.c
{
	head_of
	seq -f '/* %g */' 596
} | fault lengths "no file over" "601 lines" lib/wire/x.c

plant banned "banned functions" "strcpy" lib/wire/x.c <<'C'
	strcpy(a, b);
C
plant banned "like this" "x.c" lib/wire/x.c <<'C'
int x; // fault
C
echo "/* TO""DO: later */" | plant banned "carries a number" "x.c" lib/wire/x.c
fault banned "SPDX" "x.c" lib/wire/x.c <<'C'
#include "config.h"
C
fault banned "config.h is the first" "x.c" lib/wire/x.c <<'C'
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "config.h"
C
fault banned "guarded" "WIRE_X_H" lib/wire/x.h <<'C'
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X_H
C
plant banned "NDEBUG" "x.c" lib/wire/x.c <<'C'
#define NDEBUG 1
C
printf '# trailing \n' | fault banned "trailing" "local.mk" lib/wire/local.mk
printf '/* %074d */\n\t/* %067d */\n' 0 0 |
	plant banned "80 columns" "x.c:7: 81 columns" lib/wire/x.c

rm -rf "$work/tree"
good_tree
mkdir -p "$work/objects/lib/base" "$work/objects/lib/wire"
: >"$work/objects/lib/base/libbase.a"
cc=${CC:-cc}
compile() {
	# shellcheck disable=SC2086 # CC may hold options
	$cc -x c -c -o "$work/objects/$1" - 2>/dev/null
}
if echo 'int visible;' | compile lib/base/x.o; then
	fails banned "no variables" "visible is visible"
	echo 'static int hidden; int f(void) { return hidden++; }' |
		compile lib/base/x.o
	fails banned "no variables" "hidden is writable"
	rm "$work/objects/lib/base/x.o"
	echo 'long time(long *); long f(void) { return time(0); }' |
		compile lib/wire/x.o
	fails layers "are pure" "x.o calls time"
else
	echo "# no compiler: object rules not tried"
fi

if ! bash "$here/format.sh" | grep -q '^1..0'; then
	plant format "changes nothing" "x.c" lib/wire/x.c <<'C'
int f(void) { return 1; }
C
fi
if ! bash "$here/shell.sh" | grep -q '^1..0'; then
	# shellcheck disable=SC2016 # the fault
	printf '#!/bin/sh\nrm $1\n' | fault shell "shellcheck" "x" contrib/x
	fails shell "executable" "not executable"
fi

# Manual pages: a program whose --help names -c and --json, and its page.
mkdir -p "$work/objects/ctl"
page() {
	printf '.Dd January 1, 2020\n.Dt TLSWARDEN 1\n.Os\n.Sh NAME\n'
	printf '.Nm tlswarden\n.Nd test\n.Sh SYNOPSIS\n.Nm\n'
	printf '.Op Fl %s\n' "$@"
}
{
	echo '#!/bin/sh'
	echo 'echo "usage: tlswarden [-c FILE] [--json]"'
	# shellcheck disable=SC2016 # for the planted program
	echo '[ "$1" = run ] && echo "  --all" || echo "  run  does it"'
} >"$work/objects/ctl/tlswarden"
chmod +x "$work/objects/ctl/tlswarden"
keys() {
	head_of
	printf '\t{ .name = "%s",\n' one two
}
if command -v mandoc >/dev/null; then
	page c -json | sed '/Sh SYNOPSIS/d; s/^.Os/.Zz/' |
		fault mdoc "nothing to say" "tlswarden.1:" ctl/tlswarden.1
fi
page c -json -all | put ctl/tlswarden.1
if lint_root="$work/tree" lint_objects="$work/objects" \
	bash "$here/mdoc.sh" | grep -q '^ok.*tlswarden.1 and.*agree$'; then
	result ok "mdoc: a page that agrees passes"
else
	result "not ok" "mdoc: a page that agrees passes"
fi
page c -json | fault mdoc "help agree" "help of.*: --all" ctl/tlswarden.1
page c -json -all x | fault mdoc "help agree" "not in --help: -x" \
	ctl/tlswarden.1
printf '.It Va %s\n' one three | fault mdoc "is documented" \
	"lib/base/conf_table.c: three" ctl/tlswarden.conf.5
keys | put lib/base/conf_table.c
fails mdoc "is documented" "not in ctl/tlswarden.conf.5: two"
printf 'one = 1\n# three = 3\n' | put contrib/tlswarden.conf
fails mdoc "in the sample" "not in contrib/tlswarden.conf: two"
fails mdoc "in the sample" "conf_table.c: three"

words_fault() {
	printf '%s\n' "$1" | fault words "$2" "x.md" x/x.md
}
words_fault "see /ro""ot/src" "no path"
words_fault "in /ho""me/me/src" "no path"
words_fault "cca""che gcc" "no tool"
words_fault "<<<""<<<< mine" "no conflict"

echo "1..$count"
