# Makefile fragment of lib/store: the only user of SQLite.
noinst_LIBRARIES += lib/store/libstore.a
%C%_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
%C%_libstore_a_SOURCES = \
	%D%/db.c %D%/db.h \
	%D%/db_words.c %D%/db_words.h \
	%D%/policy_db.c %D%/policy_db.h \
	%D%/policy_edit.c %D%/policy_edit.h \
	%D%/policy_image.c %D%/policy_image.h \
	%D%/policy_init.c %D%/policy_init.h \
	%D%/policy_image_db.h \
	%D%/policy_rows.c %D%/policy_rows.h \
	%D%/policy_save.c \
	%D%/policy_schema.c %D%/policy_schema.h \
	%D%/state_db.c %D%/state_db.h \
	%D%/state_read.c %D%/state_read.h \
	%D%/state_sums.c %D%/state_sums.h \
	%D%/state_words.c %D%/state_words.h
