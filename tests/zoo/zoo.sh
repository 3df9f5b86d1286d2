#!/bin/bash
# Every fault of the zoo is named, blamed and mended as the table says.
set -u
top_srcdir=${top_srcdir:-.} top_builddir=${top_builddir:-.}
dir=$top_builddir/tests/zoo/pki
make="$top_srcdir/tests/zoo/make-zoo.sh"

# Built once; anew when the script changed.
if [ ! -e "$dir/built" ] || [ "$make" -nt "$dir/built" ]; then
	rm -rf "$dir"
	if ! bash "$make" "$dir"; then
		tail -5 "$dir/zoo.log" | sed 's/^/# /'
		echo "Bail out! the zoo cannot be built"
		exit 99
	fi
fi
"$top_builddir/tests/zoo/zoo_check" "$dir" "$top_srcdir/tests/zoo/zoo.table"
