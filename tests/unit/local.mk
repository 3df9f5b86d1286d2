# Makefile fragment of tests/unit: one program per module, one suite each.
# To add one: append its name to unit_programs and give its _SOURCES; it links
# with UNIT_LIBS unless it has an own _LDADD.
UNIT_LIBS = lib/base/libbase.a $(CHECK_LIBS)

unit_programs = %D%/test_sv %D%/test_buf
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)

%C%_test_sv_SOURCES = %D%/test_sv.c %D%/unit.h
%C%_test_sv_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_sv_LDADD = $(UNIT_LIBS)
%C%_test_buf_SOURCES = %D%/test_buf.c %D%/unit.h
%C%_test_buf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_buf_LDADD = $(UNIT_LIBS)

unit_programs += %D%/test_conf
%C%_test_conf_SOURCES = %D%/test_conf.c %D%/unit.h
%C%_test_conf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_conf_LDADD = $(UNIT_LIBS) $(CONFUSE_LIBS)

unit_programs += %D%/test_socketmap %D%/test_attrs
%C%_test_socketmap_SOURCES = %D%/test_socketmap.c %D%/unit.h
%C%_test_socketmap_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_socketmap_LDADD = lib/wire/libwire.a $(UNIT_LIBS)
%C%_test_attrs_SOURCES = %D%/test_attrs.c %D%/unit.h
%C%_test_attrs_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_attrs_LDADD = lib/wire/libwire.a $(UNIT_LIBS)

unit_programs += %D%/test_cover
%C%_test_cover_SOURCES = %D%/test_cover.c %D%/unit.h
%C%_test_cover_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cover_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_look
%C%_test_look_SOURCES = %D%/test_look.c %D%/table.c %D%/table.h %D%/unit.h
%C%_test_look_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_look_LDADD = lib/probe/libprobe.a lib/cert/libcert.a $(LIBS_POLICY) \
	$(CHECK_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_replay
%C%_test_replay_SOURCES = %D%/test_replay.c %D%/table.c %D%/table.h %D%/unit.h
%C%_test_replay_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_replay_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_watch
%C%_test_watch_SOURCES = %D%/test_watch.c %D%/table.c %D%/table.h %D%/unit.h
%C%_test_watch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_watch_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_inbound
%C%_test_inbound_SOURCES = %D%/test_inbound.c %D%/table.c %D%/table.h \
	%D%/unit.h
%C%_test_inbound_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_inbound_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)

unit_programs += %D%/test_listener
%C%_test_listener_SOURCES = %D%/test_listener.c %D%/unit.h
%C%_test_listener_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_listener_LDADD = lib/daemon/libdaemon.a $(UNIT_LIBS)
unit_programs += %D%/test_engine %D%/test_pattern %D%/test_addr %D%/test_row \
	%D%/test_decide
%C%_test_engine_SOURCES = %D%/test_engine.c %D%/naive.c %D%/naive.h %D%/unit.h
%C%_test_engine_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_engine_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
%C%_test_pattern_SOURCES = %D%/test_pattern.c %D%/unit.h
%C%_test_pattern_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_pattern_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
%C%_test_addr_SOURCES = %D%/test_addr.c %D%/unit.h
%C%_test_addr_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_addr_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
%C%_test_row_SOURCES = %D%/test_row.c %D%/unit.h
%C%_test_row_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_row_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
%C%_test_decide_SOURCES = %D%/test_decide.c %D%/unit.h
%C%_test_decide_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_decide_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
milter_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)
milter_unit_ldadd = $(LIBS_SESSION) $(CHECK_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_milter_facts
%C%_test_milter_facts_SOURCES = %D%/test_milter_facts.c %D%/macro_table.h \
	%D%/unit.h
%C%_test_milter_facts_CPPFLAGS = $(milter_unit_cppflags)
%C%_test_milter_facts_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_milter_facts_LDADD = $(milter_unit_ldadd)
unit_programs += %D%/test_milter_reply
%C%_test_milter_reply_SOURCES = %D%/test_milter_reply.c %D%/unit.h
%C%_test_milter_reply_CPPFLAGS = $(milter_unit_cppflags)
%C%_test_milter_reply_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_milter_reply_LDADD = $(milter_unit_ldadd)
unit_programs += %D%/test_milter_session
%C%_test_milter_session_SOURCES = %D%/test_milter_session.c \
	%D%/macro_table.h %D%/table.c %D%/table.h %D%/unit.h
%C%_test_milter_session_CPPFLAGS = $(milter_unit_cppflags)
%C%_test_milter_session_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_milter_session_LDADD = $(milter_unit_ldadd)

STORE_LIBS = lib/store/libstore.a lib/base/libbase.a $(CHECK_LIBS) \
	$(SQLITE_LIBS)
DAEMON_LIBS = lib/daemon/libdaemon.a lib/store/libstore.a lib/cert/libcert.a \
	$(LIBS_POLICY) $(CHECK_LIBS) $(SQLITE_LIBS) $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(IDN2_LIBS)
store_fixture = %D%/policy_fixture.c %D%/policy_fixture.h %D%/unit.h
store_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)

unit_programs += %D%/test_policy_db %D%/test_policy_copy %D%/test_policy_image
%C%_test_policy_copy_SOURCES = %D%/test_policy_copy.c $(store_fixture)
%C%_test_policy_copy_CFLAGS = $(store_cflags)
%C%_test_policy_copy_LDADD = $(STORE_LIBS)
%C%_test_policy_db_SOURCES = %D%/test_policy_db.c $(store_fixture)
%C%_test_policy_db_CFLAGS = $(store_cflags)
%C%_test_policy_db_LDADD = $(STORE_LIBS)
unit_programs += %D%/test_source %D%/test_source_keep
%C%_test_source_keep_SOURCES = %D%/test_source_keep.c %D%/said.h \
	%D%/source_world.h $(store_fixture)
%C%_test_source_keep_CFLAGS = $(store_cflags)
%C%_test_source_keep_LDADD = $(DAEMON_LIBS)
%C%_test_source_SOURCES = %D%/test_source.c %D%/said.h %D%/source_world.h \
	$(store_fixture)
%C%_test_source_CFLAGS = $(store_cflags)
%C%_test_source_LDADD = $(DAEMON_LIBS)
unit_programs += %D%/test_recorder
%C%_test_recorder_SOURCES = %D%/test_recorder.c %D%/said.h $(store_fixture)
%C%_test_recorder_CFLAGS = $(store_cflags)
%C%_test_recorder_LDADD = $(DAEMON_LIBS)
unit_programs += %D%/test_policy_edit
%C%_test_policy_edit_SOURCES = %D%/test_policy_edit.c $(store_fixture)
%C%_test_policy_edit_CFLAGS = $(store_cflags)
%C%_test_policy_edit_LDADD = $(STORE_LIBS)
unit_programs += %D%/test_seen_chain
%C%_test_seen_chain_SOURCES = %D%/test_seen_chain.c $(store_fixture)
%C%_test_seen_chain_CFLAGS = $(store_cflags)
%C%_test_seen_chain_LDADD = $(STORE_LIBS)

unit_programs += %D%/test_state_db
%C%_test_state_db_SOURCES = %D%/test_state_db.c $(store_fixture)
%C%_test_state_db_CFLAGS = $(store_cflags)
%C%_test_state_db_LDADD = $(STORE_LIBS)
%C%_test_policy_image_SOURCES = %D%/test_policy_image.c $(store_fixture)
%C%_test_policy_image_CFLAGS = $(store_cflags)
%C%_test_policy_image_LDADD = $(STORE_LIBS)
unit_programs += %D%/test_auth_results
%C%_test_auth_results_SOURCES = %D%/test_auth_results.c %D%/unit.h
%C%_test_auth_results_CPPFLAGS = $(milter_unit_cppflags)
%C%_test_auth_results_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_auth_results_LDADD = $(milter_unit_ldadd)

unit_programs += %D%/test_radix
%C%_test_radix_SOURCES = %D%/test_radix.c %D%/unit.h
%C%_test_radix_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_radix_LDADD = $(UNIT_LIBS)
unit_programs += %D%/test_run
%C%_test_run_SOURCES = %D%/test_run.c ctl/run.c ctl/run.h %D%/unit.h
%C%_test_run_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
%C%_test_run_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_run_LDADD = $(UNIT_LIBS)
unit_programs += %D%/test_cafiles
%C%_test_cafiles_SOURCES = %D%/test_cafiles.c policyd/cafiles.c %D%/unit.h
%C%_test_cafiles_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/policyd
%C%_test_cafiles_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cafiles_LDADD = $(UNIT_LIBS)
unit_programs += %D%/test_agree
%C%_test_agree_SOURCES = %D%/test_agree.c %D%/unit.h
%C%_test_agree_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_agree_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS) $(SQLITE_LIBS)
unit_programs += %D%/test_cert_load %D%/test_cert_words %D%/test_cert_fetch
%C%_test_cert_load_SOURCES = %D%/test_cert_load.c %D%/cert_samples.h %D%/unit.h
%C%_test_cert_load_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cert_load_LDADD = $(LIBS_CERT) $(CHECK_LIBS)
%C%_test_cert_words_SOURCES = %D%/test_cert_words.c %D%/unit.h
%C%_test_cert_words_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cert_words_LDADD = $(LIBS_CERT) $(CHECK_LIBS)
%C%_test_cert_fetch_SOURCES = %D%/test_cert_fetch.c %D%/cert_samples.h \
	%D%/unit.h
%C%_test_cert_fetch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_cert_fetch_LDADD = $(LIBS_CERT) $(CURL_LIBS) $(CHECK_LIBS)
unit_programs += %D%/test_lookup
%C%_test_lookup_SOURCES = %D%/test_lookup.c %D%/unit.h
%C%_test_lookup_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_lookup_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)

unit_programs += %D%/test_subnet
%C%_test_subnet_SOURCES = %D%/test_subnet.c %D%/unit.h
%C%_test_subnet_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_subnet_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)

unit_programs += %D%/test_ticket
%C%_test_ticket_SOURCES = %D%/test_ticket.c %D%/unit.h \
	policyd/ticket.c policyd/ticket.h
%C%_test_ticket_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/policyd
%C%_test_ticket_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_ticket_LDADD = $(UNIT_LIBS)

unit_programs += %D%/test_servers
%C%_test_servers_SOURCES = %D%/test_servers.c %D%/unit.h
%C%_test_servers_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_servers_LDADD = lib/resolve/libresolve.a $(UNIT_LIBS)

unit_programs += %D%/test_annotate
%C%_test_annotate_SOURCES = %D%/test_annotate.c %D%/unit.h
%C%_test_annotate_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_annotate_LDADD = lib/annotate/libannotate.a lib/fact/libfact.a \
	$(UNIT_LIBS)
unit_programs += %D%/test_reply %D%/test_resolve
%C%_test_reply_SOURCES = %D%/test_reply.c %D%/unit.h
%C%_test_reply_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_reply_LDADD = lib/probe/libprobe.a $(UNIT_LIBS)
%C%_test_resolve_SOURCES = %D%/test_resolve.c %D%/unit.h
%C%_test_resolve_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_resolve_LDADD = lib/resolve/libresolve.a lib/wire/libwire.a \
	$(UNIT_LIBS) $(UNBOUND_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_milter_live
%C%_test_milter_live_SOURCES = %D%/test_milter_live.c %D%/unit.h \
	milter/live.c milter/live.h milter/peer.c milter/peer.h
%C%_test_milter_live_CPPFLAGS = $(milter_unit_cppflags)
%C%_test_milter_live_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_milter_live_LDADD = $(milter_unit_ldadd)
unit_programs += %D%/test_sendmail
%C%_test_sendmail_SOURCES = %D%/test_sendmail.c %D%/unit.h
%C%_test_sendmail_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_sendmail_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_dsn
%C%_test_dsn_SOURCES = %D%/test_dsn.c %D%/unit.h
%C%_test_dsn_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_dsn_LDADD = $(LIBS_POLICY) $(UNIT_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_probe_cache
%C%_test_probe_cache_SOURCES = %D%/test_probe_cache.c %D%/said.h \
	$(store_fixture)
%C%_test_probe_cache_CFLAGS = $(store_cflags)
%C%_test_probe_cache_LDADD = $(DAEMON_LIBS)
unit_programs += %D%/test_work
%C%_test_work_SOURCES = %D%/test_work.c %D%/unit.h
%C%_test_work_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_test_work_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_work_LDADD = lib/probe/libprobe.a $(LIBS_POLICY) $(CHECK_LIBS) \
	$(JANSSON_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_agenda %D%/test_news
%C%_test_agenda_SOURCES = %D%/test_agenda.c policyd/agenda.c %D%/table.c \
	%D%/table.h %D%/unit.h
%C%_test_agenda_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/policyd
%C%_test_agenda_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_agenda_LDADD = $(LIBS_POLICY) $(CHECK_LIBS) $(IDN2_LIBS)
%C%_test_news_SOURCES = %D%/test_news.c policyd/news.c %D%/said.h %D%/unit.h
%C%_test_news_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/policyd
%C%_test_news_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
%C%_test_news_LDADD = lib/daemon/libdaemon.a lib/cert/libcert.a \
	$(LIBS_POLICY) $(CHECK_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(IDN2_LIBS)
unit_programs += %D%/test_judge
%C%_test_judge_SOURCES = %D%/test_judge.c %D%/cert_samples.h %D%/unit.h
%C%_test_judge_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(OPENSSL_CFLAGS)
%C%_test_judge_LDADD = lib/probe/libprobe.a $(LIBS_POLICY) \
	lib/cert/libcert.a $(LIBS_POLICY) $(CHECK_LIBS) $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(IDN2_LIBS)
unit_programs += %D%/test_probe
%C%_test_probe_SOURCES = %D%/test_probe.c %D%/unit.h
%C%_test_probe_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(OPENSSL_CFLAGS)
%C%_test_probe_LDADD = lib/probe/libprobe.a $(LIBS_POLICY) \
	lib/cert/libcert.a $(LIBS_POLICY) $(CHECK_LIBS) $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(IDN2_LIBS)
