#!/bin/bash
# tlswarden: Authentication-Results of tlswarden-milter in mail that Postfix
# stores: ours is added, forged ones of our name are gone, others stay; and
# names with percent signs in a refusal.
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

ID=mx.us.test
STARTTLS=("EHLO client.test" starttls "EHLO client.test")

# shellcheck disable=SC2317 # wait_for calls it
stored()
{
	find "$RUN/mail" -type f | grep -q .
}

# The headers of the mail that these commands send, unfolded.
headers()
{
	rm -rf "$RUN/mail"
	install -d -o nobody -m 0755 "$RUN/mail"
	smtp "$@" > "$RUN/out"
	wait_for "$WAIT_SECS" stored || cat "$RUN/out"
	find "$RUN/mail" -type f -exec cat {} + | sed '/^$/q' |
	    sed -z 's/\r*\n[ \t]\+/ /g'
}

send()
{
	headers "$@" "MAIL FROM:<a@x.test>" "RCPT TO:<b@us.test>" \
	    "data=$(results)" QUIT
}

results()
{
	printf '%s\\n' "${forged[@]}" | sed 's/\\n$//'
}

inbound_make milter
cat >> "$CONF" <<-CF
	add_header = true
	authserv_id = "$ID"
CF
postconf -c "$(postfix_dir in)" -e virtual_transport=virtual \
    "virtual_mailbox_base=$RUN/mail" virtual_uid_maps=static:65534 \
    virtual_gid_maps=static:65534
echo '/./ box/' > "$RUN/in/etc/mailboxes"
sql "INSERT INTO policy(direction, sender, level, on_failure, cert_name)
    VALUES ('in', 'named.test', 'secure', 'fail', 'out.named.test')"
milter_start
postfix_start in

forged=("X-Test: 1")
got=$(send "${STARTTLS[@]}")
like "$got" "^Authentication-Results: $ID; x-tls=pass smtp.version=TLSv1.3 \
smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256$" "encrypted: pass"
order=$(grep -nE '^(Authentication-Results|Received|X-Test)' <<< "$got" |
    cut -d : -f 2 | tr '\n' ' ')
like "$order" '^(Authentication-Results Received |Received '\
'Authentication-Results )X-Test $' "above all that came with the mail"
got=$(send "EHLO client.test")
like "$got" "^Authentication-Results: $ID; x-tls=none$" "plaintext: none"

forged=("Authentication-Results: $ID; x-tls=pass smtp.version=FORGED"
    "Authentication-Results: other.test; spf=pass smtp.mailfrom=kept"
    "authentication-results: (a (b)) \"MX.us.test\" 1; dkim=pass FORGED"
    "Authentication-Results: $ID.elsewhere.test; spf=pass also.kept"
    "Authentication-Results: (no end FORGED"
    "Subject: Authentication-Results: $ID; kept.too"
    "Authentication-Results:"
    "  $ID."
    "  ; spf=FORGED")
got=$(send "${STARTTLS[@]}")
is "$(grep -c FORGED <<< "$got")" 0 "forged results are gone, in any spelling"
is "$(grep -c kept <<< "$got")" 3 "those of others stay"
is "$(grep -ci "^authentication-results: *$ID; x-tls=p" <<< "$got")" 1 \
    "ours is there, once"
is "$(grep -ci '^authentication-results:' <<< "$got")" 3 "and nothing else"
got=$(headers "EHLO client.test" "MAIL FROM:<a@x.test>" \
    "RCPT TO:<b@us.test>" \
    "data=Authentication-Results: $ID; one=FORGED" "MAIL FROM:<a@x.test>" \
    "RCPT TO:<b@us.test>" data QUIT)
is "$(grep -c FORGED <<< "$got")" 0 "each message is counted by itself"

# ---- a local submission keeps what it has ----
postconf -c "$(postfix_dir in)" -e non_smtpd_milters=unix:tlswarden/milter.sock
postfix_reload in
rm -rf "$RUN/mail"
install -d -o nobody -m 0755 "$RUN/mail"
printf 'Authentication-Results: %s; own=kept\nSubject: x\n\ny\n' "$ID" |
    sendmail -C "$(postfix_dir in)" -f a@x.test b@us.test
wait_for "$WAIT_SECS" stored
check "sendmail(1): our own results stay" grep -rq 'own=kept' "$RUN/mail"

# ---- off again ----
sed -i 's/add_header = true/add_header = false/' "$CONF"
kill -USR1 "$(daemon_pid milter)"
wait_log "$RUN/milter.log" 'configuration read again'
forged=("Authentication-Results: $ID; one=kept")
got=$(send "EHLO client.test")
like "$got" '^Authentication-Results: mx.us.test; one=kept$' \
    "without add_header headers are left alone"

# ---- percent signs ----
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$RUN/pki/percent.key" -subj '/CN=100%s of %n%' 2> /dev/null |
    openssl x509 -req -CA "$RUN/pki/root-good.pem" \
	-CAkey "$RUN/pki/root-good.key" -set_serial 4711 -days 20000 \
	-out "$RUN/pki/percent.pem" 2> /dev/null
smtp_options=(--cert percent)
expect_rcpt '550 5\.7\.5 Certificate for out\.named\.test required by policy '\
'rule 1 .*\(subject 100%s of %n%\); .*' \
    "percent signs of a certificate reach the client as they are" \
    a@named.test b@us.test "${STARTTLS[@]}"
refute_log "$IN_LOG" 'warning: .*milter' "Postfix has no complaint"
done_testing
