#!/bin/bash
# tlswarden: chains are judged and CAs kept by tlswarden(1).
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

command -v openssl >/dev/null || skip_all "openssl is not installed"
new_table
cd "$work" || bail "no folder"

# A root, an issuing CA and a server, valid from 2020 to 2049.
cat >ca.conf <<CONF
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = own
[own]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:mx.bank.example
authorityKeyIdentifier = keyid
CONF
: >index
echo 01 >serial

# issue NAME SECTION ISSUER [FROM TO]
issue() {
	local self=
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-config ca.conf -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" \
		2>/dev/null || bail "openssl req"
	[ "$1" != "$3" ] || self=-selfsign
	# shellcheck disable=SC2086 # an option or none
	openssl ca -batch -notext -config ca.conf $self -extensions "$2" \
		-in "$1.csr" -out "$1.pem" -keyfile "$3.key" -cert "$3.pem" \
		-startdate "${4:-20200101000000Z}" \
		-enddate "${5:-20491231000000Z}" 2>ca.log ||
		bail "openssl ca: $(tail -n 3 ca.log)"
}

issue root root root
issue issuing issuing root
issue mx server issuing
issue old root old 20100101000000Z 20110101000000Z
cat mx.pem issuing.pem >full.pem
at="--time 1700000000"

# ---- verify -------------------------------------------------------------
# shellcheck disable=SC2086 # words
v() {
	local rc=$1 desc=$2
	shift 2
	tw "$rc" "$desc" verify $at "$@"
}

v 0 "a good chain" full.pem --roots root.pem --name mx.bank.example
out_has '^full\.pem: OK' "the verdict comes first"
v 0 "as JSON" full.pem --roots root.pem --json
json '.target == "full.pem" and .verdict == "ok" and .findings == [] and
	(.chain | length) == 2 and .chain[0].names == ["mx.bank.example"] and
	has("tls") and has("client_cert_requested")' "frozen keys"
v 1 "another name" full.pem --roots root.pem --name mx.shop.example --json
json '.verdict == "fail" and (.findings | map(.class)) == ["name_mismatch"]
	and (.findings[0] | has("cause") and has("fix_ours") and
	has("fix_theirs") and has("command") and .fault == "theirs")' \
	"one finding, complete"
v 1 "a missing intermediate" mx.pem --roots root.pem --json
json '.findings[0].class | test("incomplete_chain|issuer_unknown")' "named"
v 0 "given as untrusted" mx.pem --roots root.pem --untrusted issuing.pem
v 1 "a root that we do not trust" full.pem --roots old.pem --json
v 0 "a partial chain" full.pem --roots issuing.pem --partial-chain
v 1 "is not the default" full.pem --roots issuing.pem
v 1 "another purpose" full.pem --roots root.pem --purpose client --json
json '.findings[0].class == "wrong_purpose"' "named"
v 0 "any purpose" full.pem --roots root.pem --purpose any
v 1 "no revocation list" full.pem --roots root.pem --crl-check leaf --json
json '.findings[0].class == "crl_unusable"' "named"
v 1 "too deep" full.pem --roots root.pem --depth 0 --json
v 1 "keys too weak for level 4" full.pem --roots root.pem --auth-level 4 --json
json '.findings | map(.class) | index("weak_key") != null' "named"
tw 1 "at another time" verify full.pem --roots root.pem --time 2600000000 --json
json '.findings | map(.class) | index("expired_leaf") != null' "expired"
v 0 "from standard input" - --roots root.pem <full.pem
openssl crl2pkcs7 -nocrl -certfile full.pem -outform DER -out full.p7b
v 0 "PKCS#7" full.p7b --roots root.pem
openssl x509 -in mx.pem -outform DER -out mx.der
v 0 "DER" mx.der --roots root.pem --untrusted issuing.pem
v 1 "a letter" full.pem --roots root.pem --name mx.shop.example --letter
out_has '^Subject: ' "a mail"
out_has 'mx\.shop\.example' "that says what is wrong"
v 0 "no letter" full.pem --roots root.pem --letter
[ -z "$out" ]
verdict $? "when nothing is theirs"
v 0 "Nagios, good" full.pem --roots root.pem --nagios
out_has '^TLS OK - ' "one line"
v 2 "Nagios, a fault" mx.pem --roots root.pem --nagios
out_has '^TLS CRITICAL - ' "one line"
v 3 "Nagios, no file" nothing.pem --roots root.pem --nagios
out_has '^TLS UNKNOWN - nothing\.pem: No such file' "one line"
v 3 "Nagios, a purpose that is none" full.pem --purpose x --nagios
out_has '^TLS UNKNOWN - --purpose' "one line"
v 1 "a letter as JSON" full.pem --roots root.pem --name mx.shop.example \
	--letter --json
json '.target == "full.pem" and
	(.letter | test("Subject: .*mx.shop.example"))' \
	"beside the findings"
v 0 "no letter as JSON" full.pem --roots root.pem --letter --json
json '.verdict == "ok" and has("letter") and .letter == null' "is null"
v 1 "no letter that nobody asked for" full.pem --roots root.pem \
	--name mx.shop.example --json
json 'has("letter") | not' "is no member"
for other in --letter --json; do
	v 64 "Nagios and $other" full.pem --roots root.pem --nagios $other
	err_has "--nagios excludes" "exclude each other"
done
v 1 "a letter about no name" mx.pem --roots root.pem --letter
out_has '^Subject: .*mx\.bank\.example' "names the host, not our file"
tw 1 "Nagios, soon" verify full.pem --roots root.pem --nagios --time 2523700000
out_has '^TLS WARNING - ' "one line"

# What was not sent: told by a file of what exists, or fetched.
v 1 "an intermediate that exists" mx.pem --roots root.pem --known issuing.pem \
	--json
json '.findings | map(.class) == ["incomplete_chain"]' "is missing for certain"
json '.findings[0].cause | test(", from issuing.pem\\)")' "and where it is"
tw 0 "import the intermediate" ca import seen issuing.pem
v 1 "a CA of the table" mx.pem --roots root.pem --json
json '.findings | map(.class) == ["incomplete_chain"]' "is known, not trusted"
json '.findings[0].cause | test(", of the CA seen in the table\\)")' "and named"
chmod 0 "$db"
v 1 "a table that cannot be read" mx.pem --roots root.pem --json
chmod 0640 "$db"
mv "$db" away
v 1 "a table that is not there" mx.pem --roots root.pem --json
[ -z "$err" ]
verdict $? "is passed over in silence"
json '.findings[0].class == "issuer_unknown"' "and the doubt is named"
echo "no database" >"$db"
v 1 "a table that is none" mx.pem --roots root.pem --json
json '.findings[0].class == "issuer_unknown"' "the same"
mv away "$db"
tw 0 "remove it" ca remove seen
: >empty.pem
v 1 "an empty file trusts nothing" full.pem --roots empty.pem --json
json '.findings | map([.class, .index]) == [["untrusted_root", 1]]' "named"
{
	cat mx.pem
	printf '%s\n' '-----BEGIN CERTIFICATE-----' MIIB \
		'-----END CERTIFICATE-----'
} >broken.pem
v 1 "a certificate that is none" broken.pem --roots root.pem --json
json '.findings | any(.class == "malformed" and .index == 1)' \
	"keeps its place"
tw 0 "time not judged" verify old.pem --roots old.pem --purpose any --time none
v 0 "strength not judged" full.pem --roots root.pem --auth-level none
v 0 "as OpenSSL writes it" full.pem --roots root.pem --auth-level -1

python3 - "$work" >port 2>http.log <<'PYTHON' &
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                            directory=sys.argv[1])
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
http=$!
trap 'kill "$http" 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do
	[ -s port ] && break
	sleep 0.1
done
url=http://127.0.0.1:$(cat port)/issuing.pem
cat >>ca.conf <<CONF
[aia]
extendedKeyUsage = serverAuth
subjectAltName = DNS:mx.bank.example
authorityInfoAccess = caIssuers;URI:$url
CONF
issue aia aia issuing
openssl x509 -in aia.pem -noout -text | grep -qF "$url"
verdict $? "a certificate says where its issuer is"
v 1 "not fetched" aia.pem --roots root.pem --json
json '.findings[0].class == "incomplete_chain" and
	(.findings[0].cause | test("reaches the trusted root") | not)' \
	"incomplete by its word"
v 1 "fetched" aia.pem --roots root.pem --fetch-issuers --json
json '.findings[0].class == "incomplete_chain" and
	(.findings[0].cause | test("reaches the trusted root"))' \
	"incomplete for certain"
v 1 "fetched, its root not trusted" aia.pem --roots old.pem --fetch-issuers \
	--json
json '.findings[0].class == "untrusted_root"' "told apart"
kill "$http"
wait "$http" 2>/dev/null
v 1 "nobody answers" aia.pem --roots root.pem --fetch-issuers --json
json '.findings[0].cause | test("Fetching it failed")' "said so"

v 66 "no such file" nothing.pem --roots root.pem
v 66 "no such roots" full.pem --roots nothing.pem
v 65 "a key instead of a chain" mx.key --roots root.pem
v 65 "a list that is none" full.pem --roots root.pem --crl mx.pem
v 64 "a purpose that is none" full.pem --roots root.pem --purpose mail
v 64 "a level that is none" full.pem --roots root.pem --auth-level 6
v 64 "a time that is none" full.pem --roots root.pem --depth x
v 64 "a check that is none" full.pem --roots root.pem --crl-check some
v 64 "a name that is none" full.pem --roots root.pem --name 'a b'
tw 64 "no file at all" verify

# ---- ca -----------------------------------------------------------------
tw 65 "a server is no CA" ca import bank mx.pem
err_has 'CN=mx .*CN=issuing' "its issuer is named"
tw 65 "an expired CA" ca import bank old.pem
err_has 'expired at 2011' "the time is named"
tw 65 "a key" ca import bank root.key
tw 66 "no file" ca import bank nothing.pem
tw 65 "a bad name" ca import 'a b' root.pem
tw 64 "no file given" ca import bank
[ "$(sql 'SELECT count(*) FROM ca')" = 0 ]
verdict $? "nothing of that is in the table"
tw 0 "import" ca import bank issuing.pem --comment "from its web page"
out_has 'CN=issuing does not lead to a root' "a set without root is told"
tw 65 "a second time" ca import bank root.pem
err_has '\-\-replace' "what would do it"
tw 0 "replace" ca import bank full.p7b root.pem root.pem --replace \
	--force --json
json '.name == "bank" and (.certificates | length) == 3 and .rules == [] and
	.reaches_root' "each certificate once"
tw 0 "replace again" ca import bank issuing.pem root.pem --replace
tw 0 "a rule names it" rule add --direction out --recipient bank.example \
	--level secure --ca bank
tw 0 "replace under a rule" ca import bank root.pem issuing.pem --replace
out_has 'named by rule 1$' "the rule is named"
tw 0 "list" ca list
out_has '^bank +2 +2049-12-31 +1 +from its web page' "with expiry and comment"
tw 0 "list --json" ca list --json
json '.[0].name == "bank" and .[0].rules == [1]' "the same"
tw 0 "show" ca show bank
out_has 'named by rule 1' "with its rules"
out_has "$(openssl x509 -in root.pem -outform DER | sha256sum | cut -c1-64)" \
	"and fingerprints"
tw 0 "export" ca export bank
out_is "$(cat root.pem issuing.pem)" "is what was imported"
tw 65 "remove while a rule names it" ca remove bank
tw 65 "show none" ca show shop
err_has 'ca list' "what would help"
tw 65 "export none" ca export shop
tw 65 "remove none" ca remove shop
tw 0 "remove the rule" rule remove 1
tw 0 "remove" ca remove bank
tw 0 "list nothing" ca list
out_has 'ca import' "says how to add one"
tw 0 "audit" audit --ca bank --json
json '(.[0].op == "delete") and (.[-1].op == "insert")' "knows it all"
tw 0 "force" ca import old old.pem --force
tw 1 "check finds what expired" check --mta postfix --json
json '.findings | map(.code) | contains(["ca_expired", "ca_unusable",
	"ca_unused"])' "and that nobody uses it"

finish
