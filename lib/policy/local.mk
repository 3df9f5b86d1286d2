# Makefile fragment of lib/policy: pure; no I/O, no clock, no log.
noinst_LIBRARIES += lib/policy/libpolicy.a
%C%_libpolicy_a_SOURCES = \
	%D%/builder.c \
	%D%/cover.c %D%/cover.h \
	%D%/decide.c %D%/decide.h \
	%D%/dsn.c %D%/dsn.h \
	%D%/dsn_watch.c %D%/dsn_watch.h \
	%D%/explain.c %D%/explain.h \
	%D%/inbound.c %D%/inbound.h \
	%D%/index.c %D%/index.h \
	%D%/lookup.c %D%/lookup.h \
	%D%/party.c %D%/party.h \
	%D%/pattern.c %D%/pattern.h \
	%D%/postfix.c %D%/postfix.h \
	%D%/probe_table.c %D%/probe_table.h \
	%D%/query.c %D%/query.h \
	%D%/ranges.c %D%/ranges.h \
	%D%/replay.c %D%/replay.h \
	%D%/rivals.c %D%/rivals.h \
	%D%/row.c %D%/row.h \
	%D%/rule.c %D%/rule.h \
	%D%/sendmail.c %D%/sendmail.h \
	%D%/sendmail_hops.c \
	%D%/sendmail_key.c %D%/sendmail_key.h %D%/sendmail_sts.c \
	%D%/sendmail_clt.c %D%/sendmail_private.h \
	%D%/server_name.c %D%/server_name.h \
	%D%/snapshot.c %D%/snapshot.h %D%/snapshot_private.h \
	%D%/watchers.c %D%/watchers.h \
	%D%/words.c
