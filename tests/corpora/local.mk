# Makefile fragment of tests/corpora: agreement with certificate corpora.
check_PROGRAMS += %D%/corpus
%C%_corpus_SOURCES = %D%/corpus.c
%C%_corpus_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
%C%_corpus_LDADD = $(LIBS_CERT)
