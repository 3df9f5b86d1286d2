#!/bin/bash
# tlswarden: rules of mode monitor beside mail that a real Postfix receives:
# nothing is refused; what the ledger says at RCPT, and what check
# --before-enforce makes of the recorded sessions later, is the same; and it is
# what is refused when the rule is enforced.
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

RULES=9
rules()
{
	local col=direction,sender,recipient,subnet,level,on_failure,mode

	sql "INSERT INTO ca(name, pem) VALUES
	    ('Good', CAST(readfile('$RUN/pki/root-good.pem') AS TEXT));
	    INSERT INTO policy(id,$col,priority) VALUES
	    (1,'in','bank.test','*',NULL,'encrypt','fail','monitor',100),
	    (2,'in','*','us.test',NULL,'encrypt','tempfail','monitor',100),
	    (3,'in','*','*','127.0.0.5/32','encrypt','fail','monitor',100),
	    (4,'in','bank.test','*',NULL,'secure','fail','monitor',100),
	    (5,'in','ceo@bank.test','*',NULL,'encrypt','fail','monitor',100),
	    (6,'in','bank.test','us.test',NULL,'encrypt','fail','monitor',100),
	    (7,'in','<>','*',NULL,'encrypt','fail','monitor',100),
	    (8,'in','*','*',NULL,'encrypt','fail','monitor',100),
	    (9,'in','.bank.test','*',NULL,'encrypt','fail','monitor',100),
	    (10,'in','free.bank.test','*',NULL,'none','fail','enforce',50);
	    UPDATE policy SET ca = 'Good' WHERE id = 4;
	    UPDATE policy SET min_protocol = 'TLSv1.3' WHERE id IN (6, 8)"
}

SENDERS=(a@bank.test ceo@bank.test b@other.test "" c@sub.bank.test
    d@free.bank.test)

# session SEED: one of each kind in turn: how TLS comes, from where, whose
# certificate, one or two messages, one or two recipients each.
session()
{
	local i=$1 commands=("EHLO c.test") m r
	smtp_options=()
	((i % 3)) || smtp_options+=(--from 127.0.0.5)
	if ((i % 2)); then
		commands+=(starttls "EHLO c.test")
		((i % 4 == 1)) || smtp_options+=(--cert client-good)
		((i % 5)) || smtp_options+=(--max TLSv1.2)
	fi
	for ((m = 0; m <= i % 7 / 5; m++)); do
		commands+=("MAIL FROM:<${SENDERS[(i + m) % 6]}>")
		for ((r = 0; r <= i % 3; r++)); do
			commands+=("RCPT TO:<u$r@us.test>")
		done
		commands+=(data)
	done
	smtp "${commands[@]}" QUIT
}

inbound_make milter
rules
milter_start
postfix_start in
refused=0
for ((i = 0; i < 42; i++)); do
	session "$i" > "$RUN/out"
	! grep -Eq '^[45]' "$RUN/out" || refused=$((refused + 1))
done
cell Postfix in / monitor
is "$refused" 0 "nothing is refused by rules that watch"
expect_rows "SELECT count(*) FROM session" 42 "all sessions are recorded"
expect_rows "SELECT count(*) FROM violation WHERE mode <> 'monitor'" 0 \
    "the ledger knows"

# ---- the ledger and the dry run ----
numbers()
{
	tool check --before-enforce "$1" --json | jq -r \
	    '"\(.refused.recipients) \(.unknown.recipients)"'
}

for ((n = 1; n <= RULES; n++)); do
	ledger=$(rows "SELECT count(*) FROM violation WHERE rule = $n")
	read -r sure doubt <<< "$(numbers "$n")"
	check "rule $n: a dry run is the ledger again ($ledger in the ledger, \
$sure refused, $doubt in doubt)" \
	    test "$sure" -le "$ledger" -a "$ledger" -le $((sure + doubt))
	[ "$n" = 5 ] || [ "$n" = 6 ] ||
	    is "$sure,$doubt" "$ledger,0" "rule $n: without a doubt"
done
check "a rule about a user is in doubt" test "$(numbers 5)" != "0 0"
check "rules are violated at all" test "$(rows "SELECT count(DISTINCT rule)
    FROM violation")" -ge $((RULES - 1))

# ---- and what is refused then ----
expect_rcpt '250 2.1.5 Ok' "before" a@bank.test b@us.test
tool rule promote 1 > "$RUN/out"
is "$?" 1 "rule promote: not with violations"
like "$(cat "$RUN/out")" '^- the ledger has [0-9]+ violations of it' "says why"
tool rule promote 1 --force > "$RUN/out"
is "$?" 0 "--force"
tool reload > "$RUN/out"
expect_rcpt '550 5.7.10 TLS required by policy rule 1 for mail from bank.*' \
    "enforced: refused" a@bank.test b@us.test
milter_stop TERM
done_testing
