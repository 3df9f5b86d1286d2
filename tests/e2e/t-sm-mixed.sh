#!/bin/bash
# tlswarden: messages to several recipients through Sendmail, some refused for
# ever, some for now, in every order, at one server and at several, by aliases,
# by several messages of one queue run, through a smart host: nobody's refusal
# bounces another's mail, and each is told its own text.
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
e2e_init "$0"
sendmail_world
pki_start
dns_start

# By the domain: good is delivered, hard bounces, soft waits. All of *.plain and
# all of *.untrusted have one server each.
rules()
{
	sql "INSERT INTO policy(direction, recipient, level, on_failure) VALUES
	    ('out', 'hard.plain.test', 'encrypt', 'fail'),
	    ('out', 'soft.plain.test', 'encrypt', 'tempfail'),
	    ('out', 'hard.untrusted.test', 'secure', 'fail'),
	    ('out', 'soft.untrusted.test', 'secure', 'tempfail'),
	    ('out', 'good.untrusted.test', 'encrypt', 'fail'),
	    ('out', 'good.good.test', 'secure', 'fail'),
	    ('out', 'hard@users.plain.test', 'encrypt', 'fail'),
	    ('out', 'soft@users.plain.test', 'encrypt', 'tempfail'),
	    ('out', 'hard.relayed.test', 'secure', 'fail'),
	    ('out', 'soft.relayed.test', 'secure', 'tempfail')"
}

# Who is to be refused how is in the user's or the domain's name.
kind_of()
{
	case $1 in
	*hard*) echo hard ;;
	*soft*) echo soft ;;
	*) echo good ;;
	esac
}

bounced()
{
	grep -lF "Delivered-To: $SM_SENDER" "$RUN"/mail/all/new/* \
	    2> /dev/null |
	    xargs -r grep -lE "^(Final|X-Actual)-Recipient: .*; ?$1\$"
}

# shellcheck disable=SC2317 # check calls it
as_told()
{
	local rcpt=$1 line
	wait_for 5 sm_has_fate "$rcpt"
	line=$(sm_fate "$rcpt")
	case $(kind_of "$rcpt") in
	good) sm_arrived "$rcpt" "$2" && [ -z "$(bounced "$rcpt")" ] &&
		return 0 ;;
	hard) wait_for 5 bounced_once "$rcpt" &&
		grep -qE 'dsn=5\.7\.(10|5), stat=Service' <<< "$line" &&
		! mail_arrived "$rcpt" && return 0 ;;
	soft) grep -qE 'dsn=4\.7\.(10|5), stat=Deferred: 451 4\.7\.' \
		<<< "$line" && [ -z "$(bounced "$rcpt")" ] &&
		! mail_arrived "$rcpt" && return 0 ;;
	esac
	echo "got: $line; arrived: $(mail_via "$rcpt"); bounced: $(bounced \
	    "$rcpt")"
	return 1
}

# shellcheck disable=SC2317 # wait_for calls it
bounced_once()
{
	[ "$(bounced "$1" | wc -l)" = 1 ]
}

# expect_all DESC RCPT...: each is delivered, bounced or kept as its name says.
expect_all()
{
	local desc=$1 rcpt how
	shift
	for rcpt; do
		how=tls
		[[ $rcpt != *plain.test ]] || how=clear
		check "$desc: $rcpt" as_told "$rcpt" "$how"
	done
}

# One message to all of them.
together()
{
	local desc=$1
	shift
	log_mark "$RUN/send.maillog"
	sm_send "$@"
	expect_all "$desc" "$@"
}

warden_make recv <<< 'log_level = "debug"'
rules
receivers_start
policyd_start
sendmail_out <<'MC'
define(`confALIAS_WAIT', `0')dnl
FEATURE(`mailertable', `text -k0 -v1 -o /nonexistent')dnl
MAILER(`local')dnl
MC
MAILERTABLE=$RUN/send/etc/mailertable
sed -i "s|/nonexistent|$MAILERTABLE|" "$RUN/send/etc/sendmail.cf"
printf 'hard.relayed.test\tesmtp:[mx.good.test]\nsoft.relayed.test\t%s\n' \
    'esmtp:[mx.good.test]' > "$MAILERTABLE"
printf 'good.relayed.test\tesmtp:[mx.good.test]\n' >> "$MAILERTABLE"

# ---- orders, one server ----
cell Sendmail out / fail
together "hard first" a1@hard.plain.test a1@soft.plain.test a1@free.plain.test
together "hard last" a2@free.plain.test a2@soft.plain.test a2@hard.plain.test
together "hard between" a3@soft.plain.test a3@hard.plain.test \
    a3@free.plain.test
together "soft first, hard twice" a4@soft.plain.test a4@hard.plain.test \
    b4@hard.plain.test a4@free.plain.test b4@soft.plain.test
together "one server, by its certificate" a5@hard.untrusted.test \
    a5@good.untrusted.test a5@soft.untrusted.test

# ---- several servers ----
cell
together "two servers" a6@hard.plain.test a6@good.good.test \
    a6@soft.untrusted.test a6@free.plain.test a6@hard.untrusted.test \
    a6@soft.plain.test
cell Sendmail out / by address
together "users of one domain" hard@users.plain.test b7@users.plain.test \
    soft@users.plain.test

cell
# ---- another next hop: the recipient's rule, by the relay's certificate ----
together "through a relay" a8@hard.relayed.test a8@good.relayed.test \
    a8@soft.relayed.test

# ---- aliases ----
printf 'team: x9@hard.plain.test, x9@good.good.test, x9@soft.plain.test\n' \
    >> "$RUN/send/etc/aliases"
printf 'all: team, y9@hard.untrusted.test, y9@free.plain.test\n' \
    >> "$RUN/send/etc/aliases"
sendmail_run send -bi > "$RUN/out" 2>&1 || diag "$(cat "$RUN/out")"
log_mark "$RUN/send.maillog"
sm_send all
expect_all "aliases" x9@hard.plain.test x9@good.good.test x9@soft.plain.test \
    y9@hard.untrusted.test y9@free.plain.test

# ---- several messages of one queue run, in one process ----
queued=(q1@hard.plain.test q1@good.good.test q2@soft.plain.test
    q3@hard.untrusted.test q3@soft.plain.test q4@free.plain.test
    q5@hard.plain.test q5@good.untrusted.test q6@soft.untrusted.test
    q6@free.plain.test)
for n in 1 2 3 4 5 6; do
	mapfile -t these < <(printf '%s\n' "${queued[@]}" | grep "^q$n@")
	printf 'From: <%s>\nSubject: test\n\nSecret text.\n' "$SM_SENDER" |
	    sendmail_run send -odq -oem -f "$SM_SENDER" "${these[@]}" \
	    >> "$RUN/send.log" 2>&1
done
log_mark "$RUN/send.maillog"
sendmail_run send -q -O ForkEachJob=false > "$RUN/out" 2>&1
expect_all "one queue run" "${queued[@]}"

# ---- what the bounces say ----
dsn_text()
{
	bounced "$1" | xargs -r cat | tr -s '[:space:]' ' '
}
dsn=$(dsn_text a6@hard.untrusted.test)
like "$dsn" 'Final-Recipient: RFC822; a6@hard.untrusted.test' "a bounce each"
like "$dsn" 'Status: 5\.7\.5 ' "with its status"
like "$dsn" "550 5\.7\.5 a6@hard.untrusted.test\.\.\. Verified certificate \
required by policy rule 3 for mail to hard.untrusted.test: no verified \
certificate was presented \(verify FAIL\); present a certificate issued by a \
CA that we trust, with its whole chain" "and its whole text"
done_testing
