# Makefile fragment of lib/resolve: the only user of libunbound.
noinst_LIBRARIES += lib/resolve/libresolve.a
%C%_libresolve_a_SOURCES = \
	%D%/resolve.c %D%/resolve.h
