# tlswarden: Debian's Sendmail, unpacked, for the tests of tlswarden(1).
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Sourced before ctl.inc.sh, which it sources: the test runs with a full host
# name, which Sendmail waits for, and below /run, since Sendmail refuses sockets
# below /tmp. Without root, m4, apt or network the test is skipped.
#	sm_cf LINES		$work/sm/sendmail.cf of a sendmail.mc with these
#				lines before MAILER; m4 has to be silent
#	sm_test LINES		Sendmail's test mode; what rulesets return,
#				"RULESET VALUE", blanks folded
#	sm_policyd		starts tlswarden-policyd with a new table
#	sm_milter		starts tlswarden-milter
# Variables: SM_BIN, sm_dir, socket.
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root: for a host name of its own"
	exit 0
fi
if [ -z "${SM_NAMED:-}" ]; then
	export SM_NAMED=1
	exec unshare --uts bash "$0"
fi
hostname t.lab.test
TMPDIR=/run
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh" || exit 1
BUILD=$(cd "$top_builddir" && pwd)
# shellcheck source=../e2e/sendmail.sh
. "$top_srcdir/tests/e2e/sendmail.sh"
sendmail_get
# shellcheck disable=SC2154 # ctl.inc.sh makes it
sm_dir=${work:?}/sm
mkdir -p "$sm_dir/mqueue"
cp -r "$SM_ROOT/usr/share/sendmail/cf" "$sm_dir/cf"
# Debian's own files name their place absolutely.
grep -rlF /usr/share/sendmail/cf "$sm_dir/cf" |
	xargs sed -i "s|/usr/share/sendmail/cf|$sm_dir/cf|g"
cp "$top_srcdir/contrib/sendmail/tlswarden.m4" "$sm_dir/cf/feature"

sm_m4() {
	m4 "$@" 2>"$sm_dir/m4.log"
	! [ -s "$sm_dir/m4.log" ] || sed 's/^/# m4: /' "$sm_dir/m4.log" >&2
}

sm_cf() {
	cat >"$sm_dir/sendmail.mc" <<-MC
	divert(0)dnl
	OSTYPE(\`linux')dnl
	define(\`confDOMAIN_NAME', \`t.lab.test')dnl
	define(\`QUEUE_DIR', \`$sm_dir/mqueue')dnl
	define(\`MAIL_SETTINGS_DIR', \`$sm_dir/')dnl
	define(\`ALIAS_FILE', \`/dev/null')dnl
	define(\`confDONT_PROBE_INTERFACES', \`true')dnl
	$1
	MAILER(\`local')dnl
	MAILER(\`smtp')dnl
	MC
	sm_m4 -D_CF_DIR_="$sm_dir/cf/" "$sm_dir/cf/m4/cf.m4" \
		"$sm_dir/sendmail.mc" >"$sm_dir/sendmail.cf"
	[ ! -s "$sm_dir/m4.log" ]
	verdict $? "m4 says nothing: ${2:-the sendmail.mc}"
}

sm_test() {
	"$SM_BIN" -C "$sm_dir/sendmail.cf" -bt <<<"$1" 2>&1 |
		sed -n 's/^\(> \)\?\([A-Za-z_]*\) *returns: */\2 /p' |
		tr -s ' '
}

sm_milter_pid=

sm_milter() {
	"$top_builddir/milter/tlswarden-milter" -c "$conf" \
		2>>"$work/milter.log" &
	sm_milter_pid=$!
	for _ in {1..100}; do
		[ -S "$work/run/milter.sock" ] && return
		sleep 0.1
	done
	bail "the milter does not start: $(cat "$work/milter.log")"
}

# The service user is nobody, as in an installation, folder modes included.
sm_policyd() {
	new_table
	chmod 0755 "$work"
	install -d -o nobody -m 0755 "$work/run"
	install -d -o nobody -g nogroup -m 2770 "$work/lib/state"
	chgrp nogroup "$work/lib" "$db"
	chmod 0640 "$db"
	sed -i "s|$work/\([a-z]*\).sock|$work/run/\1.sock|
		s|^user.*|user = \"nobody\"|" "$conf"
	printf 'log = "stderr"\nprobe = false\n' >>"$conf"
	socket=$work/run/policyd.sock
	sm_policyd_start
}

sm_policyd_start() {
	"$top_builddir/policyd/tlswarden-policyd" -c "$conf" \
		2>>"$work/policyd.log" &
	sm_pid=$!
	trap 'kill $sm_pid $sm_milter_pid 2>/dev/null; wait
		rm -rf "$work"' EXIT
	for _ in {1..100}; do
		[ -S "$socket" ] && return
		sleep 0.1
	done
	bail "policyd does not start: $(cat "$work/policyd.log")"
}

sm_policyd_stop() {
	kill "$sm_pid"
	wait "$sm_pid"
}
