# Makefile fragment of lib/daemon.
noinst_LIBRARIES += lib/daemon/libdaemon.a
%C%_libdaemon_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
%C%_libdaemon_a_SOURCES = \
	%D%/policy_load.c %D%/policy_load.h \
	%D%/recorder.h \
	%D%/say.c %D%/say.h \
	%D%/source.h
