# Makefile fragment of prober: tlswarden-prober(8).
dist_man_MANS += %D%/tlswarden-prober.8

sbin_PROGRAMS += %D%/tlswarden-prober
%C%_tlswarden_prober_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(JANSSON_CFLAGS) \
	$(OPENSSL_CFLAGS)
%C%_tlswarden_prober_SOURCES = \
	%D%/link.c %D%/link.h \
	%D%/main.c \
	%D%/round.c %D%/round.h
%C%_tlswarden_prober_LDADD = lib/daemon/libdaemon.a \
	lib/probe/libprobe.a lib/resolve/libresolve.a $(UNBOUND_LIBS) \
	lib/cert/libcert.a $(LIBS_POLICY) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(IDN2_LIBS) $(CONFUSE_LIBS) $(CURL_LIBS)
