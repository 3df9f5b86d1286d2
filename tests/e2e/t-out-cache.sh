#!/bin/bash
# tlswarden: Postfix's cache of open connections. By itself Postfix uses a
# cached connection again without a look at the policy; the settings that
# tlswarden recommends, and transports of their own, close that way round.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
e2e_init "$0"

# A setting of the sender: NAME=VALUE...
set_to()
{
	postconf -c "$(postfix_dir send)" -e "$@"
	touch -d '1 minute ago' "$(postfix_dir send)/main.cf"
	postfix_reload send
}

# The findings of check about open connections.
found()
{
	MAIL_CONFIG=$(postfix_dir send) tool check --mta postfix --json |
	    python3 -c '
import json, sys
print(sum(f["code"] == "cached_connections"
          for f in json.load(sys.stdin)["findings"]))'
}

# One mail in clear by a rule of level none, then the rule demands TLS, and at
# once another one: first N@good.test, then after-N@good.test.
twice()
{
	sql "UPDATE policy SET level = 'none' WHERE recipient = 'good.test'"
	wait_answer good.test none
	mail_send "$1@good.test"
	mail_wait "$1@good.test" > /dev/null
	sql "UPDATE policy SET level = 'encrypt' WHERE recipient = 'good.test'"
	wait_answer good.test encrypt
	mail_send "after-$1@good.test"
	mail_wait "after-$1@good.test" > /dev/null
}

dns_start
pki_start
receivers_start
# With Debian's defaults and a list of domains: connections stay open for long.
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
transport_maps = socketmap:unix:tlswarden/policyd.sock:transport
smtp_connection_cache_destinations = good.test
smtp_connection_cache_time_limit = 20s
connection_cache_ttl_limit = 20s
CF
level_transports
warden_make send < /dev/null
sql "INSERT INTO policy (direction, recipient, level, on_failure) VALUES
    ('out', 'good.test', 'none', 'tempfail'),
    ('out', 'ceo@good.test', 'encrypt', 'fail'),
    ('out', 'cfo@good.test', 'secure', 'fail'),
    ('out', 'may@good.test', 'preferred', 'fail')"
policyd_start
postfix_start send

# ---- connections are cached: rules about users --------------------------
cell Postfix out / by address
for i in 1 2 3; do
	mail_send "clear$i@good.test"
	expect_sent "clear$i@good.test" clear "level none: in clear"
	mail_send ceo@good.test
	mail_send cfo@good.test
	expect_sent ceo@good.test tls \
	    "encrypt by the user, beside an open connection in clear: by TLS"
	expect_sent cfo@good.test tls "secure by the user: by TLS"
	is "$(mail_trust cfo@good.test)" Verified "and verified"
	rm -f "$RUN"/mail/all/new/*
	log_mark "$RUN/send.maillog"
done

# ---- connections are cached: a rule that changes ------------------------
twice cached
diag "after the change, with the cache: $(mail_via after-cached@good.test)"
uses=$(log_since "$RUN/send.maillog" | grep -c 'conn_use=')
diag "$uses deliveries by a cached connection"
reported Postfix out / level encrypt
check "check says that open connections lead round the rule" \
    test "$(found)" -gt 0

# ---- as check and setup recommend ---------------------------------------
set_to smtp_connection_cache_destinations= smtp_connection_cache_on_demand=no
cell Postfix out / level encrypt
is "$(found)" 0 "with the recommended settings check finds nothing"
for i in 1 2 3; do
	twice "fresh$i"
	expect_sent "fresh$i@good.test" clear "level none: in clear"
	expect_sent "after-fresh$i@good.test" tls \
	    "a rule that demands TLS a moment later: by TLS"
done
cell
refute_log "$RUN/send.maillog" "after-fresh.*conn_use=" \
    "by no open connection"
done_testing
