# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for who sources it
# tlswarden: the programs under test; source it after lib.sh and postfix.sh.
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs are those of the build folder; POLICYD=PATH and TLSWARDEN=PATH
# take others, e.g. installed ones.
#
#	warden_make INSTANCE < extra configuration
#			folders, sql/policy.sql as $DB, $CONF. The sockets are
#			where Postfix INSTANCE, made before, can reach them
#	level_transports	tlswarden-LEVEL in master.cf of instance `send`
#	policyd_start / policyd_stop SIGNAL
#			start returns when it answers; log $RUN/policyd.log
#	sql STATEMENT...	the administrator's plain sqlite3 shell on $DB
#	tool ARGUMENT...	tlswarden(1) with $CONF
#	explained KEY		the answer as `tlswarden explain` says it, in
#				the words of `answer`
#	answer KEY [MAP]	what Postfix's own client gets: the value,
#				`NOTFOUND`, or `TEMP`
#	wait_answer KEY ERE [SECS]	until the answer matches
#	expect_answer KEY ERE DESC	waits, then asserts
# Variables: DB, CONF, SPOOL_DIR, SOCKET, STATE_DIR, LAST_GOOD, CA_DIR, MAPS
# (the value of smtp_tls_policy_maps).

# One transport for each level: its queue, its map.
level_transports()
{
	local level base
	while read -r level base; do
		postfix_service send "tlswarden-$level unix - - n - - smtp
 -o smtp_tls_security_level=$base
 -o smtp_tls_policy_maps=socketmap:unix:tlswarden/policyd.sock:address-$level"
	done <<-'LEVELS'
	none none
	preferred may
	encrypt encrypt
	secure secure
	LEVELS
}

warden_program()
{
	[ -x "$1" ] || bail "$1 is not built"
	echo "$1"
}

# The service user is nobody: it exists everywhere. The layout is that of an
# installation (tlswarden.conf(5)), modes included.
warden_make()
{
	local instance=$1
	warden_instance=$instance
	POLICYD=$(warden_program \
	    "${POLICYD:-$BUILD/policyd/tlswarden-policyd}") || exit 1
	TLSWARDEN=$(warden_program \
	    "${TLSWARDEN:-$BUILD/ctl/tlswarden}") || exit 1
	SPOOL_DIR=$RUN/$instance/spool/tlswarden
	SOCKET=$SPOOL_DIR/policyd.sock
	MAPS=socketmap:unix:tlswarden/policyd.sock:tlspolicy
	DB=$RUN/db/policy.db
	STATE_DIR=$RUN/state
	LAST_GOOD=$STATE_DIR/policy.last-good
	CA_DIR=$SPOOL_DIR/ca
	CONF=$RUN/tlswarden.conf

	install -d -o root -g nogroup -m 0750 "$RUN/db"
	install -d -o nobody -g nogroup -m 2770 "$STATE_DIR"
	install -d -o nobody -g postfix -m 2750 "$SPOOL_DIR"
	install -d -o nobody -g postfix -m 2750 "$CA_DIR"
	warden_table
	cat > "$CONF" <<-CF
	policy_database = "$DB"
	state_database = "$STATE_DIR/state.db"
	last_good = "$LAST_GOOD"
	user = "nobody"
	log = "stderr"
	socketmap_listen = {"unix:$SOCKET"}
	delegation_listen = {"unix:$SPOOL_DIR/delegation.sock"}
	milter_listen = "unix:$SPOOL_DIR/milter.sock"
	ca_directory = "$CA_DIR"
	trust_store = "$RUN/pki/trusted.pem"
	probe = false
	CF
	cat >> "$CONF"
}

# A new, empty policy.db made by the one definition alone.
warden_table()
{
	rm -f "$DB"
	sqlite3 "$DB" < "$SOURCE/sql/policy.sql" ||
	    bail "sql/policy.sql is not valid"
	chgrp nogroup "$DB"
	chmod 0640 "$DB"
}

sql()
{
	sqlite3 "$DB" "$@"
}

tool()
{
	"$TLSWARDEN" -c "$CONF" "$@"
}

explained()
{
	tool explain --direction out --nexthop "$1" --json 2> /dev/null |
	    python3 -c '
import json, sys
text = sys.stdin.read()
by = [a["answer"] for a in json.loads(text)["answers"]
      if a["by"] == "tlspolicy"] if text else ["TEMP"]
print(by[0][3:] if by[0].startswith("OK ") else by[0].split()[0])'
}

policyd_start()
{
	daemon_start policyd "$POLICYD" -c "$CONF"
	wait_for "$WAIT_SECS" policyd_settled
	policyd_answers ||
	    bail "policyd does not answer: $(tail -n 20 "$RUN/policyd.log")"
}

policyd_answers()
{
	[ "$(answer .ready.invalid)" != TEMP ]
}

policyd_settled()
{
	policyd_answers || ! daemon_running policyd
}

policyd_stop()
{
	daemon_stop policyd "$1"
}

# postmap -q: the client code of Postfix itself. It prints the value, or
# nothing with status 1; on trouble "fatal" or "warning" lines too.
answer()
{
	local map=socketmap:unix:$SOCKET:${2:-tlspolicy} out dir
	dir=$(postfix_dir "$warden_instance")
	out=$(timeout 10 postmap -c "$dir" -q "$1" "$map" 2>&1)
	case $?,$out in
	0,*) echo "$out" ;;
	1,) echo NOTFOUND ;;
	*) echo TEMP ;;
	esac
}

answer_is()
{
	[[ $(answer "$1") =~ ^($2)$ ]]
}

# The answer to KEY is not OLD any more.
answer_changed()
{
	[ "$(answer "$1")" != "$2" ]
}

wait_answer()
{
	wait_for "${3:-$WAIT_SECS}" answer_is "$1" "$2"
}

expect_answer()
{
	if wait_answer "$1" "$2" 5; then
		ok "$3"
	else
		not_ok "$3"
		diag "key:  $1"
		diag "got:  $(answer "$1")"
		diag "want: $2"
		diag "$(tail -n 5 "$RUN/policyd.log")"
	fi
}
