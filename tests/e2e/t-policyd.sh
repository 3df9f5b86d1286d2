#!/bin/bash
# tlswarden: the real tlswarden-policyd on sockets; the tests are t-policyd.py.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=postfix.sh
. "$HERE/postfix.sh"
e2e_init "$0"

# The servers of all domains are outside the subnets of the rules.
dns_start
zone_add '*.example A 10.9.9.9' '*.mil A 10.9.9.9' '*.test A 10.9.9.9' \
    '*.com A 10.9.9.9'

[ -x "${POLICYD:-$BUILD/policyd/tlswarden-policyd}" ] ||
    bail "tlswarden-policyd is not built"
export RUN BUILD SOURCE
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/t-policyd.py"
