#!/bin/bash
# tlswarden: the administrator's sqlite3 shell beside two daemons that follow
# a table of 100,000 rules: no statement of his ever meets their locks, and
# every change is served within a second. The test is t-store.py.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
e2e_init "$0"

[ -x "${POLICYD:-$BUILD/policyd/tlswarden-policyd}" ] ||
    bail "tlswarden-policyd is not built"
export RUN BUILD SOURCE
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/t-store.py"
