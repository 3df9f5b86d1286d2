# Makefile fragment of lib/wire: pure codecs and names.
noinst_LIBRARIES += lib/wire/libwire.a
%C%_libwire_a_SOURCES = \
	%D%/addr.c %D%/addr.h \
	%D%/domain.c %D%/domain.h
