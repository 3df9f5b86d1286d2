# shellcheck shell=bash
# shellcheck disable=SC2034 # the TAP of who sources it prints it
# tlswarden: names the cell of the enforcement matrix that checks are about.
# SPDX-License-Identifier: BSD-2-Clause
#
# Sourced by the base of the tests, e2e/lib.sh and ctl/ctl.inc.sh, whose ok
# and not_ok print $cell_prefix in front of each description.
#	cell COLUMN / ROW	what follows shows that the mail server
#				enforces that cell
#	reported COLUMN / ROW	what follows shows that `tlswarden check`
#				says what the mail server cannot do of it
#	cell			what follows is about no cell
# COLUMN and ROW are those of the table in tests/STATUS.md, ROW without what
# stands in parentheses: cell Postfix out / check CA issuer. matrix.sh reads
# the descriptions: `cell: Postfix out / check CA issuer: another CA`.
cell_prefix=

cell() {
	local name=$*
	cell_prefix=${name:+cell: $name: }
}

reported() {
	local name=$*
	cell_prefix=${name:+reported: $name: }
}
