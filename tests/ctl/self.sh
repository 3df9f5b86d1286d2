#!/bin/bash
# tlswarden: check --self finds what is wrong with the MTA's own certificates.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

command -v openssl >/dev/null || skip_all "openssl is not installed"
cd "$work" || bail "no folder"
umask 077

# ca NAME ISSUER: a CA; leaf NAME ISSUER DNS USAGE DAYS: a certificate.
extensions() {
	printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' '[ca]' \
		'basicConstraints=critical,CA:TRUE' \
		'keyUsage=critical,keyCertSign,cRLSign' \
		'subjectKeyIdentifier=hash' '[leaf]' \
		'basicConstraints=CA:FALSE' \
		'keyUsage=critical,digitalSignature' \
		"extendedKeyUsage=${2:-serverAuth}" \
		"subjectAltName=DNS:${1:-x.example}" >ext.conf
}
request() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-config ext.conf -subj "/CN=$1" -keyout "$1.key" \
		-out "$1.csr" 2>/dev/null || bail "openssl req"
}
ca() {
	extensions
	request "$1"
	if [ "$1" = "$2" ]; then
		set -- "$1" "$2" -signkey "$1.key"
	else
		set -- "$1" "$2" -CA "$2.pem" -CAkey "$2.key"
	fi
	openssl x509 -req -in "$1.csr" "${@:3}" -set_serial "$RANDOM" \
		-days 900 -extfile ext.conf -extensions ca -out "$1.pem" \
		2>/dev/null || bail "openssl x509"
}
leaf() {
	extensions "$3" "$4"
	request "$1"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
		-set_serial "$RANDOM" -days "$5" -extfile ext.conf \
		-extensions leaf -out "$1.pem" 2>/dev/null ||
		bail "openssl x509"
}
ca root root
ca issuing root
ca other other
leaf mx issuing mx.bank.example serverAuth 300
leaf soon issuing mx.bank.example serverAuth 5
leaf client issuing mx.bank.example clientAuth 300
leaf private other mx.bank.example serverAuth 300
cat mx.pem issuing.pem >full.pem
cat soon.pem issuing.pem >soon-full.pem
cat client.pem issuing.pem >client-full.pem
cat client.key client-full.pem >client-chain.pem
cat issuing.pem mx.pem >turned.pem
cat mx.key mx.pem issuing.pem >chain.pem
cat mx.pem mx.key issuing.pem >key-late.pem
echo "trust_store = \"$work/root.pem\"" >>"$conf"

# ---- Postfix --------------------------------------------------------------
mkdir etc
MAIL_CONFIG=$work/etc
export MAIL_CONFIG
# settings LINE...: main.cf; the services are those of master.cf.
settings() {
	printf '%s\n' 'compatibility_level = 3.6' \
		'myhostname = mx.bank.example' \
		'smtpd_tls_security_level = may' "$@" >etc/main.cf
}
services() {
	printf '%s\n' 'smtp inet n - y - - smtpd' "$@" >etc/master.cf
}
s() {
	tw "$1" "$2" check --self --mta postfix --json "${@:3}"
}
server=".certificates | map(select(.role == \"server\"))"
codes='.findings | map(.code)'

# tls_server_sni_maps: what "postmap -F" copied is what Postfix presents.
maps_tests() {
	local good="smtpd_tls_chain_files = $work/chain.pem"
	local sni="$server | map(select(.setting == \"tls_server_sni_maps\"))"

	cat mx.key full.pem >sni.pem
	printf '%s\n' "mx.bank.example $work/sni.pem" \
		".shop.example $work/soon.key, $work/soon-full.pem" >sni
	postmap -F "hash:$work/sni"
	cat soon.key soon-full.pem >sni.pem
	settings "$good" "tls_server_sni_maps = hash:$work/sni"
	s 1 "names of SNI"
	json "$sni | map([.name, .key_matches, [.findings[].class]]) | sort ==
		[[\".shop.example\", true, [\"name_mismatch\",
		\"expires_soon\"]], [\"mx.bank.example\", true, []]]" \
		"each as it was copied into the table"
	json "$sni | map(.findings[].command |
		startswith(\"postmap -F -q .shop.example hash:$work/sni |\")) |
		all" "and how to see it"
	settings "$good" "tls_server_sni_maps = texthash:$work/sni"
	s 1 "a table that is read as text"
	json "$sni | map(select(.name == \"mx.bank.example\") |
		[.findings[].class]) == [[\"expires_soon\"]]" \
		"has what the files have by now"
	settings "$good" "tls_server_sni_maps = $(printf '%s' \
		"inline:{ { mx.bank.example = $work/mx.key, $work/mx.pem } }")"
	s 1 "in main.cf itself"
	json "$sni | map([.findings[].class | test(\"incomplete_chain|issuer_\")
		]) == [[true]]" "judged"
	settings "$good" "tls_server_sni_maps = hash:$work/none"
	s 0 "no such table"
	json "$codes | contains([\"self_sni_not_looked_at\"])" "said so"
	settings "$good"
	services '465 inet n - y - - smtpd' \
		"  -o tls_server_sni_maps=texthash:$work/sni"
	s 1 "a table of one service"
	json "$sni | map(.where | startswith(\"master.cf: 465/inet, \")) ==
		[true, true]" "with its place"
	services
}

# The CA files, whatever the chain needs of them.
ca_tests() {
	local good="smtpd_tls_chain_files = $work/chain.pem"

	settings "$good" "smtpd_tls_CAfile = $work/none.pem"
	s 1 "no CA file"
	json '.findings | map(select(.code == "self_ca_not_read") | .text |
		test("none.pem.*smtpd_tls_CAfile, main.*refuses every START"))
		== [true]' "named once, with what happens"
	settings "$good" "smtp_tls_CAfile = $work/mx.key"
	s 1 "a key instead of CAs"
	json '.findings | map(select(.code == "self_ca_not_read") | .text |
		test("private key.*smtp_tls_CAfile")) == [true]' "named"
	openssl x509 -req -in issuing.csr -CA root.pem -CAkey root.key \
		-days -1 -set_serial 7 -out gone.pem 2>/dev/null
	settings "$good" "smtpd_tls_CAfile = $work/gone.pem"
	s 1 "expired CAs"
	json "$codes | contains([\"self_ca_expired\"])" "named"
	cat root.pem >>gone.pem
	s 0 "one of them is good"
	mkdir -p hashed
	settings "$good" "smtpd_tls_CApath = $work/hashed"
	s 1 "a folder that the chroot has not"
	json "$codes | contains([\"self_ca_path_outside\"])" "named"
	settings "$good" "smtpd_tls_CApath = $work/hashed" \
		"queue_directory = $work/queue"
	mkdir -p "queue$work/hashed"
	s 0 "that it has"
	settings "$good" "smtpd_tls_CApath = $work/root.pem"
	s 1 "a file for a folder"
	json '.findings | map(.text | test("not a folder")) | any' "named"

	printf '%s\n' 'a.test secure match=a.test' \
		"b.test secure tafile=$work/root.pem tafile=$work/none.pem" \
		>tls_policy
	settings "$good" "smtp_tls_policy_maps = texthash:$work/tls_policy" \
		"  socketmap:unix:none:tlspolicy"
	s 1 "a tafile that is not there"
	json '.findings | map(select(.code == "self_ca_not_read") | .text |
		test("none.pem.*tafile.*b.test")) == [true]' "named"
}

postfix_tests() {
	services
	settings "smtpd_tls_cert_file = $work/full.pem" \
		"smtpd_tls_key_file = $work/mx.key"
	s 0 "a good chain"
	json "$server | length == 1 and (.[0] | .verdict == \"ok\" and
		.findings == [] and .key_matches and .mta == \"postfix\" and
		.setting == \"smtpd_tls_cert_file\" and
		.where == \"main.cf\" and .seen_outside == null and
		.name == \"mx.bank.example\")" "is judged as a server's"
	json "$codes == [\"self_no_client_certificate\"]" \
		"no client certificate is a notice"
	tw 0 "as text" check --self --mta postfix
	out_has '^Postfix, as a server: smtpd_tls_cert_file \(main\.cf\)$' \
		"its place"
	out_has 'full\.pem: OK' "and verdict"
	s 1 "under another name" --name mx.shop.example
	json "$server | .[0].findings | map(.class) == [\"name_mismatch\"]" \
		"named"

	settings "smtpd_tls_cert_file = $work/mx.pem" \
		"smtpd_tls_key_file = $work/mx.key"
	s 1 "an intermediate is not there"
	json "$server | .[0] | (.findings[0] | .fault == \"ours\" and
		(.class | test(\"incomplete_chain|issuer_unknown\"))) and
		(.seen_outside | test(\"CAFail\"))" "our fault, seen as CAFail"
	tw 1 "as text" check --self --mta postfix
	out_has 'CAFail.*the fault is ours, not theirs' "said so"
	out_lacks 'to them:|[Yy]our' "nobody else is asked"
	settings "smtpd_tls_cert_file = $work/mx.pem" \
		"smtpd_tls_key_file = $work/mx.key" \
		"smtpd_tls_CAfile = $work/issuing.pem"
	s 0 "OpenSSL takes it from smtpd_tls_CAfile"
	json "$codes | contains([\"self_completed\"])" "that is a notice"

	settings "smtpd_tls_cert_file = $work/full.pem" \
		"smtpd_tls_key_file = $work/soon.key"
	s 1 "another key"
	json "($server | .[0].key_matches | not) and
		($codes | contains([\"self_wrong_key\"]))" "named"
	chmod o+r mx.key
	settings "smtpd_tls_cert_file = $work/full.pem" \
		"smtpd_tls_key_file = $work/mx.key"
	s 1 "a key for everybody"
	json "$codes | contains([\"self_key_readable\"])" "named"
	chmod o= mx.key
	settings "smtpd_tls_cert_file = $work/full.pem"
	s 1 "no key in the certificate's file"
	json "$codes | contains([\"self_key_unusable\"])" "named"
	settings "smtpd_tls_cert_file = $work/soon-full.pem" \
		"smtpd_tls_key_file = $work/soon.key"
	s 0 "expires soon"
	json "$server | .[0].findings | map(.class) == [\"expires_soon\"]" \
		"noticed"
	settings "smtpd_tls_cert_file = $work/private.pem" \
		"smtpd_tls_key_file = $work/private.key"
	s 1 "a private CA"
	settings "smtpd_tls_cert_file = $work/turned.pem" \
		"smtpd_tls_key_file = $work/mx.key"
	s 1 "turned around"
	json "$codes | contains([\"self_wrong_key\"])" "key of another"
	settings "smtpd_tls_cert_file = $work/none.pem"
	s 1 "no such file"
	json "$codes | contains([\"self_not_read\"])" "named"
	json "$server | .[0].verdict == \"noverify\"" "not judged"
	settings
	s 1 "TLS without a certificate"
	json "$codes | contains([\"self_no_certificate\"])" "named"
	settings 'smtpd_tls_security_level ='
	s 0 "no STARTTLS at all"
	json "$codes | contains([\"self_no_starttls\"])" "a notice"

	settings "smtpd_tls_chain_files = $work/chain.pem, $work/soon.key" \
		"  $work/soon-full.pem"
	s 0 "chain files"
	json "$server | map(.key_matches) == [true, true]" "each with its key"
	settings "smtpd_tls_chain_files = $work/key-late.pem"
	s 1 "a key behind its certificate"
	json "$codes | contains([\"self_key_order\"])" "named"

	maps_tests
	ca_tests

	services '465 inet n - y - - smtpd' \
		"  -o smtpd_tls_cert_file=$work/soon-full.pem" \
		"  -o smtpd_tls_key_file=$work/soon.key" \
		'587 inet n - y - - smtpd' '  -o myhostname=mx.shop.example' \
		'out unix - - y - - smtp' \
		"  -o smtp_tls_chain_files=$work/client-chain.pem"
	settings "smtpd_tls_cert_file = $work/full.pem" \
		"smtpd_tls_key_file = $work/mx.key" \
		"smtp_tls_cert_file = $work/full.pem" \
		"smtp_tls_key_file = $work/mx.key"
	s 1 "services of master.cf"
	json "$server | map(.where | split(\": \")[-1]) == [\"main.cf\",
		\"465/inet\", \"587/inet\"]" "each once"
	json "$server | map([.findings[].class]) == [[], [\"expires_soon\"],
		[\"name_mismatch\"]]" "each by its own settings"
	json '.certificates | map(select(.role == "client")) |
		map([.findings[].class]) == [["wrong_purpose"], []]' \
		"a server's certificate is no client's"

	rm etc/main.cf
	s 1 "no main.cf"
	json '.findings[0] | .code == "self_not_read" and
		(.text | test("main.cf: No such file"))' "in its own words"
}
if [ -x /usr/sbin/postconf ]; then
	postfix_tests
else
	PATH=$work s 1 "no Postfix"
	json '.findings[0].text | test("postconf: there is no such program")' \
		"said so"
fi

# ---- Sendmail -------------------------------------------------------------
m() {
	tw "$1" "$2" check --self --mta sendmail --cf "$work/sm.cf" --json \
		"${@:3}"
}
cat issuing.pem root.pem >cas.pem
cas=$(printf '%s\n' "O CACertFile=$work/cas.pem" "O CACertPath=$work")
printf '%s\n' "#O ServerCertFile=/none" "O ServerCertFile=$work/mx.pem" \
	"O ServerKeyFile = $work/mx.key" "O ClientCertFile=$work/mx.pem" \
	"O ClientKeyFile=$work/mx.key" "$cas" >sm.cf
m 1 "Sendmail"
json '.certificates | map([.role, .mta, .name, [.findings[].class]]) ==
	[["server", "sendmail", null, ["root_included"]],
	["client", "sendmail", null, ["wrong_purpose", "root_included"]]]' \
	"both are judged, with the CAs that it adds"
{
	cat sm.cf
	printf '%s\n' "Dj\$w.bank.example" 'Djmx.bank.example'
} >sm2.cf
tw 1 "the name of sendmail.cf" check --self --mta sendmail --cf "$work/sm2.cf" \
	--json
json "$server | .[0] | .name == \"mx.bank.example\" and
	(.findings | map(.class) == [\"root_included\"])" "is asked for"
m 1 "by name" --name mx.shop.example
json "$server | .[0].findings | map(.class)[0] == \"name_mismatch\"" "named"
printf '%s\n' "O ServerCertFile=$work/mx.pem,$work/soon-full.pem" \
	"O ServerKeyFile=$work/mx.key,$work/soon.key" \
	"O CACertFile=$work/issuing.pem" "O CACertPath=/none" >sm.cf
m 0 "two certificates"
json "$server | map(.key_matches) == [true, true]" "each with its key"
json "$codes | contains([\"self_first_only\"])" \
	"what stands behind a certificate is not sent"
printf '%s\n' "O ServerCertFile=$work/full.pem" "O CACertPath=$work" \
	"O ServerKeyFile=$work/mx.key" "O CACertFile=$work/other.pem" >sm.cf
m 1 "the intermediate is in the wrong file"
json "$server | .[0].findings[0] | .fault == \"ours\" and
	(.fix_ours | test(\"file of CACertFile\")) and
	(.class | test(\"incomplete_chain|issuer_unknown\"))" \
	"and where it belongs"
printf '%s\n' "O ServerCertFile=$work/mx.pem" \
	"O ServerKeyFile=$work/mx.key" >sm.cf
m 1 "no CAs"
json '.findings | map(select(.code == "self_no_cas")) | length == 2' \
	"are no STARTTLS"
printf '%s\n' "O ServerCertFile=$work/mx.pem" "$cas" >sm.cf
m 1 "no key"
json "$codes | contains([\"self_no_key\"])" "named"
printf '%s\n' "O ServerCertFile=$work/full.pem" \
	"O ServerKeyFile=$work/mx.key" "O CACertFile=$work/none.pem" \
	"O CACertPath=$work" "Kaccess hash -T<TMPF> $work/access" >sm.cf
printf '%s\n' '# TLS_Srv_Features:no CertFile=/none' \
	"TLS_Srv_Features:a.test	Options=X;\
CertFile=$work/soon-full.pem; KeyFile=$work/soon.key" \
	"tls_clt_features:b.test certfile=$work/client-full.pem; \
keyfile = $work/client.key" 'Connect:c.test OK' >access
m 1 "CA file and access map"
json "$codes | contains([\"self_ca_not_read\"])" "the CA file is missing"
json '.certificates | map([.role, .setting, .key_matches,
	(.chain | length)])[1:] == [["server", "CertFile", true,
	1], ["client", "CertFile", true, 1]]' \
	"certificates of the access map"
json '.certificates[2].where | test("access, tls_clt_features:b.test$")' \
	"and where"
rm access
m 1 "no access map"
json "$codes | contains([\"self_access_not_read\"])" "said so"
: >sm.cf
m 1 "no certificate"
json "$codes | contains([\"self_no_certificate\"])" "named"
rm sm.cf
m 1 "no sendmail.cf"
json "$codes == [\"self_not_read\"]" "named"

tw 64 "--name without --self" check --name mx.bank.example
sed -i 's|^trust_store.*|trust_store = "/none.pem"|' "$conf"
tw 66 "no trust store" check --self --mta sendmail --cf "$work/sm.cf"

finish
