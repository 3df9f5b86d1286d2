# Makefile fragment of policyd.
dist_man_MANS += %D%/tlswarden.conf.5 %D%/tlswarden-policyd.8

sbin_PROGRAMS += %D%/tlswarden-policyd
%C%_tlswarden_policyd_SOURCES = \
	%D%/agenda.c %D%/agenda.h \
	%D%/app.c %D%/app.h \
	%D%/cafiles.c %D%/cafiles.h \
	%D%/conn.c %D%/conn.h \
	%D%/counters.c %D%/counters.h \
	%D%/delegation.c \
	%D%/desk.c %D%/desk.h %D%/desk_private.h \
	%D%/desk_answer.c \
	%D%/desk_watch.c %D%/desk_watch.h \
	%D%/finder.c %D%/finder.h \
	%D%/finder_thread.c %D%/finder_thread.h \
	%D%/front.c %D%/front.h \
	%D%/hop.c %D%/hop.h \
	%D%/hunt.c %D%/hunt.h \
	%D%/ledger_note.c %D%/ledger_note.h \
	%D%/ledger_out.c %D%/ledger_out.h \
	%D%/mailbox.c %D%/mailbox.h \
	%D%/main.c \
	%D%/maps.c \
	%D%/metrics.c %D%/metrics.h \
	%D%/news.c %D%/news.h \
	%D%/service.c %D%/service.h \
	%D%/ticket.c %D%/ticket.h \
	%D%/worker.c %D%/worker.h \
	%D%/world.h
%C%_tlswarden_policyd_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D% \
	$(EVENT_CFLAGS) $(EVHTTP_CFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
%C%_tlswarden_policyd_LDADD = lib/probe/libprobe.a \
	lib/daemon/libdaemon.a lib/store/libstore.a \
	lib/cert/libcert.a lib/resolve/libresolve.a $(LIBS_POLICY) \
	$(EVENT_LIBS) $(EVHTTP_LIBS) $(SQLITE_LIBS) $(OPENSSL_LIBS) \
	$(UNBOUND_LIBS) $(JANSSON_LIBS) $(IDN2_LIBS) $(CONFUSE_LIBS)
