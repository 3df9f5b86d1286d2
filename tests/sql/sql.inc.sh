# shellcheck shell=bash
# tlswarden: what the tests of the SQL files share. Sourced, not run.
# SPDX-License-Identifier: BSD-2-Clause
#
# Speaks TAP. $tmp is a folder of this run; $pristine a database made by
# sql/policy.sql with the rows that bad.txt and good.txt speak of.

export LC_ALL=C.UTF-8
# shellcheck disable=SC2034 # for the tests
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_srcdir=${top_srcdir:-$(cd "$here/../.." && pwd)}
sql=$top_srcdir/sql
tests=0
failed=0

command -v sqlite3 >/dev/null || {
	echo "1..0 # SKIP the sqlite3 shell is not installed"
	exit 0
}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/tlswarden-sql.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
pristine=$tmp/pristine.db

# result LABEL: ok if the last command was, so the label has no $(...) in it;
# the lines of $tmp/diag are diagnostics.
result() {
	local status=$? label=$1
	tests=$((tests + 1))
	if [ "$status" = 0 ]; then
		echo "ok $tests - $label"
	else
		failed=$((failed + 1))
		echo "not ok $tests - $label"
		[ ! -s "$tmp/diag" ] || sed 's/^/# /' "$tmp/diag"
	fi
	: > "$tmp/diag"
}

# same LABEL WANTED GOT
same() {
	[ "$2" = "$3" ] || {
		printf 'wanted: %s\ngot:    %s\n' "$2" "$3" > "$tmp/diag"
		false
	}
	result "$1"
}

# ask DATABASE STATEMENT...: in order, as at the shell, errors and all.
ask() {
	sqlite3 "$@" 2>&1
}

# cases FILE FUNCTION: runs FUNCTION with the statements of each case of FILE
# ("= label", statements, "> answer") and compares what it prints.
cases() {
	local line label='' statements='' wanted=''
	while IFS= read -r line; do
		case $line in
		'#'* | '') ;;
		'= '*)
			[ -z "$label" ] ||
				same "$label" "$wanted" "$("$2" "$statements")"
			label=${line#= } statements='' wanted=''
			;;
		'> '*) wanted=$wanted${wanted:+$'\n'}${line#> } ;;
		*) statements=$statements$line$'\n' ;;
		esac
	done < "$here/$1"
	same "$label" "$wanted" "$("$2" "$statements")"
}

# The TAP driver (which sets top_builddir) counts the lines; the exit code is
# for people.
finish() {
	echo "1..$tests"
	[ -n "${top_builddir:-}" ] || [ "$failed" = 0 ]
	exit
}

# certificate: one that only looks like one; SQL cannot see inside.
certificate() {
	printf -- '-----BEGIN CERTIFICATE-----\nMIIB\n'
	printf -- '-----END CERTIFICATE-----\n'
}

make_pristine() {
	sqlite3 "$pristine" < "$sql/policy.sql" || return 1
	certificate > "$tmp/bank.pem"
	sqlite3 "$pristine" <<-SQL
	INSERT INTO ca(name, pem)
	VALUES('bank', CAST(readfile('$tmp/bank.pem') AS TEXT));
	INSERT INTO ca(name, pem) SELECT 'spare', pem FROM ca;
	INSERT INTO policy(direction, level, recipient)
	VALUES('out', 'encrypt', 'good.example');
	INSERT INTO policy(direction, level, ca, recipient)
	VALUES('out', 'secure', 'bank', 'bank.example');
	INSERT INTO policy(direction, level) VALUES('in', 'none');
	DELETE FROM policy WHERE id = 3;
	INSERT INTO policy(direction, level) VALUES('in', 'preferred');
	INSERT INTO policy(direction, level, recipient)
	VALUES('out', 'encrypt', '[mx.example.com]:25');
	UPDATE audit SET actor = 'alice' WHERE id = 1;
	SQL
}
make_pristine || {
	echo "Bail out! sql/policy.sql does not make a database"
	exit 1
}
