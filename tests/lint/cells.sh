#!/bin/bash
# tlswarden: the matrix that make check-matrix prints says of each cell what
# the logs of the tests say, and nothing else; seen on planted logs.
# SPDX-License-Identifier: BSD-2-Clause
set -u
here=$(cd "$(dirname "$0")" && pwd)
real=${top_srcdir:-$(cd "$here/../.." && pwd)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0
failed=0

# says WORD RC DESC: the only cell is that, and the exit code.
says() {
	local out rc
	out=$(cd "$work" && top_srcdir=$work bash "$real/tests/matrix.sh" 2>&1)
	rc=$?
	count=$((count + 1))
	if [ "$rc" = "$2" ] && grep -Eq "^Mail in / level one +$1 +" <<<"$out"
	then
		echo "ok $count - $3: $1, exit code $2"
		return
	fi
	failed=1
	echo "not ok $count - $3: $1, exit code $2"
	printf '%s\n' "exit code $rc" "$out" | sed 's/^/# /'
}

# The log of the planted test: its lines.
logged() {
	printf '%s\n' "$@" >"$work/tests/e2e/t-one.log"
}

mkdir -p "$work/tests/e2e" "$work/tests/ctl"
cat >"$work/tests/STATUS.md" <<'MD'
## The enforcement matrix

| | Mail in |
|---|---|
| level one (`one`) | PASS (t-one) |
MD
echo 'cell Mail in / level one' >"$work/tests/e2e/t-one.sh"
# shellcheck disable=SC2016 # as the tests have it
echo '. "$(dirname "$0")/t-one.sh"' >"$work/tests/e2e/t-two.sh"
name='cell: Mail in / level one: x'

says missing 1 "no log"
logged "ok 1 - level one" "1..1"
says missing 1 "checks without a name"
logged "# ok 1 - $name"
says missing 1 "a comment"
logged "ok 1 - $name"
says enforced 0 "a check that passed"
logged "ok 1 - $name" "ok 2 - reported: Mail in / level one: x"
says "enforced, reported" 0 "both"
logged "ok 1 - reported: Mail in / level one: x"
says reported 0 "reported alone"
logged "ok 1 - $name" "not ok 2 - $name" "ok 3 - $name"
says FAILED 1 "one of three that failed"
logged "not ok 1 - reported: Mail in / level one: x"
says FAILED 1 "reported, and failed"
logged "ok 1 - $name" "ok 2 - cell: Mail in / level won: x"
says enforced 1 "a name that is no cell"
logged "ok 1 - $name"
echo "not ok 1 - $name" >"$work/tests/e2e/t-two.log"
says FAILED 1 "a test made of that test"
rm "$work/tests/e2e/t-two.log"
sed -i 's/t-one)/t-one, t-idle)/' "$work/tests/STATUS.md"
says enforced 1 "STATUS.md names a test that has no check of it"
: >"$work/tests/STATUS.md"
count=$((count + 1))
if (cd "$work" && top_srcdir=$work bash "$real/tests/matrix.sh") >"$work/out"
then
	failed=1
	echo "not ok $count - no matrix at all"
else
	echo "ok $count - no matrix at all"
fi
echo "1..$count"
exit "$failed"
