# Makefile fragment of milter: tlswarden-milter(8). What is pure is a library
# of its own, for tests and fuzzers.
noinst_LIBRARIES += milter/libsession.a
%C%_libsession_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_libsession_a_SOURCES = \
	%D%/auth_results.c %D%/auth_results.h \
	%D%/domains.c %D%/domains.h \
	%D%/facts.c %D%/facts.h \
	%D%/macros.c %D%/macros.h \
	%D%/reply.c %D%/reply.h \
	%D%/session.c %D%/session.h \
	%D%/session_rcpt.c \
	%D%/session_row.c
LIBS_SESSION = milter/libsession.a lib/daemon/libdaemon.a $(LIBS_POLICY)

dist_man_MANS += %D%/tlswarden-milter.8
sbin_PROGRAMS += %D%/tlswarden-milter
%C%_tlswarden_milter_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
	$(MILTER_CFLAGS)
%C%_tlswarden_milter_SOURCES = \
	%D%/app.h \
	%D%/callbacks.c %D%/callbacks.h \
	%D%/control.c %D%/control.h \
	%D%/event_log.c %D%/event_log.h \
	%D%/live.c %D%/live.h \
	%D%/main.c \
	%D%/peer.c %D%/peer.h \
	%D%/settings.c %D%/settings.h
%C%_tlswarden_milter_LDADD = milter/libsession.a lib/daemon/libdaemon.a \
	lib/cert/libcert.a lib/store/libstore.a $(LIBS_POLICY) \
	$(MILTER_LIBS) $(SQLITE_LIBS) $(OPENSSL_LIBS) $(CONFUSE_LIBS) \
	$(IDN2_LIBS) $(JANSSON_LIBS)
