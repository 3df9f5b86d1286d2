# Makefile fragment of lib/probe: sockets and OpenSSL's SSL.
noinst_LIBRARIES += lib/probe/libprobe.a
%C%_libprobe_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libprobe_a_SOURCES = \
	%D%/conn.c %D%/conn.h \
	%D%/judge.c %D%/judge.h \
	%D%/look.c %D%/look.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/probe.c %D%/probe.h \
	%D%/reply.c %D%/reply.h \
	%D%/report.c %D%/report.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/target.c %D%/target.h \
	%D%/tls.c %D%/tls.h \
	%D%/visit.c %D%/visit.h \
	%D%/watch.c %D%/watch.h \
	%D%/work.c %D%/work.h
