# Makefile fragment of lib/cert: the only user of OpenSSL's X.509.
noinst_LIBRARIES += lib/cert/libcert.a
%C%_libcert_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS) \
	$(IDN2_CFLAGS)
%C%_libcert_a_SOURCES = \
	%D%/digest.c %D%/digest.h \
	%D%/fetch.h \
	%D%/finding.h \
	%D%/info.h \
	%D%/json.h \
	%D%/load.h \
	%D%/text.h \
	%D%/trust.h \
	%D%/verify.h
