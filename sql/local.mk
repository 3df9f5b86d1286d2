# Makefile fragment of sql: installed for the sqlite3 shell, and compiled into
# the programs as sql/policy_sql.h and sql/state_sql.h.
sqldir = $(pkgdatadir)/sql
dist_sql_DATA = %D%/policy.sql %D%/state.sql %D%/examples.sql
dist_man_MANS += %D%/tlswarden-policy.5
EXTRA_DIST += %D%/embed.awk

sql_headers = %D%/policy_sql.h %D%/state_sql.h
BUILT_SOURCES += $(sql_headers)
CLEANFILES += $(sql_headers)

EMBED_SQL = $(AM_V_GEN)$(MKDIR_P) %D% && \
	$(AWK) -v name="$$(basename $@ .h)" -f $(srcdir)/%D%/embed.awk

%D%/policy_sql.h: %D%/policy.sql %D%/embed.awk
	$(EMBED_SQL) $(srcdir)/%D%/policy.sql > $@.tmp && mv -f $@.tmp $@
%D%/state_sql.h: %D%/state.sql %D%/embed.awk
	$(EMBED_SQL) $(srcdir)/%D%/state.sql > $@.tmp && mv -f $@.tmp $@
