#!/bin/bash
# tlswarden: rules with a subnet in the real tlswarden-policyd, which finds the
# servers of a domain in DNS; the tests are t-policyd-dns.py.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
e2e_init "$0"

[ -x "${POLICYD:-$BUILD/policyd/tlswarden-policyd}" ] ||
    bail "tlswarden-policyd is not built"
export RUN BUILD SOURCE
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/t-policyd-dns.py"
