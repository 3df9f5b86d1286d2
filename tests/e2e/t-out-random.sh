#!/bin/bash
# tlswarden: outbound mail through Postfix by random tables to random peers,
# while policyd, the table, the disk, DNS and Postfix fail at random. The
# receiving servers see that no mail of a rule that demands TLS comes in clear
# or to a peer that is not good enough; in the end each message was delivered,
# waits or bounced as its rule says.
# SPDX-License-Identifier: BSD-2-Clause
#
# In make check it is one scene, always the same. RANDOM_SEED=N takes other
# tables and troubles, RANDOM_DURATION=SECS goes on with N + 1, N + 2, ... so
# long: make check-random. A wrong result is told with what was logged about
# it; all of that stays with KEEP=1, or goes to a file in RANDOM_KEEP=DIR.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
# shellcheck source=warden.sh
. "$HERE/warden.sh"
E2E_TIMEOUT=${E2E_TIMEOUT:-$((${RANDOM_DURATION:-0} + 300))}
e2e_init "$0"

pki_start
sender_make <<-CF
smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy
smtp_delivery_status_filter = socketmap:unix:tlswarden/policyd.sock:dsn
transport_maps = socketmap:unix:tlswarden/policyd.sock:transport,
    texthash:$RUN/transport
# A cached connection is used again without a look at the policy.
smtp_connection_cache_on_demand = no
CF
postconf -c "$(postfix_dir send)" -e minimal_backoff_time=3s \
    maximal_backoff_time=5s queue_run_delay=3s \
    smtp_tls_loglevel=1,untrusted,peercert,certmatch
level_transports
(cd "$HERE" && PYTHONDONTWRITEBYTECODE=1 python3 -c \
    'import random_world; print("\n".join(random_world.transport_table()))') \
    > "$RUN/transport" || bail "no transport table"
warden_make send < /dev/null
mount -t tmpfs -o size=64m,mode=2770,uid=nobody,gid=nogroup none \
    "$STATE_DIR" || bail "cannot mount a tmpfs"
mount -t tmpfs -o size=1m,mode=2750,uid=nobody,gid=postfix none "$CA_DIR" ||
    bail "cannot mount a tmpfs"
postfix_start send
journal=$RUN/journal.log
if [ -n "${RANDOM_KEEP:-}" ]; then
	mkdir -p "$RANDOM_KEEP" || bail "no folder $RANDOM_KEEP"
	journal=$(cd "$RANDOM_KEEP" && pwd)/seed-${RANDOM_SEED:-check}.journal
fi
cd "$RUN" || bail "no $RUN"
PYTHONPATH=$HERE PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/random_run.py" \
    "$RUN" "$CONF" "$POLICYD" "$(postfix_dir send)" \
    ${RANDOM_SEED:+--seed "$RANDOM_SEED"} \
    --duration "${RANDOM_DURATION:-0}" --secs "${RANDOM_SECS:-15}" \
    --journal "$journal"
