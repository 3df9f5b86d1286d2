# Makefile fragment of ctl: tlswarden(1), the administrator's tool.
bin_PROGRAMS += %D%/tlswarden
dist_man_MANS += %D%/tlswarden.1
%C%_tlswarden_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	$(CURL_CFLAGS)
%C%_tlswarden_SOURCES = \
	%D%/annotate.c %D%/annotate.h \
	%D%/annotate_evidence.c \
	%D%/annotate_probes.c \
	%D%/annotate_read.c \
	%D%/annotate_summary.c \
	%D%/args.c \
	%D%/ask.c %D%/ask.h \
	%D%/audit.c %D%/audit.h \
	%D%/bypass.c \
	%D%/ca.c %D%/ca.h \
	%D%/ca_probe.c %D%/ca_probe.h \
	%D%/ca_set.c %D%/ca_set.h \
	%D%/ca_show.c \
	%D%/ca_trust.c %D%/ca_trust.h \
	%D%/check.c %D%/check.h \
	%D%/check_cas.c \
	%D%/check_enforce.c %D%/check_enforce.h \
	%D%/check_files.c \
	%D%/check_print.c \
	%D%/check_prober.c \
	%D%/check_self.c \
	%D%/check_table.c \
	%D%/check_users.c \
	%D%/command.h \
	%D%/dryrun.c %D%/dryrun.h \
	%D%/dryrun_out.c \
	%D%/dryrun_print.c \
	%D%/edit.c %D%/edit.h \
	%D%/explain.c %D%/explain.h \
	%D%/explain_answer.c \
	%D%/explain_json.c \
	%D%/explain_sendmail.c \
	%D%/explain_text.c \
	%D%/export.c \
	%D%/export_cidr.c %D%/export_cidr.h \
	%D%/failures.c %D%/failures.h \
	%D%/failures_group.c \
	%D%/help.c \
	%D%/import.c %D%/import.h \
	%D%/import_json.c \
	%D%/import_postfix.c \
	%D%/init.c \
	%D%/json.c \
	%D%/known.c %D%/known.h \
	%D%/load.c %D%/load.h \
	%D%/main.c \
	%D%/metrics.c \
	%D%/out.c %D%/out.h \
	%D%/probe.c %D%/probe.h \
	%D%/probe_plan.c \
	%D%/probe_print.c \
	%D%/probe_store.c \
	%D%/probe_targets.c \
	%D%/probe_visit.c \
	%D%/probe_watch.c \
	%D%/postfix.c %D%/postfix.h \
	%D%/postfix_again.c \
	%D%/postfix_in.c \
	%D%/postfix_in_tls.c \
	%D%/postfix_out.c \
	%D%/postfix_paths.c \
	%D%/postfix_place.c \
	%D%/postfix_plan.c %D%/postfix_plan.h \
	%D%/postfix_route.c %D%/postfix_route.h \
	%D%/postfix_set.c \
	%D%/postfix_ways.c \
	%D%/promote.c %D%/promote.h \
	%D%/reload.c \
	%D%/report.c \
	%D%/rule.c %D%/rule.h \
	%D%/rule_list.c \
	%D%/rule_promote.c \
	%D%/rule_show.c \
	%D%/rule_words.c %D%/rule_words.h \
	%D%/run.c %D%/run.h \
	%D%/seen.c %D%/seen.h \
	%D%/self.h \
	%D%/self_access.c \
	%D%/self_ca.c \
	%D%/self_chain.c \
	%D%/self_maps.c \
	%D%/self_postfix.c \
	%D%/self_sendmail.c \
	%D%/sendmail_cf.c %D%/sendmail_cf.h \
	%D%/sendmail_in.c \
	%D%/sendmail_out.c \
	%D%/sendmail_plan.c %D%/sendmail_plan.h \
	%D%/sendmail_prove.c \
	%D%/sessions.c \
	%D%/setup.c %D%/setup.h \
	%D%/setup_copy.c \
	%D%/setup_postfix.c \
	%D%/setup_sendmail.c \
	%D%/setup_prove.c %D%/setup_prove.h \
	%D%/shadow.c %D%/shadow.h \
	%D%/suggest.c \
	%D%/utf8.c %D%/utf8.h \
	%D%/verify.c \
	%D%/when.c %D%/when.h
%C%_tlswarden_LDADD = \
	lib/probe/libprobe.a lib/resolve/libresolve.a $(UNBOUND_LIBS) \
	lib/daemon/libdaemon.a lib/store/libstore.a lib/cert/libcert.a \
	lib/annotate/libannotate.a \
	$(LIBS_POLICY) $(SQLITE_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(IDN2_LIBS) $(CONFUSE_LIBS) $(CURL_LIBS)
