# Makefile fragment of tests/zoo: one certificate chain for each fault.
check_PROGRAMS += %D%/zoo_check
%C%_zoo_check_SOURCES = %D%/zoo_check.c %D%/zoo.c %D%/zoo.h
%C%_zoo_check_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
%C%_zoo_check_LDADD = $(LIBS_CERT)
dist_check_SCRIPTS += %D%/zoo.sh %D%/make-zoo.sh
dist_check_DATA += %D%/zoo.table
TESTS += %D%/zoo.sh
dist_check_SCRIPTS += %D%/peers.sh

# Which faults other tools name: make check-zoo-table
.PHONY: check-zoo-table
check-zoo-table: %D%/zoo_check
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	    bash '$(srcdir)/%D%/zoo.sh' >/dev/null
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	    bash '$(srcdir)/%D%/peers.sh'
CLEANFILES += %D%/pki/*
