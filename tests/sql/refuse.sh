#!/bin/bash
# tlswarden: the policy database refuses what is wrong, in every way to write
# it, says what is allowed, and stays as it was.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sql.inc.sh
. "$(dirname "$0")/sql.inc.sh"

# unchanged: and if not, it is made so.
unchanged() {
	cmp -s "$tmp/t.db" "$pristine" && return
	echo "the database has changed" >> "$tmp/diag"
	cp "$pristine" "$tmp/t.db"
	return 1
}

# refused LABEL WORDS STATEMENT: by a shell of its own.
refused() {
	local status said
	said=$(sqlite3 "$tmp/t.db" "$3" 2>&1)
	status=$?
	printf '%s\n' "$said" > "$tmp/diag"
	printf '%s\n' "$said" >> "$tmp/said"
	unchanged && [ "$status" != 0 ] && [[ $said == *"$2"* ]]
	result "$1"
}

cp "$pristine" "$tmp/t.db"
awk -v fields=3 -v forms=insert -f "$here/expand.awk" "$here/bad.txt" \
	> "$tmp/insert"
while IFS='|' read -r label words statement; do
	refused "$label" "$words" "$statement"
done < "$tmp/insert"

# All forms by one shell that goes on after errors: each line must have its
# error, and the database must be the same at the end.
awk -v fields=3 -v forms=all -f "$here/expand.awk" "$here/bad.txt" \
	> "$tmp/all"
cut -d'|' -f3- "$tmp/all" > "$tmp/all.sql"
sqlite3 "$tmp/t.db" < "$tmp/all.sql" > "$tmp/out" 2> "$tmp/err"
status=$?
same "all forms: exit status" 1 "$status"
sed -n 's/^[A-Za-z]* error near line \([0-9]*\): /\1|/p' "$tmp/err" |
	awk -v all="$tmp/all" '
	BEGIN { FS = "|" }
	{ said[$1] = substr($0, index($0, "|") + 1) }
	END {
		while ((getline row < all) > 0) {
			n++
			split(row, f, "|")
			if (index(said[n], f[2]) == 0)
				print f[1] ": " substr(row, length(f[1] f[2]) \
				    + 3) "\n\tsaid: " said[n]
		}
	}' > "$tmp/diag"
n=$(wc -l < "$tmp/all")
[ "$n" -gt 1000 ] && [ ! -s "$tmp/diag" ]
result "all forms: $n statements refused with their sentence"
unchanged
result "all forms: nothing changed"

# Every sentence of the file was said, but those that guard against a fault of
# the file itself.
sed -n "s/.*RAISE(ABORT, '\(.*\)').*/\1/p" "$sql/policy.sql" |
	sed "s/''/'/g" | sort -u |
	grep -v -e '^tlswarden: a trigger named' -e ': not a pattern; ' \
	> "$tmp/sentences"
grep -vFf <(sed -n 's/^Error: stepping, \(.*\) ([0-9]*)$/\1/p' "$tmp/said" |
	sort -u) "$tmp/sentences" > "$tmp/diag"
n=$(wc -l < "$tmp/sentences")
[ "$n" -gt 50 ] && [ ! -s "$tmp/diag" ]
result "each of the $n sentences was said"
columns=$(ask "$pristine" "
	SELECT group_concat(name, '|') FROM pragma_table_info('policy')")
grep -vE "^($columns|ca\.(name|pem|comment|added_at)|audit): " \
	"$tmp/sentences" > "$tmp/diag"
[ ! -s "$tmp/diag" ]
result "each sentence begins with its column"
finish
