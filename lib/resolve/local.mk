# Makefile fragment of lib/resolve: the only user of libunbound.
noinst_LIBRARIES += lib/resolve/libresolve.a
%C%_libresolve_a_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/private.h \
	%D%/resolve.c %D%/resolve.h \
	%D%/search.c %D%/search.h \
	%D%/servers.c %D%/servers.h \
	%D%/servers_cache.c %D%/servers_cache.h
