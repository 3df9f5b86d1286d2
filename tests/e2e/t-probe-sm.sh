#!/bin/bash
# tlswarden: probe against a real Sendmail, with and without a certificate.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=sendmail.sh
. "$(dirname "$0")/sendmail.sh"
sendmail_get
command -v jq > /dev/null || skip_all "jq is not installed"
e2e_init "$0"
sendmail_world
pki_start
postfix_make send sender.lab.test < /dev/null
warden_make send < /dev/null

peer()
{
	tool probe mx.good.test --connect 127.0.0.1:25 --timeout 10 "$@"
}

# NAME, lines of sendmail.mc on standard input.
serve()
{
	{
		cat
		echo "DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')dnl"
		echo "MAILER(\`smtp')dnl"
	} | sendmail_make "$1"
	sendmail_start "$1"
}

serve certified < /dev/null
said=$(peer --json)
is "$?" 0 "a good Sendmail: exit code"
is "$(jq -r '.verdict, .outcome' <<< "$said" | xargs)" "ok delivered" \
    "a good Sendmail: verdict and outcome"
is "$(jq -r '[.findings[].class] | index("client_cert_requested") != null' \
    <<< "$said")" true "it asks for a certificate and goes on"
like "$(jq -r .tls.version <<< "$said")" '^TLSv1\.[23]$' "over TLS"
said=$(peer --json --name mx.other.test)
is "$?" 1 "by another name: exit code"
like "$said" name_mismatch "by another name: named"
sleep 1
expect_log "$RUN/certified.maillog" 'STARTTLS=server.*verify=NO' \
    "Sendmail got no certificate of ours"
sendmail_stop certified

serve bare <<-MC
define(\`confSERVER_CERT', \`')dnl
define(\`confSERVER_KEY', \`')dnl
MC
said=$(peer --json)
is "$?" 1 "Sendmail without a certificate: exit code"
is "$(jq -r '.verdict, .findings[0].class, .outcome' <<< "$said" | xargs)" \
    "noverify no_starttls delivered" "Sendmail without a certificate: named"
sql "INSERT INTO policy(direction, recipient, level, on_failure)
    VALUES('out', 'mx.good.test', 'encrypt', 'fail')"
like "$(peer)" 'would be bounced by policy rule 1 \(level encrypt\): no_tls' \
    "and bounced by a rule that fails"
sendmail_stop bare
done_testing
