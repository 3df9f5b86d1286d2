# Makefile fragment of lib/annotate: TLS failures in mail logs; pure.
noinst_LIBRARIES += lib/annotate/libannotate.a
%C%_libannotate_a_SOURCES = \
	%D%/annotate.c %D%/annotate.h \
	%D%/delivery.c %D%/delivery.h \
	%D%/lines.h \
	%D%/postfix.c \
	%D%/postfix_warn.c \
	%D%/sendmail.c \
	%D%/words.c %D%/words.h
