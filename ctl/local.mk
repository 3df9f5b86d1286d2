# Makefile fragment of ctl: tlswarden(1), the administrator's tool. What needs
# lib/cert joins the build as soon as that can read a chain.
bin_PROGRAMS += %D%/tlswarden
dist_man_MANS += %D%/tlswarden.1
%C%_tlswarden_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_tlswarden_SOURCES = \
	%D%/args.c \
	%D%/audit.c %D%/audit.h \
	%D%/command.h \
	%D%/edit.c %D%/edit.h \
	%D%/help.c \
	%D%/json.c \
	%D%/main.c \
	%D%/out.c %D%/out.h \
	%D%/reload.c \
	%D%/rule.c %D%/rule.h \
	%D%/rule_list.c \
	%D%/rule_show.c \
	%D%/rule_words.c %D%/rule_words.h \
	%D%/utf8.c %D%/utf8.h
%C%_tlswarden_LDADD = lib/store/libstore.a \
	$(LIBS_POLICY) $(SQLITE_LIBS) $(JANSSON_LIBS) $(IDN2_LIBS) \
	$(CONFUSE_LIBS)
EXTRA_DIST += \
	%D%/check.c %D%/check.h \
	%D%/check_cas.c \
	%D%/check_files.c \
	%D%/check_print.c \
	%D%/check_table.c \
	%D%/explain.c %D%/explain.h \
	%D%/explain_answer.c \
	%D%/explain_json.c \
	%D%/explain_text.c \
	%D%/load.c %D%/load.h \
	%D%/shadow.c %D%/shadow.h \
	%D%/verify.c
