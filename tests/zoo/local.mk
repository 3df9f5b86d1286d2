# Makefile fragment of tests/zoo: one certificate chain for each fault.
check_PROGRAMS += %D%/zoo_check
%C%_zoo_check_SOURCES = %D%/zoo_check.c %D%/zoo.c %D%/zoo.h
%C%_zoo_check_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
%C%_zoo_check_LDADD = $(LIBS_CERT)
dist_check_SCRIPTS += %D%/zoo.sh %D%/make-zoo.sh
dist_check_DATA += %D%/zoo.table
TESTS += %D%/zoo.sh
CLEANFILES += %D%/pki/*
