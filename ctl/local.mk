# Makefile fragment of ctl: tlswarden(1), the administrator's tool.
bin_PROGRAMS += %D%/tlswarden
dist_man_MANS += %D%/tlswarden.1
%C%_tlswarden_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_tlswarden_SOURCES = \
	%D%/args.c \
	%D%/command.h \
	%D%/help.c \
	%D%/json.c \
	%D%/main.c \
	%D%/out.c %D%/out.h \
	%D%/reload.c \
	%D%/utf8.c %D%/utf8.h
%C%_tlswarden_LDADD = lib/base/libbase.a $(JANSSON_LIBS) $(CONFUSE_LIBS)
