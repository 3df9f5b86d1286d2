#!/bin/bash
# tlswarden: policyd's map tlspolicy asked with Postfix's own client for every
# form of key that smtp(8) sends (postconf(5) smtp_tls_policy_maps).
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

dns_start
# The servers of all domains are outside the subnets.
zone_add '*.test A 10.9.9.9' '*.evil A 10.9.9.9' '*.x A 10.9.9.9'
pki_start
# No Postfix runs here: postmap needs a main.cf, no more.
postfix_make send sender.lab.test < /dev/null
warden_make send < /dev/null

PIN=$(printf 'ab%.0s' {1..32})
sql "
INSERT INTO ca (name, pem) VALUES
    ('good', '$(cat "$RUN/pki/root-good.pem")');
INSERT INTO policy (direction, recipient, level) VALUES
    ('out', 'example.test', 'encrypt'),
    ('out', '.example.test', 'preferred'),
    ('out', 'none.test', 'none'),
    ('out', '[mx.example.test]', 'secure'),
    ('out', '[mx.example.test]:587', 'none'),
    ('out', 'example.test:2525', 'none'),
    ('out', '*@star.test', 'encrypt'),
    ('out', 'user@person.test', 'encrypt'),
    ('out', '*-bank.test', 'encrypt'),
    ('out', 'bücher.test', 'encrypt'),
    ('out', 'deep.a.example.test', 'none'),
    ('in', 'inbound.test', 'encrypt');
INSERT INTO policy (direction, subnet, level) VALUES
    ('out', '192.0.2.0/24', 'encrypt'),
    ('out', '192.0.2.128/25', 'preferred'),
    ('out', '2001:db8::/32', 'encrypt');
INSERT INTO policy (direction, recipient, level, min_protocol) VALUES
    ('out', 'v12.test', 'encrypt', 'TLSv1.2'),
    ('out', 'v13.test', 'secure', 'TLSv1.3');
INSERT INTO policy (direction, recipient, level, min_bits) VALUES
    ('out', 'b128.test', 'encrypt', 128),
    ('out', 'b256.test', 'encrypt', 256);
INSERT INTO policy (direction, recipient, level, cert_name) VALUES
    ('out', 'names.test', 'secure', 'nexthop:.nexthop:hostname:mx.x.test');
INSERT INTO policy (direction, recipient, level, ca) VALUES
    ('out', 'ca.test', 'secure', 'good');
INSERT INTO policy (direction, recipient, level, cert_fingerprint) VALUES
    ('out', 'pin.test', 'encrypt', '$PIN');
" || bail "the table refuses a rule of this test"
policyd_start

# KEY, tab, ERE of the answer, tab, what it is
keys()
{
	cat <<-'KEYS'
	example.test	encrypt	a domain
	EXAMPLE.Test	encrypt	case does not count
	example.test.	encrypt	a trailing dot does not count
	a.example.test	may	a subdomain, by the parent pattern
	b.a.example.test	may	and deeper
	deep.a.example.test	none	the closer rule wins
	none.test	none	level none
	.example.test	NOTFOUND	Postfix's walk to the parent domains
	.test	NOTFOUND	and to the top
	.none.test	NOTFOUND	also where a rule names the parent
	other.test	NOTFOUND	no rule
	notexample.test	NOTFOUND	a name that only ends alike
	example.test.evil	NOTFOUND	a name that only begins alike
	[example.test]	encrypt	brackets do not count for a domain rule
	[example.test]:25	encrypt	nor does a port
	example.test:25	encrypt	without brackets too
	example.test:2525	none	a rule written with its port
	example.test:submission	encrypt	a port by its name
	[example.test]:no-such-service	encrypt	one that nobody knows
	[mx.example.test]:submission	none	the same port as 587
	[mx.example.test]	secure.*	a host as it was written
	[mx.example.test]:587	none	a host and port as written
	[mx.example.test]:25	may	written otherwise: as a domain
	mx.example.test	may	without brackets: as a domain
	star.test	encrypt	*@domain covers every user
	person.test	NOTFOUND	one user's rule answers no next hop
	big-bank.test	encrypt	a glob
	bank.test	NOTFOUND	that wants its dash
	big-bank.test.x	NOTFOUND	and its end
	bücher.test	encrypt	a U-label
	xn--bcher-kva.test	encrypt	its A-label
	BÜCHER.test	encrypt	in upper case
	xn--BCHER-kva.test	encrypt	in upper case
	inbound.test	NOTFOUND	inbound rules are not for delivery
	192.0.2.1	encrypt	an address
	[192.0.2.1]	encrypt	in brackets
	[192.0.2.1]:25	encrypt	with a port
	192.0.2.1:25	encrypt	without brackets
	[192.0.2.200]	may	the longer subnet wins
	[192.0.3.1]	NOTFOUND	outside
	[IPv6:2001:db8::1]	encrypt	IPv6
	[ipv6:2001:DB8::1]:25	encrypt	IPv6 in another spelling
	[2001:db8::1]:25	encrypt	IPv6 without its tag
	[IPv6:2001:db9::1]	NOTFOUND	IPv6 outside
	[IPv6:::ffff:192.0.2.1]	encrypt	IPv4-mapped is IPv4
	v12.test	encrypt protocols=>=TLSv1\.2	min_protocol
	v13.test	secure protocols=>=TLSv1\.3	min_protocol at secure
	b128.test	encrypt.*	min_bits 128
	b256.test	encrypt .*exclude=[^ ]*AES128.*	min_bits 256
	pin.test	fingerprint match=[0-9A-Fa-f:]+	cert_fingerprint
	KEYS
	printf '%s\t%s\t%s\n' names.test \
	    'secure match=nexthop:dot-nexthop:hostname:mx\.x\.test' cert_name \
	    ca.test 'secure tafile=tlswarden/ca/[0-9a-f]+\.pem' ca
}

# What a key is about: the row of the matrix.
row_of()
{
	case $1 in
	v1[23].test) echo min_protocol ;;
	b[0-9]*.test) echo min_bits ;;
	pin.test) echo fingerprint ;;
	names.test) echo check subject ;;
	ca.test) echo check CA issuer ;;
	*[0-9].[0-9]* | *::*) echo by subnet ;;
	*) echo by partner domain ;;
	esac
}

differs=
while IFS=$'\t' read -r key want desc; do
	cell "Postfix out / $(row_of "$key")"
	got=$(answer "$key")
	if [[ $got =~ ^($want)$ ]]; then
		ok "$key: $desc: $want"
	else
		not_ok "$key: $desc"
		diag "got:  $got"
		diag "want: $want"
	fi
	said=$(explained "$key")
	[ "$said" = "$got" ] || differs="$differs$key: explain says $said;"
done < <(keys)
cell
is "$differs" "" "explain says of each key what policyd answers"

# The file that the answer names is there, whole, and readable for Postfix.
file=$(answer ca.test | sed 's/.*tafile=//')
is "$(openssl x509 -in "$RUN/send/spool/$file" -noout -subject)" \
    "$(openssl x509 -in "$RUN/pki/root-good.pem" -noout -subject)" \
    "tafile names the CA's certificate, relative to the queue directory"
check "the user postfix can read it" setpriv --reuid postfix \
    --regid postfix --clear-groups test -r "$RUN/send/spool/$file"

long=$(printf 'a%.0s' {1..63})
# What is no next hop is not "no rule": the mail waits.
is "$(answer "$long.$long.$long.$long.$long.test")" TEMP \
    "a name over 253 bytes"
is "$(answer "$(printf 'x%.0s' {1..5000})")" TEMP "5000 bytes"
is "$(answer '[]:25')" TEMP "empty brackets"
is "$(answer "$(printf 'a\377b.test')")" TEMP "bytes that are not UTF-8"
for key in '[' ']' '[x' 'x]' '[x]y' 'a b' 'a..b'; do
    is "$(answer "$key")" TEMP "no next hop: $key"
done
is "$(answer example.test)" encrypt "and the next question is served"
is "$(answer example.test nosuchmap)" TEMP "an unknown map is TEMP"
is "$(answer example.test TLSPOLICY)" TEMP "names of maps have their case"
check "policyd runs to the end" daemon_running policyd
done_testing
