# Makefile fragment of tests/fuzz. To add a target: append fuzz_NAME to
# fuzz_programs, give its _SOURCES with $(FUZZ_MAIN), and seeds in corpus/NAME.
if FUZZERS
FUZZ_MAIN = %D%/fuzz.h
noinst_PROGRAMS += $(fuzz_programs)
else
FUZZ_MAIN = %D%/fuzz.h %D%/replay_main.c
check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)
endif
EXTRA_DIST += %D%/corpus

fuzz_programs = %D%/fuzz_socketmap %D%/fuzz_delegation

%C%_fuzz_socketmap_SOURCES = %D%/fuzz_socketmap.c $(FUZZ_MAIN)
%C%_fuzz_socketmap_LDADD = lib/wire/libwire.a lib/base/libbase.a
%C%_fuzz_socketmap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
%C%_fuzz_delegation_SOURCES = %D%/fuzz_delegation.c $(FUZZ_MAIN)
%C%_fuzz_delegation_LDADD = lib/wire/libwire.a lib/base/libbase.a
%C%_fuzz_delegation_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_milter
%C%_fuzz_milter_SOURCES = %D%/fuzz_milter.c tests/unit/table.c \
	tests/unit/table.h $(FUZZ_MAIN)
%C%_fuzz_milter_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
	-I$(top_srcdir)/tests/unit
%C%_fuzz_milter_LDADD = $(LIBS_SESSION) $(IDN2_LIBS)
%C%_fuzz_milter_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_cert_load
%C%_fuzz_cert_load_SOURCES = %D%/fuzz_cert_load.c $(FUZZ_MAIN)
%C%_fuzz_cert_load_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_cert_load_LDADD = $(LIBS_CERT)
%C%_fuzz_cert_load_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_annotate
%C%_fuzz_annotate_SOURCES = %D%/fuzz_annotate.c $(FUZZ_MAIN)
%C%_fuzz_annotate_LDADD = lib/annotate/libannotate.a lib/fact/libfact.a \
	lib/base/libbase.a
%C%_fuzz_annotate_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_reply
%C%_fuzz_reply_SOURCES = %D%/fuzz_reply.c $(FUZZ_MAIN)
%C%_fuzz_reply_LDADD = lib/probe/libprobe.a lib/resolve/libresolve.a \
	lib/wire/libwire.a lib/base/libbase.a $(UNBOUND_LIBS) $(IDN2_LIBS)
%C%_fuzz_reply_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_pattern
%C%_fuzz_pattern_SOURCES = %D%/fuzz_pattern.c $(FUZZ_MAIN)
%C%_fuzz_pattern_LDADD = $(LIBS_POLICY) $(IDN2_LIBS)
%C%_fuzz_pattern_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)

fuzz_programs += %D%/fuzz_outbound
%C%_fuzz_outbound_SOURCES = %D%/fuzz_outbound.c tests/unit/table.c \
	tests/unit/table.h $(FUZZ_MAIN)
%C%_fuzz_outbound_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
%C%_fuzz_outbound_LDADD = $(LIBS_POLICY) $(IDN2_LIBS)
%C%_fuzz_outbound_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
