#!/bin/bash
# tlswarden: 500 random sessions under 80 random rules: milter, policy
# delegation and explain find one verdict and one text. See three_ways.py.
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

pki_start
warden_make in < /dev/null
postfix_make in mail.us.test < /dev/null # for postmap, see policyd_start
export DB CONF TLSWARDEN PYTHONDONTWRITEBYTECODE=1
export PKI=$RUN/pki MILTER_SOCKET=$SPOOL_DIR/milter.sock
export DELEGATION=$SPOOL_DIR/delegation.sock
python3 "$HERE/three_ways.py" fill || bail "no random rules"
touch "$RUN/milter.log"
milter_start
policyd_start
while read -r line; do
	case $line in
	"ok - "*) ok "${line#ok - }" ;;
	"not ok - "*) not_ok "${line#not ok - }" ;;
	*) echo "$line" ;;
	esac
done < <(python3 "$HERE/three_ways.py" ask 2>&1 | tee "$RUN/ask")
check "all were asked" grep -q '^# verdicts' "$RUN/ask"
done_testing
