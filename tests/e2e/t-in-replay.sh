#!/bin/bash
# tlswarden: what `check --before-enforce` makes of recorded mail, and what is
# refused when the rule is enforced and the same mail comes again, through a
# real Postfix: no less than it is sure of, no more than it cannot rule out.
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
command -v jq > /dev/null || skip_all "jq is not installed"

OTHER=xn--bcher-kva.test # ours, too

# Rules 1 to 6 watch; 20 and more are enforced all the time.
rules()
{
	local col=id,direction,sender,recipient,subnet,level,on_failure,mode

	sql "INSERT INTO ca(name, pem) VALUES
	    ('Second', CAST(readfile('$RUN/pki/root-second.pem') AS TEXT));
	    INSERT INTO policy($col) VALUES
	    (1,'in','bank.test','*',NULL,'encrypt','fail','monitor'),
	    (2,'in','*','us.test',NULL,'encrypt','tempfail','monitor'),
	    (3,'in','*','*','127.0.0.5/32','encrypt','fail','monitor'),
	    (4,'in','ceo@bank.test','*',NULL,'encrypt','fail','monitor'),
	    (5,'in','*','*',NULL,'encrypt','fail','monitor'),
	    (6,'in','bank.test','*',NULL,'secure','fail','monitor'),
	    (20,'in','free@bank.test','*',NULL,'none','fail','enforce'),
	    (21,'in','*','open@$OTHER',NULL,'none','fail','enforce'),
	    (22,'in','free@*.test','*','127.0.0.5/32','preferred','fail',
		'enforce'),
	    (23,'in','hard.test','*',NULL,'encrypt','fail','enforce');
	    UPDATE policy SET priority = 50 WHERE id IN (21, 22);
	    UPDATE policy SET min_protocol = 'TLSv1.3' WHERE id = 5;
	    UPDATE policy SET ca = 'Second' WHERE id = 6"
}

# Options | commands. f and t are MAIL and RCPT; without a domain from bank.test
# and to us.test, but `open`, see rule 21.
sessions()
{
	cat <<-'MAIL'
	|EHLO f=a t=b f=free t=b data
	|EHLO f=a t=open data
	|EHLO f=a t=open t=b data
	|EHLO f=a t=b f= starttls f=a t=b
	|EHLO f=a t=b t=c S f=b@other.test t=b
	|S f=a t=b t=c data f= t=b data
	--cert client-good|S f=a t=b data
	--max TLSv1.2|S f=a t=b data f=c@other.test t=d
	--from 127.0.0.5|EHLO f=free t=b t=open data
	--from 127.0.0.5|EHLO f=free@other.test t=b data
	--from 127.0.0.5|S f=ceo t=b data
	|EHLO f=ceo t=b t=c data f=a t=b
	|EHLO f= t=b f=a@hard.test t=b f=a%bank.test t="b"
	|EHLO f=b@other.test t=b t=open data f= t=open
	|EHLO f=a
	MAIL
}

# The replies to RCPT of all sessions, by the rule that they name.
play()
{
	local options commands word
	sessions | while IFS='|' read -r options commands; do
		read -r -a smtp_options <<< "$options"
		local say=()
		for word in $commands; do
			case $word in
			EHLO) say+=("EHLO c.test") ;;
			S) say+=("EHLO c.test" starttls "EHLO c.test") ;;
			f= | f=*[@%]*) say+=(RSET "MAIL FROM:<${word#f=}>") ;;
			f=*) say+=(RSET "MAIL FROM:<${word#f=}@bank.test>") ;;
			t=open) say+=("RCPT TO:<open@$OTHER>") ;;
			t=*) say+=("RCPT TO:<${word#t=}@us.test>") ;;
			*) say+=("$word") ;;
			esac
		done
		smtp "${say[@]}" QUIT < /dev/null
	done > "$RUN/replies"
	grep -Eo '^[45]5[01] .* policy rule [0-9]+ ' "$RUN/replies" |
	    grep -Eo '[0-9]+ $' | sort -n | uniq -c > "$RUN/refused"
}

refused_by()
{
	awk -v id="$1" '$2 == id { n = $1 } END { print n + 0 }' "$RUN/refused"
}

dry_run()
{
	tool check --before-enforce "$1" --json | jq -r \
	    '"\(.refused.recipients) \(.unknown.recipients)"'
}

# shellcheck disable=SC2317 # wait_for calls it
all_written()
{
	[ "$(rows "SELECT count(*) FROM session")" -ge 16 ]
}

inbound_make milter
rules
milter_start
postfix_start in
cell Postfix in / monitor
play
is "$(awk '$2 < 20' "$RUN/refused")" "" "rules that watch refuse nothing"
check "all is recorded" wait_for 10 all_written
sleep 0.3
cp "$RUN/replies" "$RUN/watched"
declare -A sure doubt ledger
for n in 1 2 3 4 5 6; do
	read -r sure[$n] doubt[$n] <<< "$(dry_run "$n")"
	ledger[$n]=$(rows "SELECT count(*) FROM violation WHERE rule = $n")
done
for n in 1 2 3 4 5 6; do
	sql "UPDATE policy SET mode = iif(id = $n, 'enforce', 'monitor')
	    WHERE id < 20"
	tool reload > "$RUN/out"
	play
	got=$(refused_by "$n")
	check "rule $n: sure of ${sure[$n]}, in doubt ${doubt[$n]}, refused \
$got" test "${sure[$n]}" -le "$got" -a "$got" -le $((sure[$n] + doubt[$n]))
	is "${ledger[$n]}" "$got" "rule $n: the ledger had them all"
done
sql "DELETE FROM policy WHERE id < 9"
tool reload > "$RUN/out"
play
check "without rules that watch each reply was the same" \
    cmp <(sed 's/queued as .*//' "$RUN/watched") \
    <(sed 's/queued as .*//' "$RUN/replies")
milter_stop TERM
done_testing
