#!/bin/bash
# tlswarden: setup postfix prints, does and undoes what the rules need.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
# shellcheck source=postfix.inc.sh
. "$(dirname "$0")/postfix.inc.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root: policyd runs as another user"
policyd=$top_builddir/policyd/tlswarden-policyd
[ -x "$policyd" ] || bail "$policyd is not built"
chmod 0755 "$work"
install -d -o nobody -g nogroup -m 0755 "$work/run" "$work/run/ca"
sed -i 's/^user.*/user = "nobody"/; s/^\(socketmap_listen\).*/\1 = '"\
{\"unix:${work//\//\\/}\/run\/policyd.sock\"}/" "$conf"
cat >>"$conf" <<CONF
delegation_listen = {"unix:$work/run/delegation.sock"}
ca_directory = "$work/run/ca"
log = "stderr"
probe = false
CONF
tw 0 "init" init
map=socketmap:unix:run/policyd.sock
sql "INSERT INTO policy(direction, sender, recipient, level) VALUES
	('out', '*', 'example.mil', 'encrypt'),
	('in', 'example.mil', '*', 'encrypt')"
aged() {
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
}

postfix_dir "smtpd_tls_security_level = may; smtp_tls_policy_maps = static:may"
before=$(cat "$MAIL_CONFIG/main.cf" "$MAIL_CONFIG/master.cf")
tw 0 "what is to be added" setup postfix
out_has "^postconf -e 'smtp_tls_policy_maps = $map:tlspolicy, static:may'\$" \
	"the command"
out_lacks 'transport_maps|tlswarden-encrypt' "no transports without users"
tw 0 "as JSON" setup postfix --json
json '.findings | map(.code) | index("tlspolicy_not_asked") != null' \
	"the findings of check"
tw 69 "policyd is down" setup postfix --apply
err_has 'nothing was changed: start it first' "and that is said"
[ "$before" = "$(cat "$MAIL_CONFIG/main.cf" "$MAIL_CONFIG/master.cf")" ]
verdict $? "nothing was changed"

"$policyd" -c "$conf" 2>"$work/policyd.log" &
pid=$!
trap 'kill $pid 2>/dev/null; wait; rm -rf "$work"' EXIT
for _ in {1..100}; do
	[ -S "$work/run/policyd.sock" ] && break
	sleep 0.1
done
tw 0 "apply" setup postfix --apply
out_has '^# postmap -q example.mil .*: encrypt' "after a test lookup"
[ "$(postconf -h smtp_tls_policy_maps)" = "$map:tlspolicy, static:may" ]
verdict $? "Postfix asks for the rules"
ls "$MAIL_CONFIG"/main.cf.tlswarden-*Z "$MAIL_CONFIG"/master.cf.tlswarden-*Z \
	>/dev/null
verdict $? "copies are kept"
aged
tw 0 "again" setup postfix
out_has 'nothing is to be added' "nothing is left"
tw 0 "undo" setup postfix --undo
[ "$before" = "$(cat "$MAIL_CONFIG/main.cf" "$MAIL_CONFIG/master.cf")" ]
verdict $? "all is as before"
tw 66 "a second time" setup postfix --undo
err_has 'no copy' "there is no copy any more"

sql "INSERT INTO policy(direction, recipient, level)
	VALUES('out', 'u@example.org', 'secure')"
aged
tw 0 "with users" setup postfix
out_has "postconf -M 'tlswarden-secure/unix=tlswarden-secure unix - - y " \
	"their transport"
out_has 'transport_maps' "and the map"
sql "UPDATE policy SET on_failure = 'fail' WHERE id = 1"
echo 'smtp_delivery_status_filter = static:x' >>"$MAIL_CONFIG/main.cf"
aged
tw 1 "another filter" setup postfix --apply
out_has 'in the way: smtp_delivery_status_filter' "is in the way"
grep -q 'static:x' "$MAIL_CONFIG/main.cf"
verdict $? "and stays"
tw 64 "another MTA" setup exim
tw 64 "both at once" setup postfix --apply --undo

finish
