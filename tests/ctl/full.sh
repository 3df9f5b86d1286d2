#!/bin/bash
# tlswarden: a full disk under the table, a read-only one, many rules.
# SPDX-License-Identifier: BSD-2-Clause
# A mount namespace of its own, where that may be had.
if [ -z "${CTL_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ] &&
	unshare --mount true 2>/dev/null; then
	CTL_NAMESPACE=1 exec unshare --mount bash "$0"
fi
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

# ---- many rules ----------------------------------------------------------
new_table
sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
	WHERE i < 3000)
	INSERT INTO policy(direction, recipient, level)
	SELECT 'out', 'd' || i || '.example', 'encrypt' FROM n"
tw 0 "list" rule list --json
json 'length == 3000' "all of them"
tw 0 "explain" explain --json --direction out --nexthop d2999.example
json '.winner.id == 2999 and (.rules | length) < 300 and
	([.left_out[]] | add) + (.rules | length) == 3000' \
	"lists what matters and counts the rest"
tw 0 "explain --all" explain --json --all --direction out \
	--nexthop d2999.example
json '(.rules | length) == 3000 and .left_out == {}' "lists all"
tw 0 "disable many" rule disable {1..500}
sql "INSERT INTO policy(direction, recipient, level, priority)
	VALUES('out', '.example', 'none', 1), ('out', '*.example', 'none', 1)"
tw 1 "check" check --json
json '.problems == 101 and .rules == 3002' \
	"names a hundred rules that never win, counts the rest"
tw 0 "export" export
json '.policy | length == 3002' "all of them"
printf '%s\n' "$out" >"$work/all.json"
new_table
tw 0 "import" import "$work/all.json"
out_has 'imported: 3002 rules' "all of them"

# ---- a full and a read-only disk ------------------------------------------
mounted=
if [ "$(id -u)" = 0 ] && [ -n "${CTL_NAMESPACE:-}" ]; then
	mount -t tmpfs -o size=256k none "$work/lib" 2>/dev/null && mounted=1
fi
if [ -n "$mounted" ]; then
	new_table
	tw 0 "a small disk" rule add --direction out --level none \
		--recipient first.example
	dd if=/dev/zero of="$work/lib/filler" bs=1k 2>/dev/null
	for i in $(seq 1 200); do
		"$program" -c "$conf" rule add --direction out --level none \
			--recipient "d$i.example" >/dev/null 2>&1 || break
	done
	n=$(sql 'SELECT count(*) FROM policy')
	tw 74 "that is full" rule add --direction out --level none \
		--recipient last.example
	err_has 'policy\.db: no space left' "is named as full"
	[ "$(sql 'PRAGMA integrity_check; SELECT count(*) FROM policy')" = \
		"ok"$'\n'"$n" ]
	verdict $? "the table is whole and as it was"
	tw 0 "reading goes on" rule list
	rm "$work/lib/filler"
	tw 0 "and writing, when there is room" rule add --direction out \
		--level none --recipient last.example
	mount -o remount,ro "$work/lib"
	tw 77 "a read-only disk" rule add --direction out --level none
	err_has 'policy\.db: its file system is read-only' "is named as such"
	tw 0 "reading works there" explain --direction out --nexthop a.test
	umount "$work/lib"
fi

finish
