#!/bin/bash
# Builds the PKI zoo: certificates with one fault each, frozen dates, made with
# the openssl command. Used by tests/zoo/zoo.sh; the table of what the verifier
# must say of them is tests/zoo/zoo.table.
# usage: make-zoo.sh DIRECTORY
set -eu

dir=$1
mkdir -p "$dir"
cd "$dir"
exec 3>zoo.log

# The zoo's today is 2026-06-01 00:00:00 UTC, 1780272000.
from=20250101000000Z
until=20270101000000Z
root_until=20350101000000Z

cat >ca.cnf <<'EOF'
[ca]
default_ca = zoo
[zoo]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
preserve = yes
unique_subject = no
email_in_dn = yes
default_crl_days = 30
x509_extensions = none
[none]
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
emailAddress = optional
[req]
distinguished_name = dn
string_mask = utf8only
[dn]
EOF
: >index.txt
echo 1000 >serial

ROOT="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
CA="$ROOT
authorityKeyIdentifier=keyid"
LEAF="basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid"
SAN="subjectAltName=DNS:mx.example.com"
AIA="authorityInfoAccess=caIssuers;URI:http://ca.example.net/issuing.cer"

# key NAME [options of genpkey]: EC unless told otherwise.
key() {
	local name=$1
	shift
	[ $# -gt 0 ] || set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256
	openssl genpkey "$@" -out "$name.key" 2>&3
}

# cert NAME SUBJECT ISSUER EXTENSIONS [options of openssl ca]; the key is
# NAME.key, or made; ISSUER "self" signs itself.
cert() {
	local name=$1 subject=$2 issuer=$3 ext=$4
	shift 4
	[ -e "$name.key" ] || key "$name"
	openssl req -new -utf8 -config ca.cnf -key "$name.key" \
	    -subj "$subject" -out "$name.csr" 2>&3
	printf '%s\n' "$ext" >"$name.ext"
	if [ "$issuer" = self ]; then
		set -- -selfsign -keyfile "$name.key" "$@"
	else
		set -- -cert "$issuer.pem" \
		    -keyfile "${issuer_key:-$issuer}.key" "$@"
	fi
	openssl ca -config ca.cnf -batch -notext -utf8 -in "$name.csr" \
	    -extfile "$name.ext" -startdate "$from" -enddate "$until" \
	    -out "$name.pem" "$@" 2>&3
	rm -f "$name.csr" "$name.ext"
}

# like NAME FIRST: NAME gets the key of FIRST.
like() { cp "$2.key" "$1.key"; }

# flip FILE NAME: the last byte of the signature is changed.
flip() {
	local last
	openssl x509 -in "$1.pem" -outform DER -out "$2.der"
	last=$(tail -c 1 "$2.der" | od -An -tu1)
	head -c -1 "$2.der" >"$2.cut"
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %x $((last ^ 1)))" >>"$2.cut"
	openssl x509 -inform DER -in "$2.cut" -out "$2.pem"
	rm -f "$2.der" "$2.cut"
}

R="-enddate $root_until"

# --- the good ones
# shellcheck disable=SC2086 # R is two words
{
cert root "/C=XX/O=Zoo/CN=Zoo Root" self "$ROOT" $R
cert ca "/C=XX/O=Zoo/CN=Zoo Issuing CA" root "$CA" $R
cert sub "/C=XX/O=Zoo/CN=Zoo Sub CA" ca "$CA" $R
cert subaia "/C=XX/O=Zoo/CN=Zoo Sub CA with AIA" ca "$CA
$AIA" $R
cert other "/O=Zoo/CN=Zoo Other CA" root "$CA" $R
}
cert leaf "/CN=mx.example.com" ca "$LEAF
$SAN"
cert leafsub "/CN=mx.example.com" sub "$LEAF
$SAN"
cert leafsubaia "/CN=mx.example.com" subaia "$LEAF
$SAN
$AIA"
cert leafaia "/CN=mx.example.com" ca "$LEAF
$SAN
$AIA"
cert stranger "/CN=stranger.example" other "$LEAF
subjectAltName=DNS:stranger.example"

# --- trust
# shellcheck disable=SC2086
{
cert private "/O=Private/CN=Private Root" self "$ROOT" $R
cert privca "/O=Private/CN=Private CA" private "$CA" $R
cert own "/O=Olympus/CN=Olympus CA" self "$ROOT" $R
cert namesake "/C=XX/O=Zoo/CN=Zoo Root" self "$ROOT" $R
cert nsca "/C=XX/O=Zoo/CN=Zoo Issuing CA" namesake "$CA" $R
cert rekeyed "/C=XX/O=Zoo/CN=Zoo Issuing CA" root "$CA" $R
cert distrusted "/O=Zoo/CN=Zoo Distrusted Root" self "$ROOT" $R
}
cert privleaf "/CN=mx.example.com" privca "$LEAF
$SAN"
cert privaia "/CN=mx.example.com" privca "$LEAF
$SAN
$AIA"
cert rootleaf "/CN=mx.example.com" private "$LEAF
$SAN"
cert ownleaf "/O=Olympus/CN=mx.example.com" own "$LEAF
$SAN"
cert ldapleaf "/CN=mx.example.com" private "$LEAF
$SAN
authorityInfoAccess=caIssuers;URI:ldap:///CN=olympus-CA"
cert nsleaf "/CN=mx.example.com" nsca "$LEAF
$SAN"
cert selfleaf "/CN=mx.example.com" self "$LEAF
$SAN"
cert selfca "/CN=mx.example.com" self "$ROOT
$SAN"
cert disleaf "/CN=mx.example.com" distrusted "$LEAF
$SAN"
cat privca.pem private.pem >privset.pem
openssl x509 -in distrusted.pem -addreject serverAuth -trustout \
    -out distrusted.trusted.pem

# --- time
# shellcheck disable=SC2086
{
cert oldroot "/O=Zoo/CN=Zoo Old Root" self "$ROOT" -enddate 20260101000000Z
cert futroot "/O=Zoo/CN=Zoo Future Root" self "$ROOT" \
    -startdate 20260701000000Z $R
cert oldca "/O=Zoo/CN=Zoo Old CA" root "$CA" -enddate 20260101000000Z
cert futca "/O=Zoo/CN=Zoo Future CA" root "$CA" \
    -startdate 20260701000000Z $R
like caold ca
cert caold "/C=XX/O=Zoo/CN=Zoo Issuing CA" root "$CA" \
    -enddate 20260101000000Z
}
cert expired "/CN=mx.example.com" ca "$LEAF
$SAN" -enddate 20260501000000Z
cert second "/CN=mx.example.com" ca "$LEAF
$SAN" -enddate 20260601000000Z
cert future "/CN=mx.example.com" ca "$LEAF
$SAN" -startdate 20260701000000Z
cert soon "/CN=mx.example.com" ca "$LEAF
$SAN" -enddate 20260610000000Z
cert oldcaleaf "/CN=mx.example.com" oldca "$LEAF
$SAN"
cert futcaleaf "/CN=mx.example.com" futca "$LEAF
$SAN"
cert oldrootleaf "/CN=mx.example.com" oldroot "$LEAF
$SAN"
cert futrootleaf "/CN=mx.example.com" futroot "$LEAF
$SAN"

# --- cross-signed: an expired root issued the new one once more
# shellcheck disable=SC2086
{
cert newroot "/O=Zoo/CN=Zoo New Root" self "$ROOT" $R
like cross newroot
cert cross "/O=Zoo/CN=Zoo New Root" oldroot "$CA" -enddate 20260101000000Z
cert newca "/O=Zoo/CN=Zoo New CA" newroot "$CA" $R
}
cert newleaf "/CN=mx.example.com" newca "$LEAF
$SAN"

# --- names
cert wild "/CN=wild" ca "$LEAF
subjectAltName=DNS:*.example.com"
cert partial "/CN=partial" ca "$LEAF
subjectAltName=DNS:m*.example.com"
cert cnonly "/CN=mx.example.com" ca "$LEAF"
cert cnother "/CN=mx.example.com" ca "$LEAF
subjectAltName=DNS:other.example.com"
cert noname "/O=Zoo" ca "$LEAF"
cert ip "/CN=ip" ca "$LEAF
subjectAltName=IP:192.0.2.1,IP:2001:db8::1"
cert ipcn "/CN=192.0.2.1" ca "$LEAF"
cert mail "/CN=mail" ca "$LEAF
subjectAltName=email:postmaster@example.com"
cert idn "/CN=idn" ca "$LEAF
subjectAltName=DNS:xn--mller-kva.example"
# mx.example.com NUL .evil.example
nul=6D:78:2E:65:78:61:6D:70:6C:65:2E:63:6F:6D
nul=$nul:00:2E:65:76:69:6C:2E:65:78:61:6D:70:6C:65
cert nul "/CN=nul" ca "$LEAF
subjectAltName=DER:30:1E:82:1C:$nul"
# an escape sequence, a right-to-left override, a newline
cert control "/CN=mx"$'\033[31m\u202egnp'"/O=a
b" ca "$LEAF
$SAN"

# --- usage
cert client "/CN=mx.example.com" ca "$LEAF
$SAN
extendedKeyUsage=clientAuth"
cert anyeku "/CN=mx.example.com" ca "$LEAF
$SAN
extendedKeyUsage=anyExtendedKeyUsage"
cert server "/CN=mx.example.com" ca "$LEAF
$SAN
extendedKeyUsage=serverAuth"
# shellcheck disable=SC2086
cert ekuca "/O=Zoo/CN=Zoo Client CA" root "$CA
extendedKeyUsage=clientAuth" $R
cert ekucaleaf "/CN=mx.example.com" ekuca "$LEAF
$SAN"
cert nosign "/CN=mx.example.com" ca "$LEAF
$SAN
keyUsage=critical,keyEncipherment"
cert kucert "/CN=mx.example.com" ca "$LEAF
$SAN
keyUsage=critical,keyCertSign"
key noenc -algorithm RSA -pkeyopt rsa_keygen_bits:2048
cert noenc "/CN=mx.example.com" ca "$LEAF
$SAN
keyUsage=critical,digitalSignature"

# --- strength
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
cert rsa1024 "/CN=mx.example.com" ca "$LEAF
$SAN"
key rsa512 -algorithm RSA -pkeyopt rsa_keygen_bits:512
cert rsa512 "/CN=mx.example.com" ca "$LEAF
$SAN"
key weakca -algorithm RSA -pkeyopt rsa_keygen_bits:1024
# shellcheck disable=SC2086
cert weakca "/O=Zoo/CN=Zoo Weak CA" root "$CA" $R
cert weakcaleaf "/CN=mx.example.com" weakca "$LEAF
$SAN"
cert sha1 "/CN=mx.example.com" ca "$LEAF
$SAN" -md sha1
key rsaroot -algorithm RSA -pkeyopt rsa_keygen_bits:2048
# shellcheck disable=SC2086
{
cert rsaroot "/O=Zoo/CN=Zoo RSA Root" self "$ROOT" $R
cert md5ca "/O=Zoo/CN=Zoo MD5 CA" rsaroot "$CA" $R -md md5
}
cert md5caleaf "/CN=mx.example.com" md5ca "$LEAF
$SAN"
key explicit -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -pkeyopt ec_param_enc:explicit
cert explicit "/CN=mx.example.com" ca "$LEAF
$SAN"

# --- what a CA may do
only="permitted;DNS:example.org,permitted;DNS:example.net"
# shellcheck disable=SC2086
{
cert ncca "/O=Zoo/CN=Zoo Constrained CA" root "$CA
nameConstraints=critical,$only" $R
cert exca "/O=Zoo/CN=Zoo Excluding CA" root "$CA
nameConstraints=critical,excluded;DNS:example.com" $R
cert okca "/O=Zoo/CN=Zoo Permitting CA" root "$CA
nameConstraints=critical,permitted;DNS:example.com" $R
cert plca "/O=Zoo/CN=Zoo Short CA" root \
    "basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid" $R
cert plsub "/O=Zoo/CN=Zoo Too Deep CA" plca "$CA" $R
cert noca "/O=Zoo/CN=Zoo No CA" root "basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid" $R
cert nobc "/O=Zoo/CN=Zoo Bare CA" root "subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid" $R
cert nokcs "/O=Zoo/CN=Zoo Unsigning CA" root "basicConstraints=critical,CA:TRUE
keyUsage=critical,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid" $R
}
cert ncleaf "/CN=mx.example.com" ncca "$LEAF
$SAN"
cert exleaf "/CN=mx.example.com" exca "$LEAF
$SAN"
cert okleaf "/CN=mx.example.com" okca "$LEAF
$SAN"
cert plleaf "/CN=mx.example.com" plsub "$LEAF
$SAN"
cert nocaleaf "/CN=mx.example.com" noca "$LEAF
$SAN"
cert nobcleaf "/CN=mx.example.com" nobc "$LEAF
$SAN"
cert nokcsleaf "/CN=mx.example.com" nokcs "$LEAF
$SAN"

# --- broken
flip leaf badsig
flip ca badsigca
cert badsan "/CN=mx.example.com" ca "$LEAF
subjectAltName=DER:30:05:82:20:61:62:63"
# shellcheck disable=SC2086
cert badca "/O=Zoo/CN=Zoo Broken CA" root "$CA
basicConstraints=critical,DER:02:01:01" $R
like badcagood badca
# shellcheck disable=SC2086
cert badcagood "/O=Zoo/CN=Zoo Broken CA" root "$CA" $R
issuer_key=badca cert badcaleaf "/CN=mx.example.com" badcagood "$LEAF
$SAN"
cert critical "/CN=mx.example.com" ca "$LEAF
$SAN
1.3.6.1.4.1.99999.1=critical,ASN1:NULL"
# shellcheck disable=SC2086
cert critca "/O=Zoo/CN=Zoo Critical CA" root "$CA
1.3.6.1.4.1.99999.2=critical,ASN1:NULL" $R
cert critcaleaf "/CN=mx.example.com" critca "$LEAF
$SAN"

# a proxy certificate (RFC 3820), issued by a leaf
cert proxy "/CN=mx.example.com/CN=proxy" leaf \
    "proxyCertInfo=critical,language:id-ppl-anyLanguage,pathlen:0"

# --- revocation
crl() { # crl NAME ISSUER LAST NEXT
	openssl ca -config ca.cnf -gencrl -cert "$2.pem" -keyfile "$2.key" \
	    -crl_lastupdate "$3" -crl_nextupdate "$4" -out "$1.crl" 2>&3
}
cert revoked "/CN=mx.example.com" ca "$LEAF
$SAN"
# shellcheck disable=SC2086
cert revca "/O=Zoo/CN=Zoo Revoked CA" root "$CA" $R
cert revcaleaf "/CN=mx.example.com" revca "$LEAF
$SAN"
crl revcacrl revca 20260520000000Z 20260620000000Z
openssl ca -config ca.cnf -revoke revoked.pem -keyfile ca.key -cert ca.pem \
    -crl_reason keyCompromise 2>&3
openssl ca -config ca.cnf -revoke revca.pem -keyfile root.key \
    -cert root.pem 2>&3
crl cacrl ca 20260520000000Z 20260620000000Z
crl caoldcrl ca 20260120000000Z 20260220000000Z
crl rootcrl root 20260520000000Z 20260620000000Z
openssl ca -config ca.cnf -gencrl -cert rekeyed.pem -keyfile rekeyed.key \
    -crl_lastupdate 20260520000000Z -crl_nextupdate 20260620000000Z \
    -out forged.crl 2>&3
cat cacrl.crl rootcrl.crl >all.crl
cat cacrl.crl rootcrl.crl revcacrl.crl >three.crl
cat caoldcrl.crl rootcrl.crl >old.crl
cat forged.crl rootcrl.crl >bad.crl

# --- stapling
cert must "/CN=mx.example.com" ca "$LEAF
$SAN
tlsfeature=status_request"
# staple NAME STATUS SIGNER: of leaf, valid from the machine's today on
staple() {
	local serial status=V when=
	serial=$(openssl x509 -in leaf.pem -noout -serial)
	if [ "$2" = revoked ]; then
		status=R when=260501000000Z
	fi
	printf '%s\t270101000000Z\t%s\t%s\tunknown\t/CN=mx\n' \
	    "$status" "$when" "${serial#serial=}" >staple.idx
	openssl ocsp -issuer "$3.pem" -cert leaf.pem -reqout staple.req \
	    -no_nonce 2>&3 >&3
	openssl ocsp -index staple.idx -CA ca.pem -rsigner "$3.pem" \
	    -rkey "$3.key" -reqin staple.req -respout "$1.ocsp" \
	    -ndays 36500 2>&3 >&3
}
staple good good ca
staple revoked revoked ca
staple stranger good other

# --- several faults
# shellcheck disable=SC2086
cert threefold "/CN=mx.example.com" ca "$LEAF
subjectAltName=DNS:www.example.com
extendedKeyUsage=clientAuth" -enddate 20260501000000Z
cert private3 "/CN=mx.example.com" privca "$LEAF
subjectAltName=DNS:www.example.com
extendedKeyUsage=clientAuth" -enddate 20260501000000Z

# --- a mesh: 12 CAs of one name and key, cross-signed by each other
key mesh
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	like "mesh$i" mesh
	if [ "$i" = 1 ]; then
		# shellcheck disable=SC2086
		cert mesh1 "/O=Zoo/CN=Zoo Mesh" self \
		    "basicConstraints=critical,CA:TRUE" $R
	else
		# shellcheck disable=SC2086
		issuer_key=mesh cert "mesh$i" "/O=Zoo/CN=Zoo Mesh" mesh1 \
		    "basicConstraints=critical,CA:TRUE" $R
	fi
done
cat mesh?.pem mesh??.pem >mesh.pem
issuer_key=mesh cert meshleaf "/CN=mx.example.com" mesh1 "$SAN"

# --- sizes
{
	echo "$LEAF"
	echo "subjectAltName=@many"
	echo "[many]"
	for i in $(seq 10000); do echo "DNS.$i=h$i.example.com"; done
} >many.txt
cert many "/CN=many" ca "$(cat many.txt)"
rm -f many.txt
for i in $(seq 300); do cat other.pem rekeyed.pem privca.pem ekuca.pem; done \
    >crowd.pem
touch built
