#!/bin/bash
# tlswarden: builds the certificates of the end-to-end tests with openssl(1).
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: pki.sh DIR     (does nothing when DIR is already complete)
#
# Every NAME has NAME.pem (what a server sends: leaf first, then what it
# needs) and NAME.key; roots are NAME.pem alone. All keys are P-256. Dates are
# frozen: 2020 to 2099, the expired ones ended in 2021.
#
#   root-good      the CA that the test senders trust
#   root-second    a second CA that they trust, for rules with `ca`
#   root-other     a CA that they do not trust
#   int-good       an intermediate CA below root-good
#   good           names of all well-behaved peers, by root-good
#   second         second.test, by root-second
#   untrusted      untrusted.test, by root-other
#   expired        expired.test, by root-good, ended
#   wrongname      only elsewhere.test, by root-good
#   address        address.test, the addresses 127.1.0.20, 127.2.0.18 and
#                  fd00:1::4, by root-good
#   chain          chain.test, by int-good, with the intermediate
#   incomplete     incomplete.test, by int-good, without it
#   selfsigned     selfsigned.test, by itself
#   mismatch       a certificate with another's key: such a server cannot start
#                  TLS although it offers it
#   client-good, client-other, client-expired   client certificates
#   trusted        root-good and root-second in one file
set -eu
umask 022
stamp_of=$(cksum < "$0")
dir=${1:?usage: pki.sh DIR}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

exec 9> "$dir/lock"
flock 9
if [ -e "$dir/stamp" ] && [ "$(cat "$dir/stamp")" = "$stamp_of" ]; then
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > openssl.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
default_ca = test
[test]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
organizationName = optional
commonName = optional
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $ENV::SAN
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CNF
: > index
echo 1000 > serial
export SAN=DNS:unused.test

# issue NAME SUBJECT SECTION ISSUER [ENDDATE]: ISSUER NAME itself: self-signed
issue()
{
	local name=$1 subject=$2 section=$3 issuer=$4 end=${5:-20990101000000Z}
	local by=(-cert "$issuer.crt" -keyfile "$issuer.key")

	openssl req -config openssl.cnf -new -newkey ec \
	    -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$subject" \
	    -keyout "$name.key" -out "$name.csr" 2>> log || return 1
	[ "$issuer" != "$name" ] || by=(-selfsign -keyfile "$name.key")
	openssl ca -config openssl.cnf -batch -notext -in "$name.csr" \
	    -out "$name.crt" -extensions "$section" "${by[@]}" \
	    -startdate 20200101000000Z -enddate "$end" 2>> log || return 1
}

# server NAME ISSUER ENDDATE DNS-NAME|IP:ADDRESS...
server()
{
	local name=$1 issuer=$2 end=$3 list=
	shift 3
	local n
	for n; do
		case $n in
		IP:*) list="$list,$n" ;;
		*) list="$list,DNS:$n" ;;
		esac
	done
	SAN=${list#,} issue "$name" "/O=Test Peers/CN=$1" server "$issuer" \
	    "$end"
}

# peer_names DOMAIN...: all names under which tests reach these peers
peer_names()
{
	local d
	for d; do echo "mx.$d.test" "$d.test" "*.$d.test"; done
}

build()
{
	local end=20990101000000Z r
	for r in good second other; do
		issue "root-$r" "/O=Test CA ${r^}/CN=Test Root ${r^}" root \
		    "root-$r" || return 1
	done
	issue int-good "/O=Test CA Good/CN=Test Issuing Good" root root-good

	# shellcheck disable=SC2046 # a list of names
	set -f && set -- $(peer_names good tls10 tls11 tls12 tls13 aes128 \
	    needcert twomx mixmx) && set +f
	server good root-good $end "$@" mx1.twomx.test mx2.twomx.test &&
	server second root-second $end mx.second.test '*.second.test' &&
	server untrusted root-other $end mx.untrusted.test '*.untrusted.test' &&
	server expired root-good 20210101000000Z mx.expired.test \
	    '*.expired.test' &&
	server wrongname root-good $end elsewhere.test &&
	server address root-good $end mx.address.test '*.address.test' \
	    IP:127.1.0.20 IP:127.2.0.18 IP:fd00:1::4 &&
	server chain int-good $end mx.chain.test '*.chain.test' &&
	server incomplete int-good $end mx.incomplete.test \
	    '*.incomplete.test' &&
	server selfsigned selfsigned $end mx.selfsigned.test \
	    '*.selfsigned.test' &&
	issue client-good /O=Partner/CN=out.partner.test client root-good &&
	issue client-other /O=Stranger/CN=out.stranger.test client root-other &&
	issue client-expired /O=Partner/CN=out.partner.test client root-good \
	    20210101000000Z
}

build || { cat log >&2; exit 1; }
cat int-good.crt >> chain.crt
cp untrusted.crt mismatch.crt
cp good.key mismatch.key
for f in *.crt; do cp "$f" "$dir/${f%.crt}.pem"; done
cp ./*.key "$dir/"
cat root-good.crt root-second.crt > "$dir/trusted.pem"
chmod 0644 "$dir"/*.pem "$dir"/*.key
echo "$stamp_of" > "$dir/stamp"
