#!/bin/bash
# tlswarden: includes go one way, each library has its one user.
# SPDX-License-Identifier: BSD-2-Clause
#
# The layers of ARCHITECTURE.md:
#   base < wire, fact < cert, store, resolve, policy < probe, daemon < programs
# shellcheck source=lint.inc.sh
. "$(dirname "$0")/lint.inc.sh"

low="base wire fact"
mid="$low cert store resolve annotate policy"
declare -A may=(
	[lib/base]="base"
	[lib/wire]="base wire"
	[lib/fact]="base fact"
	[lib/cert]="$low cert"
	[lib/store]="$low store sql"
	[lib/resolve]="$low resolve"
	[lib/annotate]="$low annotate"
	[lib/policy]="$low policy"
	[lib/probe]="$mid probe"
	[lib/daemon]="$mid daemon"
	[milter]="$mid probe daemon milter"
	[policyd]="$mid probe daemon policyd"
	[prober]="$mid probe daemon prober"
	[ctl]="$mid probe daemon ctl"
)

# Which folders may include a foreign header; the first line that fits.
# Tests may include what they test.
owners() {
	case $1 in
	openssl/ssl.h | openssl/x509* | openssl/pem.h | openssl/asn1* | \
		openssl/ocsp.h | openssl/pkcs* | openssl/cms.h | openssl/bio.h)
		echo "lib/cert lib/probe" ;;
	openssl/*) echo "lib/cert lib/probe milter policyd prober ctl" ;;
	sqlite3.h) echo "lib/store" ;;
	unbound.h) echo "lib/resolve" ;;
	confuse.h) echo "lib/base" ;;
	curl/*) echo "lib/cert prober ctl" ;;
	libmilter/*) echo "milter" ;;
	idn2.h) echo "lib/wire" ;;
	event2/*) echo "lib/daemon milter policyd prober ctl" ;;
	jansson.h)
		echo "lib/cert lib/probe lib/policy policyd prober ctl" ;;
	syslog.h) echo "lib/base" ;;
	# Pure layers see no sockets, clock or files.
	sys/socket.h | netdb.h | poll.h | sys/epoll.h | fcntl.h | unistd.h | \
		sys/stat.h | dirent.h | time.h | sys/time.h | pthread.h)
		echo "lib/base lib/cert lib/store lib/resolve lib/probe" \
			"lib/daemon milter policyd prober ctl" ;;
	*) echo any ;;
	esac
}

folder_of() {
	case $1 in
	lib/*/*) echo "$1" | cut -d/ -f1,2 ;;
	*) echo "${1%%/*}" ;;
	esac
}

# FILE:LINE "header" or FILE:LINE <header>
includes=$(c_files | (cd "$root" && xargs -r grep -HnE \
	'^[[:space:]]*#[[:space:]]*include[[:space:]]') |
	sed -nE 's/^([^:]*:[0-9]*):[^"<]*(["<][^">]*[">]).*/\1 \2/p')

own_includes() {
	local at header file dir target
	while read -r at header; do
		case $header in \"*) ;; *) continue ;; esac
		header=${header//\"/}
		file=${at%%:*}
		dir=$(folder_of "$file")
		[ -n "${may[$dir]:-}" ] || continue
		case $header in
		config.h) continue ;;
		*/*) target=${header%%/*} ;;
		*)
			[ -e "$root/${file%/*}/$header" ] ||
				echo "$at: \"$header\" is not beside the file"
			continue
			;;
		esac
		case " ${may[$dir]} " in
		*" $target "*) ;;
		*) echo "$at: $dir may not include \"$header\"" ;;
		esac
	done
}

foreign_includes() {
	local at header dir who
	while read -r at header; do
		case $header in \<*) ;; *) continue ;; esac
		header=${header#<} header=${header%>}
		dir=$(folder_of "${at%%:*}")
		[ -n "${may[$dir]:-}" ] || continue
		who=$(owners "$header")
		case " $who " in
		" any " | *" $dir "*) ;;
		*) echo "$at: <$header> belongs to $who" ;;
		esac
	done
}

# lib/ returns errors, programs log.
log_includes() {
	grep -F '"base/log.h"' | while read -r at header; do
		case $at in
		lib/base/log.c:* | lib/base/conf*) ;;
		lib/daemon/*) ;;
		lib/*) echo "$at: lib/ does not log" ;;
		esac
	done
}

unknown_folders() {
	c_files | while IFS= read -r f; do
		dir=$(folder_of "$f")
		[ -n "${may[$dir]:-}" ] || case $dir in
		tests | contrib | sql) ;;
		*) echo "$f: folder $dir has no layer; give it one here" ;;
		esac
	done
}

# Pure layers do no I/O, know no clock and write no log. One word a line.
impure_calls() {
	printf '%s\n' open open64 read write send recv socket connect accept \
		fopen fopen64 fprintf __fprintf_chk printf __printf_chk puts \
		time clock_gettime gettimeofday getenv syslog __syslog_chk \
		exit log_error log_warning log_info log_debug
}

impure() {
	local o
	for o in "$objects"/lib/{wire,policy,fact,annotate}/*.o; do
		[ -e "$o" ] || continue
		nm -u "$o" | awk '{ print $NF }' |
			grep -xFf <(impure_calls) |
			sed "s|^|${o#"$objects"/} calls |"
	done
}

printf '%s\n' "$includes" | own_includes |
	report "includes follow the layers"
printf '%s\n' "$includes" | foreign_includes |
	report "each library has its one user"
printf '%s\n' "$includes" | log_includes | report "lib does not log"
unknown_folders | report "every folder has a layer"
if [ -n "$objects" ] && [ -d "$objects/lib/base" ]; then
	impure | report "wire, fact and policy are pure"
else
	skip "wire, fact and policy are pure" "nothing is built"
fi
finish
