# Makefile fragment of lib/cert: the only user of OpenSSL's X.509.
noinst_LIBRARIES += lib/cert/libcert.a
%C%_libcert_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS) \
	$(CURL_CFLAGS)
%C%_libcert_a_SOURCES = \
	%D%/digest.c %D%/digest.h \
	%D%/classify.c \
	%D%/command.c \
	%D%/constraints.c %D%/constraints.h \
	%D%/container.c %D%/container.h \
	%D%/explain.c %D%/explain.h \
	%D%/explain_cert.c \
	%D%/explain_crl.c \
	%D%/explain_name.c \
	%D%/explain_trust.c \
	%D%/extensions.c %D%/extensions.h \
	%D%/fetch.c %D%/fetch.h \
	%D%/finding.c %D%/finding.h \
	%D%/info.c %D%/info.h \
	%D%/issuer.c %D%/issuer.h \
	%D%/json.c %D%/json.h \
	%D%/judge.c %D%/judge.h \
	%D%/key.c \
	%D%/letter.c \
	%D%/load.c %D%/load.h \
	%D%/missing.c %D%/missing.h \
	%D%/names.c %D%/names.h \
	%D%/notices.c \
	%D%/ours.c \
	%D%/path.c %D%/path.h \
	%D%/pool.c %D%/pool.h \
	%D%/present.c \
	%D%/search.c \
	%D%/staple.c \
	%D%/state.h \
	%D%/text.c %D%/text.h \
	%D%/trust.c %D%/trust.h %D%/trust_private.h \
	%D%/verify.c %D%/verify.h \
	%D%/words.c %D%/words.h \
	%D%/wrap.c %D%/wrap.h
