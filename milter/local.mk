# Makefile fragment of milter: tlswarden-milter(8). What is pure is a library
# of its own, for tests and fuzzers.
noinst_LIBRARIES += milter/libsession.a
%C%_libsession_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_libsession_a_SOURCES = \
	%D%/domains.c %D%/domains.h \
	%D%/facts.c %D%/facts.h \
	%D%/macros.c %D%/macros.h \
	%D%/reply.c %D%/reply.h \
	%D%/session.c %D%/session.h \
	%D%/session_rcpt.c \
	%D%/session_row.c \
	%D%/settings.h
LIBS_SESSION = milter/libsession.a $(LIBS_POLICY)
