# Makefile fragment of lib/base: libc and libconfuse only.
noinst_LIBRARIES += lib/base/libbase.a
%C%_libbase_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/attr.h \
	%D%/banned.h \
	%D%/buf.c %D%/buf.h \
	%D%/conf.c %D%/conf.h \
	%D%/conf_table.c %D%/conf_table.h \
	%D%/conf_text.c \
	%D%/conf_text.h \
	%D%/conf_value.c \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/err.c %D%/err.h \
	%D%/file.c %D%/file.h \
	%D%/limits.h \
	%D%/log.c %D%/log.h \
	%D%/mem.c %D%/mem.h \
	%D%/radix.c %D%/radix.h \
	%D%/sv.c %D%/sv.h
%C%_libbase_a_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS)
