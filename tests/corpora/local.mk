# Makefile fragment of tests/corpora: agreement with certificate corpora.
check_PROGRAMS += %D%/corpus
%C%_corpus_SOURCES = %D%/corpus.c
%C%_corpus_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
%C%_corpus_LDADD = $(LIBS_CERT)
dist_check_SCRIPTS += %D%/corpora.sh
TESTS += %D%/corpora.sh

# make check-corpora CORPORA=FOLDER: every disagreement is shown.
.PHONY: check-corpora
check-corpora: %D%/corpus
	CORPORA='$(CORPORA)' top_srcdir='$(top_srcdir)' \
	    top_builddir='$(top_builddir)' \
	    bash '$(srcdir)/%D%/corpora.sh' -v
