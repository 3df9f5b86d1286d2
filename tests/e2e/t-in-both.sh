#!/bin/bash
# tlswarden: a Postfix that asks the milter and, in two lists of restrictions,
# policy delegation: rules that watch change no answer, and what they would
# have refused is counted once.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$(dirname "$0")/postfix.sh"
# shellcheck source=warden.sh
. "$(dirname "$0")/warden.sh"
# shellcheck source=inbound.sh
. "$(dirname "$0")/inbound.sh"
e2e_init "$0"
command -v jq > /dev/null || skip_all "jq is not installed"

# Three recipients in two messages; a fourth is no business of the rules.
session()
{
	smtp "EHLO c.test" "MAIL FROM:<a@bank.test>" "RCPT TO:<b@us.test>" \
	    "RCPT TO:<c@us.test>" data "MAIL FROM:<a@bank.test>" \
	    "RCPT TO:<b@us.test>" data "MAIL FROM:<a@x.test>" \
	    "RCPT TO:<b@us.test>" data QUIT | sed 's/queued as .*//'
}

inbound_make milter
ours="check_policy_service unix:tlswarden/delegation.sock"
postconf -c "$(postfix_dir in)" -e "smtpd_sender_restrictions = $ours" \
    "smtpd_recipient_restrictions = reject_unauth_destination, $ours"
policyd_start
milter_start
postfix_start in

cell Postfix in / monitor
without=$(session)
sql "INSERT INTO policy(direction, sender, level, on_failure, mode) VALUES
    ('in', 'bank.test', 'encrypt', 'fail', 'monitor'),
    ('in', 'bank.test', 'secure', 'fail', 'monitor')"
tool reload > "$RUN/out"
is "$(session)" "$without" "each reply is as without the rules"
for source in milter delegation; do
	expect_rows "SELECT rule, count(*) FROM violation WHERE source =
	    '$source' GROUP BY rule" '1\|3.2\|3' "$source has each once"
done
expect_rows "SELECT DISTINCT peer_addr, peer_name FROM violation" \
    '127.0.0.1\|' "a client without a name is its address"
tool rule promote 1 --json > "$RUN/out"
is "$?" 1 "rule promote: not with violations"
is "$(jq .violations "$RUN/out")" 3 "which it counts once"
is "$(tool report --json | jq '[.watched[] | select(.rule == 1)] |
    map(.count) | add')" 3 "as does the report"
is "$(tool failures --rule 1 --json | jq length)" 6 \
    "failures shows who saw each"
milter_stop TERM
done_testing
