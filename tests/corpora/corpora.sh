#!/bin/bash
# Agreement of the verifier with certificate corpora: files NAME.jsonl.xz of one
# JSON object a line. The folder is $CORPORA, from the build or the source
# folder; without it the test is skipped.
# usage: corpora.sh [-v]     -v shows every disagreement
set -u
top_srcdir=${top_srcdir:-.} top_builddir=${top_builddir:-.}
folder=
for try in "${CORPORA:-}" "$top_srcdir/${CORPORA:-../shared/corpora}"; do
	if [ -n "$try" ] && [ -d "$try" ]; then
		folder=$try
		break
	fi
done
if [ -z "$folder" ] || ! command -v xz >/dev/null; then
	echo "1..0 # SKIP no corpora: make check-corpora CORPORA=FOLDER"
	exit 0
fi

per_corpus=5
n=0 failed=0
for file in "$folder"/*.jsonl.xz; do
	name=${file##*/}
	name=${name%.jsonl.xz}
	done=$n
	# Each program numbers its own tests; here they go on counting.
	while IFS= read -r line; do
		case $line in
		ok\ * | not\ ok\ *)
			n=$((n + 1))
			case $line in not*) failed=1 ;; esac
			printf '%s %d - %s\n' "${line%% [0-9]*}" "$n" \
			    "${line#* - }"
			;;
		1..*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done < <(xz -dc "$file" |
	    "$top_builddir/tests/corpora/corpus" "$@" "$name")
	if [ $((n - done)) != "$per_corpus" ]; then
		n=$((n + 1)) failed=1
		echo "not ok $n - $name: the program did not finish"
	fi
done
echo "1..$n"
exit "$failed"
