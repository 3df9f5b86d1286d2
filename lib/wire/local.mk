# Makefile fragment of lib/wire: pure codecs and names.
noinst_LIBRARIES += lib/wire/libwire.a
%C%_libwire_a_SOURCES = \
	%D%/addr.c %D%/addr.h \
	%D%/attrs.c %D%/attrs.h \
	%D%/domain.c %D%/domain.h \
	%D%/envelope.c %D%/envelope.h \
	%D%/netstring.c %D%/netstring.h \
	%D%/reply_text.c %D%/reply_text.h \
	%D%/socketmap.c %D%/socketmap.h \
	%D%/xtext.c %D%/xtext.h
