#!/bin/bash
# tlswarden: setup postfix prints, does and undoes what the rules need, proves
# it with lookups, and leaves everything as it was when it cannot.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
# shellcheck source=postfix.inc.sh
. "$(dirname "$0")/postfix.inc.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root: the daemons run as another user"
getent passwd postfix >/dev/null || skip_all "there is no user postfix"
policyd=$top_builddir/policyd/tlswarden-policyd
milterd=$top_builddir/milter/tlswarden-milter
for daemon in "$policyd" "$milterd"; do
	[ -x "$daemon" ] || bail "$daemon is not built"
done
chmod 0755 "$work"
chgrp nogroup "$work/lib"
# As contrib/systemd/tlswarden.tmpfiles makes it.
install -d -o nobody -g postfix -m 2750 "$work/run" "$work/run/ca"
sed -i '/^user\|_listen/d' "$conf"
cat >>"$conf" <<CONF
user = "nobody"
socketmap_listen = {"unix:$work/run/policyd.sock"}
delegation_listen = {"unix:$work/run/delegation.sock"}
milter_listen = "unix:$work/run/milter.sock"
ca_directory = "$work/run/ca"
ca_directory_mta = "run/ca"
log = "stderr"
probe = false
CONF
tw 0 "init" init
map=socketmap:unix:run/policyd.sock
policy=socketmap:unix:$work/run/policyd.sock
declare -A pids=()
trap 'stop policyd; stop milter; rm -rf "$work"' EXIT

# start NAME SOCKET PROGRAM, stop NAME
start() {
	"$3" -c "$conf" 2>>"$work/$1.log" &
	pids[$1]=$!
	for _ in {1..100}; do
		[ -S "$work/run/$2" ] && return
		sleep 0.1
	done
	bail "$1: $(tail -n 3 "$work/$1.log")"
}
stop() {
	[ -n "${pids[$1]:-}" ] || return 0
	kill "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	unset "pids[$1]"
}
files() {
	cat "$MAIL_CONFIG/main.cf" "$MAIL_CONFIG/master.cf"
}
# Nothing changed since before=$(files), and no copy lies about.
unchanged() {
	[ "$before" = "$(files)" ] &&
		! compgen -G "$MAIL_CONFIG/*.tlswarden-*Z*" >/dev/null
	verdict $? "$1"
}
# Whether policyd serves the table that was just changed.
served() {
	"$program" -c "$conf" reload >/dev/null 2>&1
	for _ in {1..50}; do
		[ "$(postmap -q "$1" "$policy:$2" 2>/dev/null)" = "$3" ] &&
			return
		sleep 0.1
	done
	bail "policyd does not serve $1"
}
aged() {
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
}

# ---- what it prints ---------------------------------------------------------
sql "INSERT INTO policy(direction, sender, recipient, level) VALUES
	('out', '*', 'example.mil', 'encrypt'),
	('in', 'example.mil', '*', 'encrypt')"
postfix_dir "smtpd_tls_security_level = may; smtp_tls_policy_maps = static:may
smtpd_tls_chain_files = /etc/mx.pem"
before=$(files)
tw 0 "what is to be added" setup postfix
out_has "^# Postfix $(postconf -dh mail_version), $MAIL_CONFIG\$" \
	"for which Postfix"
out_has "^postconf -e 'smtp_tls_policy_maps = $map:tlspolicy, static:may'\$" \
	"the command"
out_lacks 'transport_maps|tlswarden-encrypt' "no transports without users"
out_lacks 'ehlo|smtpd_tls_ask_ccert|delivery_status' "nothing without need"
tw 0 "as JSON" setup postfix --json
json '.applied == false and .kept == null and (.commands | length) == 3 and
	(.findings | map(.code) | index("tlspolicy_not_asked") != null)' \
	"the commands and the findings of check"

# ---- when it cannot ---------------------------------------------------------
tw 69 "policyd is down" setup postfix --apply
err_has 'nothing was changed: .*policyd does not answer: start it first' "why"
unchanged "nothing was changed"
start policyd policyd.sock "$policyd"
tw 69 "the milter is down" setup postfix --apply
err_has 'nothing was changed: .*milter does not answer: start it first' "why"
unchanged "nothing was changed"
start milter milter.sock "$milterd"
chgrp root "$work/run"
chmod 0700 "$work/run"
tw 77 "Postfix may not open the sockets" setup postfix --apply
err_has "install -d -o nobody -g postfix -m 2750 $work/run" "the way out"
unchanged "nothing was changed"
chgrp postfix "$work/run"
chmod 2750 "$work/run"
cp "$program" "$work/tlswarden"
out=$(setpriv --reuid nobody --regid nogroup --clear-groups \
	"$work/tlswarden" -c "$conf" setup postfix --apply 2>&1)
[ $? = 77 ] && grep -q 'nothing was changed: .*: run it as root' <<<"$out"
verdict $? "not root"
unchanged "nothing was changed"
if unshare -m true 2>/dev/null; then
	cat >"$work/readonly" <<-RO
		mount --bind "$MAIL_CONFIG" "$MAIL_CONFIG" &&
			mount -o remount,bind,ro "$MAIL_CONFIG" &&
			exec "$program" -c "$conf" setup postfix --apply
	RO
	out=$(unshare -m sh "$work/readonly" 2>&1)
	[ $? = 77 ] && grep -q "let root write there" <<<"$out"
	verdict $? "a file system that is read-only"
	unchanged "nothing was changed"
	cat >"$work/without" <<-NONE
		mount --bind /dev/null "$(command -v postconf)" &&
			PATH=/nonexistent &&
			exec "$program" -c "$conf" setup postfix --apply
	NONE
	out=$(unshare -m sh "$work/without" 2>&1)
	[ $? = 69 ] && grep -q 'postconf: there is no such program' <<<"$out"
	verdict $? "no postconf"
fi
echo 'no setting at all' >>"$MAIL_CONFIG/main.cf"
tw 78 "a main.cf that Postfix cannot read" setup postfix --apply
err_has "main.cf.*: missing '='" "in Postfix's words"
sed -i '$d' "$MAIL_CONFIG/main.cf"
unchanged "nothing was changed"
mv "$MAIL_CONFIG/main.cf" "$work/main.cf"
tw 66 "no main.cf" setup postfix
err_has 'main.cf: No such file' "is said"
mv "$work/main.cf" "$MAIL_CONFIG/main.cf"
aged

# ---- apply, again, undo -----------------------------------------------------
tw 0 "apply" setup postfix --apply
out_has "^# postmap -q 'example.mil' $map:tlspolicy: encrypt\$" \
	"with a lookup by the word of main.cf"
out_has "^# connect to unix:$work/run/milter.sock: taken\$" \
	"and a connection to the milter"
[ "$(postconf -h smtp_tls_policy_maps)" = "$map:tlspolicy, static:may" ]
verdict $? "Postfix asks for the rules"
[ "$before" = "$(cat "$MAIL_CONFIG"/main.cf.tlswarden-*Z \
	"$MAIL_CONFIG"/master.cf.tlswarden-*Z)" ]
verdict $? "copies are kept"
aged
after=$(files)
tw 0 "again" setup postfix --apply
out_has 'nothing is to be added' "nothing is left"
[ "$after" = "$(files)" ] &&
	[ "$(compgen -G "$MAIL_CONFIG/*Z" | wc -l)" = 2 ]
verdict $? "and nothing is touched"
tw 0 "check has nothing to add" check --mta postfix --json
json '[.findings[] | select(.severity == "problem")] == []' "no problem"
echo '# by hand' >>"$MAIL_CONFIG/main.cf"
tw 65 "undo behind a change by hand" setup postfix --undo
err_has 'was changed after setup, which would be lost' "is refused"
sed -i '$d' "$MAIL_CONFIG/main.cf"
chmod 0640 "$MAIL_CONFIG"/main.cf.tlswarden-*Z
tw 0 "undo" setup postfix --undo
unchanged "all is as before"
[ "$(stat -c %a "$MAIL_CONFIG/main.cf")" = 640 ]
verdict $? "the copy itself is put back"
chmod 0644 "$MAIL_CONFIG/main.cf"
tw 66 "a second time" setup postfix --undo
err_has 'no copy' "there is no copy any more"
aged
out=$("$program" -c "$conf" setup postfix --apply --json 2>"$work/err")
err=$(cat "$work/err")
json '.applied and (.kept | startswith(".tlswarden-")) and
	(.commands | length) == 3 and
	(.proofs | map(.answer) | index("encrypt") != null)' \
	"as JSON, and nothing else"
aged
tw 0 "undo as JSON" setup postfix --undo --json
json '.undone | startswith(".tlswarden-")' "JSON"
unchanged "all is as before"

# ---- interrupted ------------------------------------------------------------
aged
before=$(files)
tw 0 "apply" setup postfix --apply
applied=$(files)
mv "$MAIL_CONFIG"/master.cf.tlswarden-*Z "$work/taken"
tw 66 "undo, when the copy of master.cf was taken away" setup postfix --undo
err_has 'master.cf.tlswarden-[0-9TZ]* is not there any more; nothing was put' \
	"is refused"
[ "$applied" = "$(files)" ] && compgen -G "$MAIL_CONFIG/main.cf.*Z" >/dev/null
verdict $? "and all stays"
cp "$MAIL_CONFIG/master.cf" "$MAIL_CONFIG/master.cf.tlswarden-undone"
mv "$work/taken" "$MAIL_CONFIG/master.cf"
tw 0 "an undo that put back one file and was killed, again" setup postfix --undo
out_has '^# master.cf was put back before$' "says which"
unchanged "puts back the other"
: >"$MAIL_CONFIG/master.cf.tlswarden-20200101T000000Z"
tw 66 "undo, with half a copy of an apply that was killed" setup postfix --undo
rm "$MAIL_CONFIG/master.cf.tlswarden-20200101T000000Z"
if unshare -m true 2>/dev/null; then
	cp "$(command -v postconf)" "$work/postconf.real"
	cat >"$work/postconf" <<-KILL
		#!/bin/sh
		"$work/postconf.real" "\$@"
		case " \$* " in *' -e '*) kill -9 "\$PPID" ;; esac
	KILL
	cat >"$work/killed" <<-KILLED
		mount --bind "$work/postconf" "$(command -v postconf)" &&
			exec "$program" -c "$conf" setup postfix --apply
	KILLED
	chmod 0755 "$work/postconf" "$work/postconf.real"
	aged
	out=$(unshare -m sh "$work/killed" 2>&1)
	[ $? = 137 ] && [ "$before" != "$(files)" ]
	verdict $? "an apply that is killed behind a change"
	tw 0 "undo" setup postfix --undo
	unchanged "all is as before"
fi
mv "$MAIL_CONFIG/main.cf" "$work/main.cf"
ln -s "$work/main.cf" "$MAIL_CONFIG/main.cf"
tw 78 "a main.cf that is a link" setup postfix --apply
err_has "nothing was changed: .*/main.cf is a symbolic link, which postconf" \
	"would become a file"
[ -L "$MAIL_CONFIG/main.cf" ]
verdict $? "and stays one"
rm "$MAIL_CONFIG/main.cf"
mv "$work/main.cf" "$MAIL_CONFIG/main.cf"
unchanged "nothing was changed"
aged
chmod 0600 "$MAIL_CONFIG/main.cf"
tw 77 "a main.cf that root alone can read" setup postfix --apply
err_has "nothing was changed: .*main.cf: .*chmod 0644 $MAIL_CONFIG/main.cf" \
	"the way out"
chmod 0644 "$MAIL_CONFIG/main.cf"

# ---- rules of all kinds -----------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/ca.key" -out "$work/ca.pem" -subj '/CN=Test CA' \
	-days 3650 >/dev/null 2>&1 || bail "openssl req"
sql "INSERT INTO policy(direction, recipient, level, on_failure) VALUES
		('out', 'u@example.org', 'secure', 'fail'),
		('out', 'v@example.org', 'none', 'tempfail');
	INSERT INTO policy(direction, subnet, level) VALUES
		('in', '192.0.2.0/24', 'none'),
		('in', '2001:db8::/32', 'none'),
		('in', '10.0.0.0/8', 'none');
	UPDATE policy SET subnet = '198.51.100.0/24'
		WHERE direction = 'in' AND sender = 'example.mil';
	INSERT INTO policy(direction, subnet, level, priority) VALUES
		('in', '192.0.2.128/25', 'encrypt', 50),
		('in', '10.1.0.0/16', 'preferred', 50),
		('in', '10.1.2.0/24', 'none', 40)"
served 192.0.2.1 ehlo 'starttls, silent-discard'
aged
tw 0 "with users" setup postfix
out_has "postconf -M 'tlswarden-secure/unix=tlswarden-secure unix - - y " \
	"their transport"
out_has "^postconf -e 'transport_maps = $map:transport'\$" "and the map"
out_has "^postconf -e 'smtpd_discard_ehlo_keyword_address_maps = $map:ehlo'" \
	"the map ehlo"
tw 0 "apply" setup postfix --apply
out_has "^# postmap -q 'u@example.org' $map:transport: tlswarden-secure:\$" \
	"the map transport is asked"
out_has "^# postmap -q 'example.org' $map:address-secure: secure" \
	"that of its level, too"
out_has "^# postmap -q '10.1.2.0' $map:ehlo: starttls, silent-discard" \
	"the map ehlo"
out_has "^# postmap -q '2.0.0 .*' $map:dsn: " "the map dsn"
postconf -M tlswarden-secure/unix tlswarden-none/unix |
	grep -c 'smtp_tls_policy_maps=.*:address-' | grep -qx 2
verdict $? "the transports are in master.cf"
aged
tw 0 "again" setup postfix --apply
out_has 'nothing is to be added' "nothing is left"
tw 0 "undo" setup postfix --undo
unchanged "all is as before"

# ---- a cidr table instead of the map ehlo ------------------------------------
aged
table=$MAIL_CONFIG/tlswarden-ehlo.cidr
tw 0 "with a cidr table" setup postfix --ehlo cidr
out_has "^tlswarden export --format cidr >$table\$" "how to make it"
out_has "^postconf -e 'smtpd_discard_ehlo_keyword_address_maps = cidr:$table'" \
	"and to ask it"
tw 0 "apply" setup postfix --apply --ehlo cidr
out_has "^# postmap -q '10.1.2.0' cidr:$table: starttls, silent-discard" \
	"it is asked"
for net in 192.0.2 192.0.3 10.0.0 10.1.0 10.1.2 10.1.3 11.0.0 9.255.255; do
	printf "$net.%d\n" 0 1 127 128 255
done >"$work/clients"
printf '%s\n' ::1 2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff \
	2001:db7:ffff::1 2001:db9:: >>"$work/clients"
ask() {
	postmap -q - "$1" <"$work/clients" | grep starttls
}
[ "$(ask "cidr:$table")" = \
	"$(ask "$policy:ehlo")" ] &&
	[ "$(ask "cidr:$table" | wc -l)" = 15 ]
verdict $? "it answers as policyd does, for every client"
aged
tw 0 "check" check --mta postfix --json
json '[.findings[] | select(.code | startswith("ehlo_"))] == []' \
	"finds nothing wrong with it"
sql "UPDATE policy SET enabled = 0 WHERE subnet = '10.1.2.0/24'"
served 10.1.2.3 ehlo ''
tw 1 "check, when a rule has changed" check --mta postfix --json
json '.findings[] | select(.code == "ehlo_stale") |
	.fix | startswith("tlswarden export --format cidr >")' \
	"says that it is old"
tw 0 "apply makes it new" setup postfix --apply
[ "$(ask "cidr:$table")" = \
	"$(ask "$policy:ehlo")" ]
verdict $? "as policyd"
aged
tw 0 "undo" setup postfix --undo
tw 0 "and undo" setup postfix --undo
unchanged "all is as before"
[ ! -e "$table" ]
verdict $? "the table is gone"
tw 64 "neither map nor cidr" setup postfix --ehlo hash

# ---- a main.cf that people wrote ---------------------------------------------
cat >>"$MAIL_CONFIG/main.cf" <<'CF'
# smtp_tls_policy_maps = hash:/commented/out
smtp_tls_policy_maps =
# a comment in the midst
	inline:{example.test=may},
	   # an indented one
	static:may
smtpd_recipient_restrictions = permit_mynetworks,
    reject_unauth_destination
smtpd_milters = { inet:127.0.0.1:1, connect_timeout=1s,
	default_action=accept }
CF
aged
before=$(files)
tw 0 "values of several lines, comments in them" setup postfix --apply
[ "$(postconf -h smtp_tls_policy_maps | tr -s ' ')" = \
	"$map:tlspolicy, inline:{example.test=may}, static:may" ]
verdict $? "are kept behind ours"
case $(postconf -h smtpd_milters) in
"unix:run/milter.sock, { inet:127.0.0.1:1, connect_timeout=1s,"*) ok braces ;;
*) not_ok "braces: $(postconf -h smtpd_milters)" ;;
esac
grep -q '^# smtp_tls_policy_maps = hash:/commented/out' "$MAIL_CONFIG/main.cf"
verdict $? "comments stay"
aged
tw 0 "again" setup postfix --apply
out_has 'nothing is to be added' "nothing is left"
tw 0 "undo" setup postfix --undo
unchanged "all is as before"
aged

# ---- a proof that fails afterwards -------------------------------------------
if unshare -m true 2>/dev/null; then
	cp "$(command -v postmap)" "$work/postmap.real"
	cat >"$work/postmap" <<-LAST
		#!/bin/sh
		# The first questions are answered, those after the change not.
		grep -q policyd.sock "$MAIL_CONFIG/main.cf" ||
			exec "$work/postmap.real" "\$@"
		echo 'postmap: fatal: the lookup failed' >&2
		exit 1
	LAST
	cat >"$work/failing" <<-FAIL
		mount --bind "$work/postmap" "$(command -v postmap)" &&
			exec "$program" -c "$conf" setup postfix --apply
	FAIL
	chmod 0755 "$work/postmap" "$work/postmap.real"
	out=$(unshare -m sh "$work/failing" 2>&1)
	[ $? = 69 ] && grep -q 'main.cf and master.cf are as before' <<<"$out"
	verdict $? "a lookup that fails behind the change"
	unchanged "the copies were put back"
fi
# ---- a decision is needed first ----------------------------------------------
echo 'smtp_delivery_status_filter = static:x' >>"$MAIL_CONFIG/main.cf"
aged
tw 1 "another filter" setup postfix --apply
out_has 'in the way: smtp_delivery_status_filter' "is in the way"
grep -q 'static:x' "$MAIL_CONFIG/main.cf"
verdict $? "and stays"
tw 64 "another MTA" setup exim
tw 64 "both at once" setup postfix --apply --undo

finish
