#!/bin/bash
# tlswarden: other ways than straight to the recipient's domain through
# Sendmail: names that DNS turns into others, several servers, lists of hosts in
# the mailertable: the rule of the address that was written holds.
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

rules()
{
	sql "INSERT INTO policy(id, direction, recipient, level, on_failure)
	    VALUES
	    (1,'out','alias.test','encrypt','fail'),
	    (2,'out','searched.test','encrypt','fail'),
	    (3,'out','ceo@other.test','encrypt','fail'),
	    (4,'out','two.test','encrypt','fail'),
	    (5,'out','down.test','encrypt','fail'),
	    (6,'out','[mx.plain.test]','encrypt','fail')"
}

# An alias for another domain, which nobody but DNS says; a name that is found
# below the machine's own domain alone; two servers.
zone()
{
	zone_add "alias.test CNAME free.plain.test" \
	    "other.test CNAME free.plain.test" \
	    "searched.test.corp.test MX 10 mx.plain.test" \
	    "searched.test.corp.test A 127.1.0.2" \
	    "two.test MX 10 mx.plain.test" "two.test MX 20 mx.good.test" \
	    "down.test MX 10 mx.plain.test" "down.test MX 20 gone.test" \
	    "gone.test A 127.99.0.9"
}

# Nothing came, whatever the recipient was called in the end.
# shellcheck disable=SC2317 # check calls it
nothing_came()
{
	! grep -rlqE "^(Delivered-To|X-Original-To): $1@" "$RUN/mail"
}

warden_make recv <<< 'log_level = "debug"'
rules
receivers_start
zone
policyd_start
echo "search corp.test" >> /etc/resolv.conf
sendmail_out <<'MC'
FEATURE(`mailertable', `text -k0 -v1 -o /nonexistent')dnl
MC
MAILERTABLE=$RUN/send/etc/mailertable
sed -i "s|/nonexistent|$MAILERTABLE|" "$RUN/send/etc/sendmail.cf"
printf '%s\tesmtp:%s\n' \
    first.list.test '[mx.plain.test]:[mx.good.test]' \
    second.list.test '[mx.good.test]:[mx.plain.test]' \
    both.list.test '[gone.test]:[mx.plain.test]' > "$MAILERTABLE"
log_mark "$RUN/send.maillog"
sm_send_each a@alias.test b@searched.test ceo@other.test c@other.test \
    d@two.test e@down.test f@first.list.test g@second.list.test \
    h@both.list.test

# ---- a name that DNS says is another's: the rule of what was written ----
expect_sm a@alias.test 'dsn=5\.7\.10, stat=' "a domain that is an alias"
check "nothing went in clear" nothing_came a
expect_sm b@searched.test 'dsn=5\.1\.2, stat=Host unknown' \
    "a domain that is found below the machine's own alone: there is none"
check "nothing went there" nothing_came b
expect_sm ceo@other.test 'dsn=5\.7\.10, stat=' "one user of an alias"
check "nor his" nothing_came ceo
expect_sm_sent c@other.test clear "another user goes"

# ---- two servers ----
expect_sm_sent d@two.test tls "the second server has TLS: it goes there"
expect_sm e@down.test 'dsn=4\.4\.1, stat=Deferred' \
    "the second is down: it waits"
check "and nothing went" nothing_came e

# ---- lists of hosts in the mailertable: the rule of the one asked ----
expect_sm_sent f@first.list.test tls \
    "the first is refused: it goes to the second"
expect_sm_sent g@second.list.test tls "the rule is about the second: it goes"
expect_sm h@both.list.test \
    'dsn=5\.7\.10, stat=.*' "the first is down, the second refused"
done_testing
