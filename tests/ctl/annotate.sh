#!/bin/bash
# tlswarden: the command annotate, with logs as MTAs write them.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

log=$work/mail.log
cp "$top_srcdir/tests/ctl/annotate.txt" "$log"
chmod u+w "$log"
why='certificate verification failed for'
printf 'x postfix/smtp[3]: %s %s:25: untrusted issuer /CN=\033[31m\n' \
    "$why" 'mx.b.test[192.0.2.1]' >> "$log"

tw 1 "failures are found" annotate "$log"
out_has 'issuer_unknown \(fault: theirs\)' "class and fault"
out_has 'note .*tlswarden probe tells' "what Postfix cannot tell"
out_has 'no_starttls' "not offered"
out_has 'protocol_error' "Sendmail's lines are joined"
out_has 'incomplete_chain \(fault: ours\)' "an alert is about us"
out_has 'theirs .*Please' "words for the other side"
out_lacks 'status=sent' "other lines are left out"
out_has '\\x1B\[31m' "escape sequences are shown, not obeyed"

tw 1 "--all" annotate --all "$log"
out_has 'status=sent' "--all keeps other lines"

tw 1 "JSON" annotate --json "$log"
json 'length == 6' "a failure each"
json '.[2].class == "no_starttls" and
	.[2].peer == "mx.p.test[192.0.2.3]" and
	.[2].tlsrpt == "starttls-not-supported"' "a failure in JSON"

tw 1 "--summary" annotate --summary "$log"
out_has "^2 +mx\.b\.test\[192\.0\.2\.1\] +issuer_unknown" "counted by peer"
out_has '^5 kinds of TLS failure in 8 lines' "the last line"
tw 1 "--summary in JSON" annotate --summary --json "$log"
json 'length == 5 and .[0].count == 2' "the most frequent first"

grep 'status=sent' "$log" > "$work/good.log"
tw 0 "a log without failure" annotate "$work/good.log"
out_is "" "says nothing"
tw 0 "an empty log" annotate /dev/null
out=$(grep 'was not offered' "$log" |
	"$program" -c "$conf" annotate 2>"$work/err")
err=$(cat "$work/err")
out_has no_starttls "standard input"

tw 66 "no such file" annotate "$work/none.log"
err_has "$work/none.log: No such file" "names it"
tw 64 "--follow with --summary" annotate -f --summary "$log"
tw 64 "an unknown option" annotate --summry "$log"

# A line that grows, a directory, a line without end, binary.
tw 74 "a directory" annotate "$work"
head -c 200000 /dev/urandom > "$work/noise"
tw 0 "binary noise" annotate "$work/noise"
printf 'TLS is required, but was not offered by host x[1]' > "$work/cut"
tw 1 "no newline at the end" annotate "$work/cut"
out_has no_starttls "is read"

# A line of 100 MB, between two others, in little memory.
{
	grep 'was not offered' "$log"
	head -c 100000000 /dev/zero
	printf 'TLS is required, but was not offered by host x[1]\n'
	grep 'was not offered' "$log"
} >"$work/long"
out=$(
	ldd "$program" | grep -q asan || ulimit -v 90000
	"$program" -c "$conf" annotate --summary "$work/long" 2>"$work/err"
)
err=$(cat "$work/err")
out_has '^2 +mx\.p\.test' "does not hide its neighbours"
out_has 'in 3 lines$' "and is one line"
rm "$work/long"

# wait_out ERE DESC: what annotate -f has printed meanwhile
wait_out() {
	for _ in $(seq 100); do
		grep -q "$1" "$work/out" && break
		sleep 0.1
	done
	out=$(cat "$work/out")
	err=
	out_has "$1" "$2"
}
"$program" -c "$conf" annotate -f "$work/good.log" > "$work/out" 2>&1 &
pid=$!
grep 'was not offered' "$log" >> "$work/good.log"
wait_out no_starttls "--follow reads what is added"
# As logrotate does: moved away, made anew.
mv "$work/good.log" "$work/good.log.1"
printf 'x postfix/smtp[1]: SSL_connect error to a[1]: lost connection\n' \
	>"$work/good.log"
wait_out connection_closed "and goes on in the new file"
# With copytruncate.
: >"$work/good.log"
sleep 0.6
printf 'x postfix/smtp[1]: SSL_connect error to a[1]: Connection timed out\n' \
	>>"$work/good.log"
wait_out 'timeout .fault' "and where it was cut"
kill "$pid"
wait "$pid" 2> /dev/null

finish
