#!/bin/bash
# tlswarden: probe against real Postfix servers of every kind, and beside it
# Postfix's own delivery by the same rules: what probe says happens.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"
command -v jq > /dev/null || skip_all "jq is not installed"

dns_start
pki_start
receivers_start
sender_start <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
CF
warden_make send < /dev/null

# PEER, exit code and classes of the findings that fail at level secure.
kinds()
{
	cat <<-KINDS
	good 0 -
	plain 1 no_starttls
	untrusted 1 ANY
	expired 1 expired_leaf
	wrongname 1 name_mismatch
	tls12 0 -
	tls11 1 legacy_protocol
	aes128 0 -
	refuse 1 starttls_refused
	needcert 1 client_cert_required
	chain 0 -
	incomplete 1 ANY
	selfsigned 1 ANY
	KINDS
}

while read -r kind _; do
	sql "INSERT INTO policy(direction, recipient, level, cert_name) VALUES
	    ('out', 'enc.$kind.test', 'encrypt', NULL),
	    ('out', 'sec.$kind.test', 'secure', 'hostname')"
done < <(kinds)
policyd_start
wait_answer enc.selfsigned.test encrypt

while read -r kind _; do
	for domain in "$kind.test" "enc.$kind.test" "sec.$kind.test"; do
		mail_send "u@$domain"
	done
done < <(kinds)

# Postfix's own word: delivered or deferred.
real()
{
	case $(mail_wait "u@$1") in
	*status=sent*) echo delivered ;;
	*status=deferred*) echo deferred ;;
	*status=bounced*) echo bounced ;;
	*) echo nothing ;;
	esac
}

failing()
{
	jq -r '[.[].findings[] | select(.severity == "fail").class] | join(" ")'
}

while read -r kind rc classes; do
	for domain in "$kind.test" "enc.$kind.test" "sec.$kind.test"; do
		said=$(tool probe "$domain" --json --timeout 10 2>> "$RUN/err")
		got=$?
		told=$(jq -r '.[0].outcome' <<< "$said")
		is "$told" "$(real "$domain")" \
		    "$domain: probe says what Postfix does"
		[ "$told" = "$(real "$domain")" ] ||
		    diag "$(mail_wait "u@$domain")"
	done
	is "$got" "$rc" "$kind: exit code"
	got=$(failing <<< "$said")
	[ "$classes" != ANY ] || classes=${got:-none}
	is "${got:--}" "$classes" "$kind: the fault is named"
done < <(kinds)

said=$(tool probe twomx.test --timeout 10)
like "$said" 'in all, mail would be delivered without TLS, to mx1.twomx.test' \
    "of two MX hosts the first takes it"
said=$(tool probe sec.needcert.test --timeout 10)
like "$said" 'client_cert_required' "a server that insists: named"
diag "$said"
said=$(tool probe sec.incomplete.test --timeout 10)
diag "$said"
said=$(tool probe enc.plain.test --timeout 10)
like "$said" 'would be deferred by policy rule [0-9]+ \(level encrypt\)' \
    "a server without STARTTLS: the rule is named"
diag "$said"
said=$(tool probe --all --json --store --parallel 8 2>> "$RUN/err")
is "$(jq length <<< "$said")" "$((2 * $(kinds | wc -l)))" "--all visits all"
is "$(sqlite3 "$STATE_DIR/state.db" 'SELECT count(*) FROM probe')" \
    "$((2 * $(kinds | wc -l)))" "--store keeps all"
is "$(sqlite3 "$STATE_DIR/state.db" "SELECT verdict, class FROM probe
    WHERE domain = 'enc.plain.test'")" 'noverify|no_starttls' \
    "as map dsn finds it"
refute_log "$RUN/recv.maillog" '(fatal|panic):' "the receivers had no trouble"
done_testing
