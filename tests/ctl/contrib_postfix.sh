#!/bin/bash
# tlswarden: the fragments of contrib/postfix are what the real Postfix takes,
# check finds nothing to add to them, and each line is there for a reason.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
# shellcheck source=postfix.inc.sh
. "$(dirname "$0")/postfix.inc.sh"

fragments=$top_srcdir/contrib/postfix
dist=/usr/share/postfix/master.cf.dist
queue=$work/queue
mkdir -p "$queue/tlswarden"
sed -i '/_listen/d' "$conf"
cat >>"$conf" <<CONF
socketmap_listen = {"unix:$queue/tlswarden/policyd.sock"}
delegation_listen = {"unix:$queue/tlswarden/delegation.sock"}
milter_listen = "unix:$queue/tlswarden/milter.sock"
ca_directory = "$queue/tlswarden/ca"
CONF
tw 0 "init" init
pin=$(printf 'a%.0s' {1..64})
# Rules of every kind that a setting is about.
sql "INSERT INTO policy(direction, sender, recipient, level, on_failure,
	cert_fingerprint) VALUES
	('out', '*', 'example.mil', 'encrypt', 'fail', NULL),
	('out', '*', 'secure.test', 'secure', 'tempfail', NULL),
	('out', '*', 'pin.test', 'encrypt', 'tempfail', '$pin'),
	('out', '*', 'a@users.test', 'none', 'tempfail', NULL),
	('out', '*', 'b@users.test', 'preferred', 'tempfail', NULL),
	('out', '*', 'c@users.test', 'encrypt', 'tempfail', NULL),
	('out', '*', 'd@users.test', 'secure', 'tempfail', NULL),
	('in', 'example.mil', '*', 'encrypt', 'tempfail', NULL),
	('in', 'secure.test', '*', 'secure', 'tempfail', NULL),
	('in', 'pin.test', '*', 'encrypt', 'tempfail', '$pin');
	INSERT INTO policy(direction, subnet, level)
		VALUES('in', '192.0.2.0/24', 'none')"

# What the fragments have behind "#" with a name and "=" is taken, too, but for
# what this Postfix does not know.
whole() {
	local known
	known=$(postconf -dH 2>/dev/null | paste -sd'|')
	sed -E "/^#($known) =/,/^(#?[^# ]|# |\$)/s/^#(($known) =|   )/\1/" \
		"$fragments/main.cf.example"
}
# put EDIT: the configuration, with a sed(1) program over main.cf.
put() {
	mkdir -p "$MAIL_CONFIG"
	{
		echo "compatibility_level = 3.6"
		echo "queue_directory = $queue"
		echo "data_directory = $work/data"
		echo "mail_owner = postfix"
		echo "myhostname = mx.example.test"
		echo "maillog_file = $work/maillog"
		echo "maillog_file_prefixes = $work"
		whole | sed -E "$1"
	} >"$MAIL_CONFIG/main.cf"
	{
		# As Debian has it: chrooted.
		sed -E '/(smtpd?|trivial-rewrite)$/s/^(([^ #]+ +){4})n/\1y/' \
			"$dist"
		cat "$fragments/master.cf.example"
	} >"$MAIL_CONFIG/master.cf"
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
}
# What check says of settings, sorted.
codes() {
	"$program" -c "$conf" check --mta postfix --json 2>/dev/null |
		jq -r '[.findings[] | select(.setting != null) | .code] |
			unique | join(" ")'
}

[ -r "$dist" ] || skip_all "there is no $dist"
put ''
out=$(postconf -n 2>&1) err=
[ "$(grep -c 'warning\|fatal' <<<"$out")" = 0 ]
verdict $? "postconf -n takes main.cf without a word"
out_has '^transport_maps = socketmap' "with what was commented out"
out=$(postconf -M 2>&1)
[ "$(grep -c '^tlswarden-.* smtp -o' <<<"$out")" = 4 ]
verdict $? "and master.cf with four services"
while read -r name; do
	[ "$name" != tls_required_enable ] || continue # since 3.10
	out=$(postconf -d "$name" 2>&1)
	[ "${out%% =*}" = "$name" ]
	verdict $? "Postfix knows $name"
done < <(sed -nE 's/^#?([a-z_0-9]+) =.*/\1/p' \
	"$fragments/main.cf.example" | sort -u)
if [ "$(id -u)" = 0 ]; then
	chmod 0755 "$work"
	install -d -o postfix "$work/data"
	out=$(postfix -c "$MAIL_CONFIG" check 2>&1)
	rc=$?
	# The private queue is no whole installation: only what is not about
	# its directories counts.
	[ "$rc" = 0 ] && ! grep -q 'fatal\|error' "$work/maillog" 2>/dev/null
	verdict $? "postfix check finds nothing ($rc)"
fi

out=$(codes)
out_is '' "check finds nothing"

# EDIT of main.cf (R: no restrictions)|what check says then
while IFS='|' read -r edit want; do
	put "${edit/R/\/^smtpd_recipient_restrictions\/,+1d}"
	out=$(codes)
	out_is "$want" "without it: $want"
done <<'ROWS'
/^smtp_tls_policy_maps/d|tlspolicy_not_asked
s,unix:tlswarden/policyd,unix:other/policyd,|ehlo_not_asked wrong_socket
/^smtp_tls_CAfile/d|server_ca_missing
s/^(smtp_tls_fingerprint_digest).*/\1 = md5/|fingerprint_digest
/^smtp_delivery_status_filter/d|dsn_not_asked
/^transport_maps/d|transport_not_asked
/^smtp_connection_cache_on_demand/d|cached_connections
s/^(smtp_connection_cache_destinations).*/\1 = example.mil/|cached_connections
s/^(smtp_fallback_relay).*/\1 = [relay.test]/|fallback_relay
s/^(smtp_discard_ehlo_keywords).*/\1 = starttls/|starttls_discarded
/^smtpd_tls_security_level/d|starttls_not_offered
/^smtpd_tls_chain_files/d|server_certificate_missing
/^smtpd_tls_ask_ccert/d|ask_ccert
/^smtpd_tls_CAfile/d|client_ca_missing
s/^(smtpd_tls_fingerprint_digest).*/\1 = md5/|fingerprint_digest
s/^(milter_default_action).*/\1 = accept/|milter_fails_open
s/^(smtpd_milter_maps).*/\1 = static:DISABLE/|milter_maps
R|delegation_not_asked
R;/^smtpd_mil/d|delegation_not_asked inbound_not_asked
/^smtpd_mil/d;s/^(smtpd_policy_.*_action).*/\1 = DUNNO/|delegation_fails_open
/^smtpd_discard_ehlo_keyword_address_maps/,+1d|ehlo_not_asked
s/^(smtpd_discard_ehlo_keywords).*/\1 = starttls/|starttls_discarded
ROWS

# Each service of master.cf.example is needed.
put ''
for level in none preferred encrypt secure; do
	cp "$MAIL_CONFIG/master.cf" "$work/master.cf"
	postconf -MX "tlswarden-$level/unix"
	out=$(codes)
	out_is transport_missing "without tlswarden-$level"
	cp "$work/master.cf" "$MAIL_CONFIG/master.cf"
done

finish
