#!/bin/bash
# tlswarden: setup sendmail and check --mta sendmail, by Debian's Sendmail.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=sendmail.inc.sh
. "$(dirname "$0")/sendmail.inc.sh"
sm_policyd
sm_policyd_stop

setup() {
	local rc=$1 desc=$2
	shift 2
	tw "$rc" "$desc" setup sendmail --cf "$sm_dir/sendmail.cf" \
		--program "$SM_BIN" "$@"
}

# has CODE DESC: a finding with that code; lacks CODE DESC.
has() {
	json "[.findings[].code] | index(\"$1\") != null" "$2"
}

lacks() {
	json "[.findings[].code] | index(\"$1\") == null" "$2"
}

# ---- no rules, no need ---------------------------------------------------
sm_cf "" "nothing special"
setup 0 "an empty table"
out_has '^# nothing is to be added' "needs nothing"
rule() {
	"$program" -c "$conf" rule add "$@" >/dev/null 2>&1
}
rule --direction out --recipient enc.test --level encrypt --on-failure fail
setup 1 "an outbound rule, policyd down"
out_has "^FEATURE\(\`tlswarden', \`unix:$socket'\)dnl" "needs the feature"
out_lacks 'INPUT_MAIL_FILTER|CACERT|FINGERPRINT' "and nothing else"
err_has 'does not answer: start it first' "and policyd"

sm_policyd_start
setup 1 "policyd is up"
out_has "^# map sendmail at unix:$socket: srv:<NONE>.* answers OK 5.7.10:" \
	"the lookup is shown"
rule --direction out --recipient sec.test --level secure
rule --direction in --sender in.test --level secure \
	--cert-fingerprint "$(printf 'ab%.0s' {1..32})"
rule --direction in --subnet 192.0.2.9/32 --level none
setup 1 "all kinds of rules" --json
has milter_down "the milter does not run"
sm_milter
setup 1 "the milter is up" --json
lacks milter_down "and is found"
for code in feature_missing milter_not_asked no_certificate no_ca \
	fingerprint_digest; do
	has $code "needs: $code"
done
setup 1 "the lines"
lines=$(grep -v '^#' <<<"$out")

# ---- what it prints is what it wants -------------------------------------
sm_cf "$lines" "the lines that are printed, in a sendmail.mc"
setup 0 "is content with its own lines"
out_has '^# nothing is to be added' "nothing is left"
out_has "^# $SM_BIN -C .* -bt: ruleset tls_server says the same" \
	"and Sendmail's test mode agrees with the table"
tw 0 "check is content, too" check --mta sendmail --cf "$sm_dir/sendmail.cf" \
	--json
json '[.findings[] | select(.severity == "problem")] == []' "no problem"

# ---- what keeps rules from working ---------------------------------------
# with DESC LINES...: the good sendmail.mc, and these lines behind it.
with() {
	sm_cf "$lines
$2" "$1"
	setup "${3:-1}" "$1" --json
}

without() {
	with "$1" ""  0
	sed -i "$2" "$sm_dir/sendmail.cf"
	setup "${3:-1}" "$1" --json
}

with "the connection cache is on" "define(\`confMCI_CACHE_SIZE', \`2')dnl"
has connection_cache "is found"
json '.findings[] | select(.code == "connection_cache") | .change |
	test("confMCI_CACHE_SIZE")' "with the line that mends it"
with "failures are remembered" "define(\`confTO_HOSTSTATUS', \`30m')dnl"
has host_status "is found"
with "many recipients at once" "define(\`SMTP_MAILER_MAXRCPTS', \`100')dnl"
has many_recipients "is found"
with "names are expanded" "define(\`confDONT_EXPAND_CNAMES', \`false')dnl"
has expands_cnames "is found"
json '.findings[] | select(.code == "expands_cnames") | .change |
	test("confDONT_EXPAND_CNAMES")' "with the line that mends it"
with "other options of the resolver" \
	"define(\`confBIND_OPTS', \`WorkAroundBrokenAAAA')dnl"
has searches_domains "is found"
line=$(jq -r '.findings[] | select(.code == "searches_domains") | .change' \
	<<<"$out")
with "with the line that mends it" "define(\`confBIND_OPTS', \`+AAONLY')dnl
${line% behind the feature}" 0
lacks searches_domains "it is mended"
grep -q '^O ResolverOptions=+AAONLY -DNSRCH$' "$sm_dir/sendmail.cf"
verdict $? "and what was there is kept"
with "a smart host" "define(\`SMART_HOST', \`hub.test')dnl" 0
has smart_host "is a notice"
with "a mailertable" "FEATURE(\`mailertable', \`hash -o $sm_dir/mt')dnl" 0
has mailertable "is a notice"
with "a host to fall back to" "define(\`confFALLBACK_MX', \`fb.test')dnl" 0
has fallback_host "is a notice"
with "another host to fall back to" \
	"define(\`confFALLBACK_SMARTHOST', \`fb.test')dnl" 0
has fallback_host "is a notice, too"
with "no STARTTLS where mail goes out" \
	"CLIENT_OPTIONS(\`Family=inet, M=S')dnl"
has client_no_starttls "is found"
with "a daemon with filters of its own" \
	"DAEMON_OPTIONS(\`Name=X, Port=2525, InputMailFilters=other')dnl"
has daemon_without_milter "is found"
with "a daemon without STARTTLS" \
	"DAEMON_OPTIONS(\`Name=X, Port=2525, M=S')dnl"
has daemon_no_starttls "is found"
with "client certificates are not asked for" \
	"define(\`confTLS_SRV_OPTIONS', \`V')dnl"
has client_certificate_not_asked "is found"
with "our map sts" "FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$socket')dnl" 0
has sts_wildcards "is a notice about wildcards"
has sts_server "and about servers elsewhere"
lacks sts_users "none about users"
lacks no_sni "nor about SNI"
with "sts without its test of names" "FEATURE(\`sts',
	\`socket -d5 -T<TMPF> unix:$socket', \`NO_SAN_TST')dnl" 0
lacks sts_wildcards "takes wildcards"
with "another's map sts" "FEATURE(\`sts')dnl" 0
lacks sts_wildcards "is nothing of ours"
lacks sts_alone "and no problem"
with "sts that fails open" "FEATURE(\`sts', \`socket -d5 unix:$socket')dnl"
has sts_fails_open "is found"
without "a rule of the site before ours" \
	'/^SLocal_tls_server/a R$*\t$@ ok'
has ruleset_late "is found"
has not_proven "and proven by the test mode"
without "no F= of the filter" 's/, F=T,/,/'
has milter_fails_open "is found"
without "F=R of the filter" 's/, F=T,/, F=R,/' 0
has milter_refuses "is a notice"
without "no timeouts of the filter" '/^Xtlswarden/s/, T=.*//' 0
has milter_slow "is a notice"
without "the filter is not listed" 's/^O InputMailFilters=.*//'
has milter_not_asked "is found"
without "the map fails open" '/^Ksendmail/s/-T<TMPF>//'
has map_fails_open "is found"
without "the map folds case" '/^Ksendmail/s/ -f / /'
has map_folds_case "is found"
without "the map drops quotes" '/^Ksendmail/s/ -q / /'
has map_drops_quotes "is found"
without "the map waits long" '/^Ksendmail/s/-d5/-d300/' 0
has map_slow "is a notice"
without "an address in brackets" \
	'/^Ksendmail/s|unix:.*|inet:8462@[127.0.0.1]|'
has map_brackets "is found"
without "another socket" '/^Ksendmail/s|unix:.*|unix:/run/none.sock|'
has wrong_socket "is found"
without "no alternative names" 's/^O SetCertAltnames=true/O SetCertAltnames=0/'
has altnames_off "is found"
without "a ruleset is gone" 's/Tlswarden_server/X&/'
has ruleset_not_called "is found"
without "no CAs" '/^O CACert/d'
has no_ca "is found"
chmod g+w "$work/run"
setup 1 "a directory that a group can write" --json
has socket_unsafe "is found"
has not_proven "and Sendmail refuses the socket"
chmod g-w "$work/run"

# ---- what Sendmail cannot do ----------------------------------------------
sm_cf "FEATURE(\`sts', \`socket -d5 -T<TMPF> unix:$socket')dnl" "sts alone"
setup 1 "our map sts alone" --json
has sts_alone "is found"
rule --direction out --recipient u@sec.test --level preferred
rule --direction out --recipient names.test --level secure --cert-name x.test
rule --direction out --recipient pin.test --level encrypt \
	--cert-fingerprint "$(printf 'cd%.0s' {1..32})"
setup 1 "rules that it cannot do" --json
has sts_users "a looser rule about users"
tw 1 "check of these rules" check --mta sendmail --cf "$sm_dir/sendmail.cf" \
	--json
has names_unseen "a name that is only among others"
has outbound_pin "the fingerprint of a server"
json '[.findings[] | select(.code == "names_unseen") | .rules[]] == [6]' \
	"with the rule"
x60=$(printf 'x%.0s' {1..60})
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/long.key" -out "$work/long.pem" -days 1 \
	-subj "/O=$x60/OU=a$x60/OU=b$x60/OU=c$x60/CN=Long" 2>"$work/req.log" ||
	bail "$(cat "$work/req.log")"
tw 0 "a CA with a long name" ca import long "$work/long.pem"
rule --direction out --recipient long.test --level secure --ca long
setup 1 "a rule about that CA" --json
has ca_name_long "is found"
sqlite3 "$db" "DELETE FROM policy WHERE recipient = 'long.test'"

sm_cf "$(grep -v -e INPUT_MAIL -e 'S=unix' <<<"$lines" |
	sed "s/^FEATURE.*/FEATURE(\`tlswarden', \`unix:${socket//\//\\\/}',/
	/^FEATURE/s/$/ \`inbound')dnl/")" "the feature instead of the milter"
setup 0 "the feature instead of the milter" --json
has no_milter "is a notice"
lacks milter_not_asked "and the milter is not missed"

# ---- what is no sendmail.cf ----------------------------------------------
tw 65 "a sendmail.mc" setup sendmail --cf "$sm_dir/sendmail.mc"
err_has 'this is no sendmail.cf' "is said to be none"
tw 66 "no file" setup sendmail --cf "$sm_dir/none"
tw 1 "check of no file" check --mta sendmail --cf "$sm_dir/none"
tw 64 "apply" setup sendmail --apply
err_has 'sendmail.cf is made from sendmail.mc by m4' "says why not"
tw 64 "a sendmail.cf for Postfix" setup postfix --cf x
tw 64 "a sendmail.cf for a check of Postfix" check --mta postfix --cf x

finish
