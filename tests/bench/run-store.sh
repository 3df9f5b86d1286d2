#!/bin/bash
# tlswarden: measures copying, loading and keeping a table, and recording.
# SPDX-License-Identifier: BSD-2-Clause
#
# Run by "make bench-store" on a machine that does nothing else.
# usage: tests/bench/run-store.sh [RULES (1000000) [ROUNDS (7)]]
set -u
# shellcheck source=bench.inc.sh
. "$(dirname "$0")/bench.inc.sh"
rules=${1:-1000000}
rounds=${2:-7}
needs "$tools/genrules" "$tools/bench_store"

table "store-$rules" "$rules"
"$tools/bench_store" "$data/store-$rules.db" "$work" "$rounds" ||
	die "bench_store failed"
