#!/bin/bash
# tlswarden: check reads the settings of Postfix and names what is missing,
# what leads round the rules, and the command that mends it.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"
# shellcheck source=postfix.inc.sh
. "$(dirname "$0")/postfix.inc.sh"

tw 0 "init" init
cat >>"$conf" <<CONF
ca_directory = "$work/tlswarden/ca"
CONF
pin=$(printf 'a%.0s' {1..64})

# The rules of a row, by letters.
rules() {
	local letter
	sql "DELETE FROM policy"
	while read -r letter; do
		case $letter in
		d) add "'out', '*', 'example.mil', 'encrypt'" ;;
		a) add "'out', '*', '*', 'encrypt'" ;;
		g) add "'out', '*', '.example.mil', 'encrypt'" ;;
		k) add "'out', '*', 'secure.test', 'secure'" ;;
		w) add "'out', '*', '[relay.test]:25', 'encrypt'" ;;
		p) add "'out', '*', 'may.test', 'preferred'" ;;
		u) add "'out', '*', 'u@example.org', 'secure'" ;;
		f) add "'out', '*', 'fail.test', 'encrypt'" \
			"on_failure = 'fail'" ;;
		x) add "'out', '*', 'pin.test', 'encrypt'" \
			"cert_fingerprint = '$pin'" ;;
		i) add "'in', 'example.mil', '*', 'encrypt'" ;;
		s) add "'in', 'example.net', '*', 'secure'" ;;
		y) add "'in', 'pin.test', '*', 'encrypt'" \
			"cert_fingerprint = '$pin'" ;;
		n) add "'in', '*', '*', 'none'" "subnet = '192.0.2.0/24'" ;;
		c) sql "INSERT INTO ca(name, pem) SELECT 'ca',
				CAST(readfile('$work/ca.pem') AS TEXT)
				WHERE NOT EXISTS (SELECT 1 FROM ca)"
			add "'out', '*', 'ca.test', 'secure'" "ca = 'ca'" ;;
		m) sql "UPDATE policy SET mode = 'monitor'" ;;
		o) sql "UPDATE policy SET enabled = 0" ;;
		*) bail "no rule $letter" ;;
		esac
	done < <(grep -o . <<<"$1")
}

add() {
	sql "INSERT INTO policy(direction, sender, recipient, level) VALUES($1);
		${2:+UPDATE policy SET $2 WHERE id = last_insert_rowid();}"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/ca.key" -out "$work/ca.pem" -subj '/CN=Test CA' \
	-days 3650 >/dev/null 2>&1 || bail "openssl req"

# Everything that is asked of Postfix is there, and nothing leads round.
map=socketmap:unix:policyd.sock
out="smtp_tls_policy_maps = $map:tlspolicy"
quiet="smtp_connection_cache_on_demand = no"
dsn="smtp_delivery_status_filter = $map:dsn"
milter="smtpd_milters = unix:milter.sock"
tls="smtpd_tls_security_level = may"
certs="smtpd_tls_ask_ccert = yes; smtpd_tls_CAfile = /etc/ca.pem"
ehlo="smtpd_discard_ehlo_keyword_address_maps = $map:ehlo"
delegation="smtpd_recipient_restrictions = reject_unauth_destination,"
delegation="$delegation check_policy_service unix:delegation.sock"
users="transport_maps = $map:transport"
secure="tlswarden-secure unix - - y - - smtp
 -o smtp_tls_policy_maps=$map:address-secure"

# The finding of the code is there with severity (p, n), or not at all (-).
look() {
	local code=$1 want=$2 desc=$3
	out=$("$program" -c "$conf" check --mta postfix --json 2>"$work/err")
	err=$(cat "$work/err")
	case $want in
	-) json "(.findings | map(select(.code == \"$code\" and
			.setting != null)) | length == 0) and
			(.findings | map(select(.code == \"postfix_not_read\"))
			| length == 0)" "no $code: $desc" ;;
	p) json ".findings | map(select(.code == \"$code\")) | length == 1 and
			.[0].severity == \"problem\" and .[0].setting != null
			and .[0].fix != null" "$code: $desc" ;;
	n) json ".findings | map(select(.code == \"$code\")) | length == 1 and
			.[0].severity == \"notice\"" "$code (notice): $desc" ;;
	esac
}

good_out="$out; $quiet; $dsn; $users"
good_in="$milter; $tls; $certs; $ehlo"
n=0
while IFS='|' read -r who settings master code want desc; do
	case $who in '' | '#'*) continue ;; esac
	settings=${settings//OUT/$good_out}
	settings=${settings//IN/$good_in}
	settings=${settings//DELEGATION/$delegation}
	settings=${settings//MAP/$map}
	master=${master//SECURE/$secure}
	master=${master//MAP/$map}
	master=${master//WORK/$work}
	rules "$who"
	postfix_dir "$settings" "$master"
	look "$code" "$want" "$desc"
	n=$((n + 1))
done <"$top_srcdir/tests/ctl/check_postfix.txt"

# ---- paths ----------------------------------------------------------------
rules di
postfix_dir "smtp_tls_policy_maps = socketmap:unix:$work/policyd.sock:tlspolicy
smtpd_milters = unix:$work/milter.sock"
tw 1 "absolute paths in a chroot" check --mta postfix --json
json '.findings | map(select(.code == "chroot_path") | .setting) |
	sort == ["smtp_tls_policy_maps", "smtpd_milters"]' "are found"
sh -c "$(jq -r '.findings[] | select(.code == "chroot_path") | .fix' \
	<<<"$out")"
touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
[ "$(postconf -h smtp_tls_policy_maps smtpd_milters | xargs)" = \
	"$map:tlspolicy unix:milter.sock" ]
verdict $? "the command of the fix makes them relative"
sed -i 's/ y - - / n - - /' "$MAIL_CONFIG/master.cf"
postconf -e "smtp_tls_policy_maps=socketmap:unix:$work/policyd.sock:tlspolicy"
touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
look chroot_path - "without a chroot"
look tlspolicy_not_asked - "an absolute path is ours, too"

# ---- versions -------------------------------------------------------------
rules d
postfix_dir "$good_out"
echo 'postfix_version = "9.9"' >>"$conf"
look postfix_too_old p "an older Postfix than the configuration says"
sed -i '/^postfix_version/d' "$conf"
look postfix_too_old - "a newer one"

# ---- a Postfix with TLS-Required: no ---------------------------------------
# What a postconf of 3.10 prints; this is no proof that 3.10 obeys the setting.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cp "$(command -v postconf)" "$work/postconf.real"
	cat >"$work/postconf.new" <<-NEW
		#!/bin/sh
		"$work/postconf.real" "\$@" |
			sed 's/^mail_version = .*/mail_version = 3.10.2/'
		[ "\$1" != -x ] ||
			sed 's/^/tls_required_enable = /' "$work/tls_required"
	NEW
	chmod +x "$work/postconf.new"
	cat >"$work/newer" <<-NEWER
		#!/bin/sh
		mount --bind '$work/postconf.new' "$(command -v postconf)" &&
			exec '$program' "\$@"
	NEWER
	chmod +x "$work/newer"
	rules d
	postfix_dir "$good_out"
	echo yes >"$work/tls_required"
	out=$(unshare -m "$work/newer" -c "$conf" check --mta postfix --json)
	json '.findings | map(select(.code == "tls_required_header")) |
		length == 1 and .[0].severity == "problem" and
		.[0].fix == "postconf -e '\''tls_required_enable = no'\''"' \
		"TLS-Required: no is seen"
	echo no >"$work/tls_required"
	out=$(unshare -m "$work/newer" -c "$conf" check --mta postfix --json)
	json '.findings | map(select(.code == "tls_required_header")) == []' \
		"and that it is off"
else
	echo "# no mount namespace: TLS-Required is not shown"
fi
rules d
postfix_dir "$good_out"
look tls_required_header - "a Postfix that does not know it"

# ---- instances -------------------------------------------------------------
rules d
postfix_dir "$good_out"
main_dir=$MAIL_CONFIG
MAIL_CONFIG=$work/postfix-out
postfix_dir "multi_instance_enable = yes"
postconf -c "$main_dir" -e "multi_instance_directories = $MAIL_CONFIG"
MAIL_CONFIG=$main_dir
touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
look tlspolicy_not_asked p "a second instance"
json ".findings[] | select(.code == \"tlspolicy_not_asked\") |
	.instance == \"$work/postfix-out\" and
	(.fix | startswith(\"postconf -c $work/postfix-out -e \"))" "is named"
postconf -c "$work/postfix-out" -e "multi_instance_enable = no"
touch -d '1 minute ago' "$work/postfix-out/main.cf"
look tlspolicy_not_asked - "one that is not enabled"

# ---- each fix mends it ----------------------------------------------------
rules dufxisyn
postfix_dir "smtp_tls_policy_maps = hash:/x; smtpd_tls_security_level = may
smtp_tls_fingerprint_digest = md5; milter_default_action = accept"
for round in 1 2 3; do
	"$program" -c "$conf" check --mta postfix --json |
		jq -r '.findings[] | select(.setting != null) | .fix |
			select(. != null and startswith("postconf -"))' \
			>"$work/fixes"
	[ -s "$work/fixes" ] || break
	sh "$work/fixes" || break
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
done
[ "$round" = 3 ] && [ ! -s "$work/fixes" ]
verdict $? "after two rounds of fixes nothing is left to mend"
[ "$(postconf -h smtp_tls_policy_maps)" = "$map:tlspolicy, hash:/x" ]
verdict $? "what was there stays behind ours"

# ---- what is written with $ stays so ----------------------------------------
# mends NAME WANT DESC: the fixes of check leave it so, as it is written.
mends() {
	"$program" -c "$conf" check --mta postfix --json |
		jq -r '.findings[] | select(.change != null) | .fix' |
		grep -F "$1 =" >"$work/fixes"
	sh "$work/fixes"
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
	out=$(postconf -h "$1") err=$(cat "$work/fixes")
	out_is "$2" "$3"
}
rules dui
postfix_dir "mine = hash:/x; smtp_tls_policy_maps = \$mine;
transport_maps = regexp:{{/@example\.mil\$\$/ smtp:[relay.test]:25}};
smtpd_milters = \${stress?{inet:127.0.0.1:1}:{inet:127.0.0.1:2}}"
mends smtp_tls_policy_maps "$map:tlspolicy, \$mine" "another setting"
mends transport_maps \
	"$map:transport, regexp:{{/@example\.mil\$\$/ smtp:[relay.test]:25}}" \
	"two of them"
mends smtpd_milters \
	"unix:milter.sock, \${stress?{inet:127.0.0.1:1}:{inet:127.0.0.1:2}}" \
	"a condition"
[ "$(postconf -hx transport_maps)" = \
	"$map:transport, regexp:{{/@example\.mil\$/ smtp:[relay.test]:25}}" ]
verdict $? "and Postfix reads it as before"
theirs=socketmap:unix:other.sock:tlspolicy
open="default_action=accept }"
shut="default_action=tempfail }"
postfix_dir "mine = static:may
smtp_tls_policy_maps = \$mine, $theirs, static:none
smtpd_milters = { inet:127.0.0.1:1, $open, { unix:milter.sock, $open"
mends smtp_tls_policy_maps "\$mine, $map:tlspolicy, static:none" "one word"
mends smtpd_milters \
	"{ inet:127.0.0.1:1, $open, { unix:milter.sock, $shut" \
	"ours of two that are the same"
postfix_dir "mine = $theirs; smtp_tls_policy_maps = \$mine"
look wrong_socket p "a word of another setting"
json '.findings[] | select(.code == "wrong_socket") | .change == null and
	(.fix | startswith("write '"$map"':tlspolicy instead of "))' \
	"is to be written there by hand"

# ---- of a list only our own word goes ---------------------------------------
# back LINES MASTER NAME WANT DESC: how check mends the setting of the service
# that takes mail back, "by hand" without a command.
back() {
	postfix_dir "$1" "127.0.0.1:10025 inet n - n - - smtpd \
 -o content_filter= $2"
	"$program" -c "$conf" check --mta postfix --json >"$work/found"
	out=$(jq -r '.findings[] | select(.code == "judged_again") |
		if .change == null then "by hand" else .fix end' "$work/found")
	err=$(jq -r '.findings[] | select(.code == "judged_again") | .fix' \
		"$work/found")
	if [ "$4" = "by hand" ]; then
		out_is "$4" "$5"
		return
	fi
	sh -c "$out" && touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
	out=$(postconf -P "127.0.0.1:10025/inet/$3" | sed 's/^[^ ]* = *//')
	out_is "$4" "$5"
	look judged_again - "it is mended: $5"
}
rules i
dkim=inet:localhost:8891
deleg="check_policy_service unix:delegation.sock"
restrict=smtpd_recipient_restrictions
back "$milter, $dkim" "" smtpd_milters "$dkim" "a filter behind"
back "smtpd_milters = $dkim, unix:milter.sock" "" smtpd_milters "$dkim" \
	"a filter in front"
back "smtpd_milters = \$mine unix:milter.sock, $dkim; mine = inet:[::1]:9" "" \
	smtpd_milters "\$mine,$dkim" "filters on both sides, as written"
back "$milter" "-o smtpd_milters=unix:milter.sock,$dkim" smtpd_milters \
	"$dkim" "a list of its own"
back "smtpd_milters = \$mine; mine = unix:milter.sock" "" smtpd_milters "" \
	"ours alone, in another setting"
back "smtpd_milters = \$mine; mine = unix:milter.sock, $dkim" "" \
	smtpd_milters "by hand" "ours with others in another setting"
back "smtpd_milters = { unix:milter.sock, connect_timeout=5s }, $dkim" "" \
	smtpd_milters "by hand" "ours with options"
back "$restrict = reject_unauth_destination, $deleg, check_client_access x:y" \
	"" $restrict "reject_unauth_destination,check_client_access,x:y" \
	"delegation in the midst"
back "$delegation" "" $restrict "reject_unauth_destination" "delegation behind"
back "smtpd_client_restrictions = $deleg, reject_unknown_client_hostname" "" \
	smtpd_client_restrictions "reject_unknown_client_hostname" \
	"delegation for clients"
back "$restrict = $deleg" "" $restrict "by hand" "nothing but delegation"
back "$restrict = check_policy_service { unix:delegation.sock, timeout=5s }" \
	"" $restrict "by hand" "delegation with options"

# ---- settings of a service: postconf -P takes no blanks ---------------------
# in_service LINES MASTER CODE SETTING WANT DESC: what the fix of CODE makes of
# the setting, "by hand" without a command.
in_service() {
	postfix_dir "$1" "$2"
	"$program" -c "$conf" check --mta postfix --json >"$work/found"
	out=$(jq -r --arg code "$3" '[.findings[] | select(.code == $code) |
		if .change == null then "by hand: " + .fix else .fix end][0]' \
		"$work/found")
	err=$out
	if [ "${5#by hand}" != "$5" ]; then
		out_is "$5" "$6"
		return
	fi
	sh -c "$out" && touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
	out=$(postconf -P "$4" | sed 's/^[^ ]* = *//')
	out_is "$5" "$6"
	look "$3" - "it is mended: $6"
}
rules i
in_service "$milter" "smtp inet n - n - - smtpd -o smtpd_milters=$dkim" \
	inbound_not_asked smtp/inet/smtpd_milters "unix:milter.sock,$dkim" \
	"ours in front of one"
in_service "$milter" "smtp inet n - n - - smtpd -o { smtpd_milters = $dkim, \
 unix:x }" inbound_not_asked smtp/inet/smtpd_milters \
	"unix:milter.sock,$dkim,unix:x" "ours in front of two with blanks"
in_service "$milter" "smtp inet n - n - - smtpd -o { smtpd_milters = \
 { $dkim, connect_timeout=1s } }" inbound_not_asked smtp/inet/smtpd_milters \
	"by hand: write -o { smtpd_milters = unix:milter.sock, { $dkim, \
connect_timeout=1s } } at smtp/inet in master.cf" "one with options"

# ---- text, and trouble ----------------------------------------------------
rules d
postfix_dir ""
tw 1 "as text" check --mta postfix
out_has '^problem  \[postfix\] smtp_tls_policy_maps: rule [0-9]+: smtp' \
	"setting and rule"
out_has "fix: postconf -e 'smtp_tls_policy_maps = $map:tlspolicy'" "command"
tw 0 "not about Postfix" check --mta sendmail
out_lacks smtp_tls_policy_maps "nothing is said of it"
echo 'no setting at all' >>"$MAIL_CONFIG/main.cf"
tw 1 "a main.cf that is broken" check --mta postfix --json
json '.findings | map(select(.code == "postfix_not_read"))[0].severity ==
	"problem"' "is a problem"
rm "$MAIL_CONFIG/main.cf"
tw 0 "no main.cf" check --mta postfix --json
json '.findings | map(select(.code == "postfix_not_read"))[0].severity ==
	"notice"' "is said when asked for Postfix"
tw 0 "no main.cf, not asked for" check --json
json '.findings | map(select(.code == "postfix_not_read")) == []' "is not"

finish
