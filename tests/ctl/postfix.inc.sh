# tlswarden: a private Postfix configuration for the tests of tlswarden(1).
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Sourced behind ctl.inc.sh. Nothing of it runs and nothing of the machine's
# own Postfix is read or changed: MAIL_CONFIG is $work/postfix.
#	postfix_dir LINES [MASTER]	main.cf with these lines (parted by ;)
#				and a small master.cf with these services
#				(parted by %), which replace those of their
#				name
command -v postconf >/dev/null || skip_all "Postfix is not installed"
# shellcheck disable=SC2154 # ctl.inc.sh makes it
MAIL_CONFIG=$work/postfix
export MAIL_CONFIG

postfix_dir() {
	rm -rf "$MAIL_CONFIG"
	mkdir -p "$MAIL_CONFIG"
	{
		echo "compatibility_level = 3.6"
		echo "queue_directory = $work"
		tr ';' '\n' <<<"$1" | sed 's/^ *//'
	} >"$MAIL_CONFIG/main.cf"
	# Postfix waits until a fresh main.cf is some seconds old.
	touch -d '1 minute ago' "$MAIL_CONFIG/main.cf"
	local line
	{
		while read -r line; do
			# shellcheck disable=SC2086 # the first two words
			set -- "${1:-}" "${2:-}" $line
			grep -q "^$3  *$4 " < <(tr '%' '\n' <<<"$2") ||
				printf '%s\n' "$line"
			set -- "$1" "$2"
		done <<'MASTER'
smtp inet n - y - - smtpd
smtp unix - - y - - smtp
rewrite unix - - y - - trivial-rewrite
MASTER
		printf '%s\n' "${2:-}" | tr '%' '\n'
	} >"$MAIL_CONFIG/master.cf"
}
