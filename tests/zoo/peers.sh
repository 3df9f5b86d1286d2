#!/bin/bash
# Prints which faults of the zoo openssl verify, certtool and tlswarden name.
# A tool names a fault when its output carries words for that very class and
# not only a refusal; for several faults in one chain, all of them.
# usage: peers.sh [ID...]   (make check-zoo-table)
set -u
top_srcdir=${top_srcdir:-.} top_builddir=${top_builddir:-.}
dir=$(cd "$top_builddir/tests/zoo/pki" && pwd) || exit 1
check=$(cd "$top_builddir/tests/zoo" && pwd)/zoo_check
table=$(cd "$top_srcdir/tests/zoo" && pwd)/zoo.table
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
clock=(env)
if command -v faketime >/dev/null; then
	clock=(faketime -f '@2026-06-01 00:00:00')
fi

# What a tool's words must match to have named the class. Words that stand for
# several classes (unable to get local issuer certificate, issuer is unknown)
# name none of them.
openssl_words() {
	case $1 in
	self_signed_leaf) echo 'error 18 ' ;;
	untrusted_root) echo 'error 19 ' ;;
	expired_leaf) echo 'error 10 at 0 ' ;;
	expired_intermediate | expired_root) echo 'error 10 at [1-9]' ;;
	not_yet_valid) echo 'error 9 ' ;;
	name_mismatch) echo 'error 6[234] ' ;;
	wrong_purpose) echo 'error 26 ' ;;
	weak_key) echo 'error (66|67|94) ' ;;
	weak_signature) echo 'error 68 ' ;;
	name_constraints) echo 'error (47|48) ' ;;
	path_length) echo 'error 25 ' ;;
	invalid_ca) echo 'error (24|79) ' ;;
	bad_signature) echo 'error 7 ' ;;
	critical_extension) echo 'error 34 ' ;;
	revoked) echo 'error 23 ' ;;
	crl_unusable) echo 'error (3|8|12) ' ;;
	distrusted) echo 'error 28 ' ;;
	chain_too_long) echo 'error 22 ' ;;
	*) echo 'no words at all' ;;
	esac
}

# certtool says less; the words count though they do not tell the certificate.
certtool_words() {
	case $1 in
	expired_*) echo 'uses expired certificate' ;;
	not_yet_valid) echo 'not yet activated' ;;
	name_mismatch) echo 'name in the certificate does not match' ;;
	wrong_purpose) echo 'does not match the intended purpose' ;;
	weak_key | weak_signature) echo 'insecure algorithm' ;;
	name_constraints | path_length) echo "violates the signer's" ;;
	invalid_ca) echo 'issuer is not a CA' ;;
	bad_signature) echo 'signature in the certificate is invalid' ;;
	critical_extension) echo 'unknown critical extension' ;;
	malformed) echo 'Error in DER parsing' ;;
	revoked) echo 'chain is revoked' ;;
	*) echo 'no words at all' ;;
	esac
}

run_openssl() {
	local options=() opt
	for opt in $1; do
		case $opt in
		name=*@*) options+=(-verify_email "${opt#name=}") ;;
		name=[0-9]* | name=\[*)
			opt=${opt#name=} opt=${opt#[}
			options+=(-verify_ip "${opt%]}") ;;
		name=*) options+=(-verify_hostname "${opt#name=}") ;;
		purpose=client) options+=(-purpose sslclient) ;;
		level=*) options+=(-auth_level "${opt#level=}") ;;
		depth=*) options+=(-verify_depth "${opt#depth=}") ;;
		partial) options+=(-partial_chain) ;;
		notime) options+=(-no_check_time) ;;
		crl=*) options+=(-crl_check_all -CRLfile "$dir/${opt#crl=}") ;;
		esac
	done
	case " $1 " in *level=*) ;; *) options+=(-auth_level 2) ;; esac
	case " $1 " in *purpose=*) ;; *) options+=(-purpose sslserver) ;; esac
	case " $1 " in *notime*) ;; *) options+=(-attime 1780272000) ;; esac
	openssl verify -no-CAfile -no-CApath -no-CAstore "${options[@]}" \
	    -trusted "$tmp/roots" -untrusted "$tmp/chain" "$tmp/chain"
}

run_certtool() {
	local options=(--verify-profile=medium) opt
	for opt in $1; do
		case $opt in
		name=*@*) options+=("--verify-email=${opt#name=}") ;;
		name=*) options+=("--verify-hostname=${opt#name=}") ;;
		crl=*) options+=("--load-crl=$dir/${opt#crl=}") ;;
		esac
	done
	options+=(--verify-purpose=1.3.6.1.5.5.7.3.1)
	# It has no option for the time: the machine's, unless with faketime.
	"${clock[@]}" certtool "${options[@]}" --verify \
	    --load-ca-certificate "$tmp/roots" <"$tmp/chain"
}

# named OUTPUT WORDS_FUNCTION CLASS...: yes, some or no
named() {
	local output=$1 words=$2 all=0 hit=0 class
	shift 2
	for class; do
		all=$((all + 1))
		grep -qiE -- "$("$words" "$class")" <<<"$output" &&
		    hit=$((hit + 1))
	done
	if [ "$hit" = "$all" ]; then echo yes
	elif [ "$hit" -gt 0 ]; then echo some
	else echo no; fi
}

declare -A count=([openssl]=0 [certtool]=0 [tlswarden]=0)
total=0
printf '%-26s %-44s %-8s %-9s %s\n' animal 'fault, as tlswarden names it' \
    openssl certtool tlswarden
while IFS='|' read -r id options roots chain verdict findings _; do
	read -r id <<<"$id"
	read -r verdict <<<"$verdict"
	[ "$verdict" = fail ] || continue
	if [ $# -gt 0 ] && [[ " $* " != *" $id "* ]]; then continue; fi
	classes=()
	for f in $findings; do
		[[ $f == ~* ]] || classes+=("${f%@*}")
	done
	: >"$tmp/roots"
	: >"$tmp/chain"
	for f in $roots; do cat "$dir/$f" >>"$tmp/roots"; done
	for f in $chain; do cat "$dir/$f" >>"$tmp/chain"; done
	o=$(named "$(run_openssl "$options" 2>&1)" openssl_words \
	    "${classes[@]}")
	c=$(named "$(run_certtool "$options" 2>&1)" certtool_words \
	    "${classes[@]}")
	got=$("$check" -i "$id" "$dir" "$table")
	t=yes
	for class in "${classes[@]}"; do
		[[ " $got " == *" $class@"* ]] || t=no
	done
	total=$((total + 1))
	[ "$o" = yes ] && count[openssl]=$((count[openssl] + 1))
	[ "$c" = yes ] && count[certtool]=$((count[certtool] + 1))
	[ "$t" = yes ] && count[tlswarden]=$((count[tlswarden] + 1))
	printf '%-26s %-44.44s %-8s %-9s %s\n' "$id" "${classes[*]}" "$o" \
	    "$c" "$([ "$t" = yes ] && echo 'yes, cause, fix')"
done < <(grep -v '^#' "$table")
printf '\nnamed all faults of the chain: openssl verify %d, certtool %d, ' \
    "${count[openssl]}" "${count[certtool]}"
printf 'tlswarden %d of %d\n' "${count[tlswarden]}" "$total"
