#!/bin/bash
# tlswarden: the command annotate, with logs as MTAs write them.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=ctl.inc.sh
. "$(dirname "$0")/ctl.inc.sh"

log=$work/mail.log
peer='mx.b.test[192.0.2.1]'
cat > "$log" <<END
Nov 21 10:00:00 mx postfix/smtp[1]: certificate verification failed for $peer:25: untrusted issuer /CN=Some CA
Nov 21 10:00:00 mx postfix/smtp[1]: AA11BB22CC: to=<a@b.test>, relay=$peer:25, dsn=4.7.5, status=deferred (Server certificate not verified)
Nov 21 10:00:01 mx postfix/smtp[1]: AA11BB22CD: to=<a@c.test>, relay=mx.c.test[192.0.2.2]:25, dsn=2.0.0, status=sent (250 ok)
Nov 21 10:00:02 mx postfix/smtp[2]: AA11BB22CE: to=<a@p.test>, relay=mx.p.test[192.0.2.3]:25, dsn=4.7.4, status=deferred (TLS is required, but was not offered by host mx.p.test[192.0.2.3])
Nov 21 10:00:03 mx sendmail[7]: STARTTLS=client, error: connect failed=-1, reason=wrong version number, SSL_error=1
Nov 21 10:00:03 mx sendmail[7]: 4ALA00Xx012345: to=<a@s.test>, relay=mx.s.test. [192.0.2.4], dsn=4.0.0, stat=Deferred: 403 4.7.0 TLS handshake failed.
Nov 21 10:00:04 mx postfix/smtpd[9]: warning: TLS library problem: error:0A000418:SSL routines::tlsv1 alert unknown ca:x.c:1:SSL alert number 48:
END
printf 'x postfix/smtp[3]: certificate verification failed for %s:25: untrusted issuer /CN=\033[31m\n' "$peer" >> "$log"

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

"$program" -c "$conf" annotate -f "$work/good.log" > "$work/out" 2>&1 &
pid=$!
grep 'was not offered' "$log" >> "$work/good.log"
for _ in $(seq 100); do
	grep -q no_starttls "$work/out" && break
	sleep 0.1
done
out=$(cat "$work/out")
err=
out_has no_starttls "--follow reads what is added"
kill "$pid"
wait "$pid" 2> /dev/null

finish
