# Makefile fragment of tests/bench: programs that measure, not installed and
# not tests themselves ("make bench" runs tests/bench/run.sh).
bench_programs = %D%/bench_load %D%/bench_echo %D%/genrules \
	%D%/bench_milter %D%/bench_noop_milter
EXTRA_PROGRAMS += $(bench_programs) %D%/bench_engine %D%/bench_store
CLEANFILES += $(bench_programs) %D%/bench_engine %D%/bench_store
TESTS += %D%/smoke.sh
EXTRA_DIST += %D%/smoke.sh %D%/run.sh %D%/run-milter.sh %D%/run-store.sh \
	%D%/bench.inc.sh %D%/report.awk

bench_common = \
	%D%/clock.c %D%/clock.h \
	%D%/hist.c %D%/hist.h \
	%D%/keys.c %D%/keys.h \
	%D%/target.c %D%/target.h

%C%_bench_load_SOURCES = %D%/bench_load.c %D%/load.c %D%/load.h \
	$(bench_common)
%C%_bench_load_LDADD = lib/base/libbase.a -lm
%C%_bench_echo_SOURCES = %D%/bench_echo.c %D%/target.c %D%/target.h
%C%_bench_echo_LDADD = lib/base/libbase.a
%C%_genrules_SOURCES = %D%/genrules.c \
	%D%/keys.c %D%/keys.h %D%/target.c %D%/target.h
%C%_genrules_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_genrules_LDADD = lib/base/libbase.a $(SQLITE_LIBS)
%C%_bench_milter_SOURCES = %D%/bench_milter.c \
	%D%/msession.c %D%/msession.h $(bench_common)
%C%_bench_milter_CFLAGS = $(AM_CFLAGS) $(MILTER_CFLAGS)
%C%_bench_milter_LDADD = lib/base/libbase.a
%C%_bench_noop_milter_SOURCES = %D%/bench_noop_milter.c
%C%_bench_noop_milter_CFLAGS = $(AM_CFLAGS) $(MILTER_CFLAGS)
%C%_bench_noop_milter_LDADD = lib/base/libbase.a $(MILTER_LIBS)
%C%_bench_engine_SOURCES = %D%/bench_engine.c \
	%D%/keys.c %D%/keys.h %D%/target.c %D%/target.h
%C%_bench_engine_LDADD = lib/daemon/libdaemon.a lib/store/libstore.a \
	lib/cert/libcert.a $(LIBS_POLICY) $(SQLITE_LIBS) $(OPENSSL_LIBS) \
	$(IDN2_LIBS) $(JANSSON_LIBS) $(CURL_LIBS) $(EVENT_LIBS)
%C%_bench_store_SOURCES = %D%/bench_store.c
%C%_bench_store_LDADD = $(%C%_bench_engine_LDADD)

bench-tools: $(bench_programs) %D%/bench_engine %D%/bench_store
%D%/smoke.log: $(bench_programs)
bench: all bench-tools
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    bash $(srcdir)/%D%/run.sh $(BENCH_FLAGS)
bench-milter: all bench-tools
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    bash $(srcdir)/%D%/run-milter.sh $(BENCH_FLAGS)
bench-store: all bench-tools
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    bash $(srcdir)/%D%/run-store.sh $(BENCH_FLAGS)
clean-local-bench:
	-rm -rf bench-data
clean-local: clean-local-bench
.PHONY: bench bench-milter bench-store bench-tools clean-local-bench
