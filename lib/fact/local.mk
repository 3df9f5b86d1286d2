# Makefile fragment of lib/fact: the plain structs and the table of reasons.
noinst_LIBRARIES += lib/fact/libfact.a
%C%_libfact_a_SOURCES = \
	%D%/reason.c %D%/reason.h \
	%D%/record.h \
	%D%/reason_table.c %D%/row.h \
	%D%/rule.c %D%/rule.h \
	%D%/tls.c %D%/tls.h \
	%D%/verdict.h
