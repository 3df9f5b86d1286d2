#!/bin/bash
# tlswarden: the feature and the sample through m4 with Debian's sendmail-cf,
# beside other features, judged by Sendmail's test mode and policyd.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sendmail.inc.sh
. "$(dirname "$0")/sendmail.inc.sh"
sm_policyd
add() {
	"$program" -c "$conf" rule add "$@" >/dev/null 2>&1 ||
		bail "rule add $*"
}
add --direction out --recipient enc.test --level encrypt --on-failure fail
add --direction out --recipient soft.test --level encrypt
add --direction out --recipient none.test --level none
add --direction out --recipient sec.test --level secure --cert-name hostname \
	--on-failure fail
add --direction in --subnet 192.0.2.9/32 --level none
sleep 1.2
feature="FEATURE(\`tlswarden', \`unix:$socket')dnl"

# session DOMAIN VERIFY [NAMES]: the macros of one.
session() {
	local name
	printf '.D%s\n' "ua@$1" "h$1" "{server_name}mx.$1" "{verify}$2" \
		"{server_addr}192.0.2.1" "{tls_version}" "{cipher_bits}" \
		"{rcpt_addr}"
	[ "$2" = NONE ] ||
		printf '.D%s\n' "{tls_version}TLSv1.3" "{cipher_bits}256"
	for name in ${3:-}; do
		echo ".C{cert_altnames}$name"
	done
}

# judged WHAT: what rulesets return for each kind of session, down to those of
# the site, is what the table says.
judged() {
	out=$(sm_test "$(session enc.test NONE)
tls_server NONE") err=
	out_has '^tls_server \$# error \$@ 5 \. 7 \. 10 \$: "550 .*rule 1 ' \
		"$1: encrypt refuses a session in clear"
	out=$(sm_test "$(session enc.test NO)
tls_server NO")
	out_lacks '^tls_server .*error' "$1: and takes one with TLS"
	out=$(sm_test "$(session soft.test NONE)
tls_rcpt a@soft.test")
	out_has '^tls_rcpt \$# error \$@ 4 \. 7 \. 10 ' "$1: tls_rcpt"
	out=$(sm_test "$(session free.test NONE)
tls_server NONE
tls_rcpt a@free.test
try_tls mx.free.test")
	out_lacks '^(tls_server|tls_rcpt|try_tls) .*error' "$1: no rule"
	out=$(sm_test "$(session none.test NONE)
try_tls mx.none.test")
	out_has '^try_tls .*no STARTTLS to this server' "$1: level none"
	out=$(sm_test "$(session sec.test OK '*.sec.test')
tls_server OK")
	out_lacks '^tls_server .*error' "$1: secure, by a wildcard"
	out=$(sm_test "$(session sec.test OK other.test)
tls_server OK")
	out_has '^tls_server \$# error \$@ 5 \. 7 \. 5 ' "$1: another name"
	out=$(sm_test ".D{client_addr}192.0.2.9
srv_features x")
	out_has '^srv_features \$# S' "$1: STARTTLS is hidden"
}

sm_cf "$feature" "the feature alone"
judged "alone"
access="FEATURE(\`access_db', \`hash -o -T<TMPF> $sm_dir/access')dnl"
sm_cf "$access
$feature" "behind access_db"
judged "access_db"
sm_cf "$feature
$access
FEATURE(\`delay_checks')dnl
FEATURE(\`tls_session_features')dnl" "before access_db and its friends"
judged "before access_db"
sm_cf "FEATURE(\`sts')dnl
$feature" "behind sts"
judged "behind sts"
sm_cf "$feature
FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$socket')dnl" "before our sts"
judged "before our sts"
sm_cf "define(\`confDANE', \`true')dnl
$access
FEATURE(\`sts')dnl
$feature
FEATURE(\`check_cert_altnames')dnl
define(\`confTLS_FALLBACK_TO_CLEAR', \`true')dnl
FEATURE(\`tls_session_features')dnl" "DANE, sts and all about TLS"
judged "DANE and sts"

# ---- Debian's own sendmail.mc, and the sample ----------------------------
# What they include of /etc/mail is made by Debian when it is installed.
debian() {
	local mc=$1 file
	mkdir -p "$sm_dir/etc"
	sed -i "s|/etc/mail/|$sm_dir/etc/|g
		s|/run/tlswarden/|$work/run/|g
		s|/usr/share/sendmail/cf/|$sm_dir/cf/|g" "$mc"
	while read -r file; do
		mkdir -p "$(dirname "$file")"
		: >"$file"
	done < <(sed -n "s|^include(\`\($sm_dir/etc/.*\)')dnl|\1|p" "$mc")
	touch "$sm_dir/etc/local-host-names"
	sm_m4 -D_CF_DIR_="$sm_dir/cf/" "$mc" >"$sm_dir/sendmail.cf"
	[ ! -s "$sm_dir/m4.log" ]
	verdict $? "m4 says nothing about $(basename "$mc")"
	sed -i "s|/etc/mail/|$sm_dir/etc/|g" "$sm_dir/sendmail.cf"
	"$SM_ROOT/usr/libexec/sendmail/makemap" -C /dev/null \
		hash "$sm_dir/etc/access" </dev/null
	out=$(sm_test "$(session free.test NONE)
tls_server NONE" 2>&1)
	out_lacks 'error' "Sendmail reads it"
}

cp "$sm_dir/cf/debian/sendmail.mc" "$sm_dir/debian.mc"
sed -i "/^MAILER_DEFINITIONS/i $feature" "$sm_dir/debian.mc"
debian "$sm_dir/debian.mc"
judged "Debian's sendmail.mc"
cp "$top_srcdir/contrib/sendmail/sendmail.mc.example" "$sm_dir/sample.mc"
debian "$sm_dir/sample.mc"
judged "the sample"
tw 0 "check is content with the sample" check --mta sendmail \
	--cf "$sm_dir/sendmail.cf" --json
sm_milter
tw 0 "nothing is to be added to the sample" setup sendmail \
	--cf "$sm_dir/sendmail.cf" --program "$SM_BIN" --json
json '[.findings[] | select(.setting != null) | .code] == ["no_sni"]' \
	"only SNI is spoken of"

# ---- policyd is down ------------------------------------------------------
sm_policyd_stop
out=$(sm_test "$(session free.test NONE)
tls_server NONE
tls_rcpt a@free.test
try_tls mx.free.test")
for ruleset in tls_server tls_rcpt; do
	out_has "^$ruleset "'\$# error \$@ 4 \. 7 \. 5 .*policyd running' \
		"policyd is down: $ruleset lets mail wait"
done
out_lacks '^try_tls .*error' "and TLS is tried"

finish
