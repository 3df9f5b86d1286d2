# Makefile fragment of lib/daemon.
noinst_LIBRARIES += lib/daemon/libdaemon.a
%C%_libdaemon_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
%C%_libdaemon_a_SOURCES = \
	%D%/cli.c %D%/cli.h \
	%D%/clock.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/listener.c %D%/listener.h \
	%D%/notify.c %D%/notify.h \
	%D%/peers.c %D%/peers.h \
	%D%/policy_load.c %D%/policy_load.h \
	%D%/privilege.c %D%/privilege.h \
	%D%/probe_cache.c %D%/probe_cache.h \
	%D%/record_queue.c %D%/record_queue.h \
	%D%/recorder.c %D%/recorder.h \
	%D%/say.c %D%/say.h \
	%D%/signals.c %D%/signals.h \
	%D%/source.c %D%/source.h \
	%D%/source_loader.c %D%/source_loader.h
