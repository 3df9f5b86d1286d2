# Makefile fragment of tests/e2e: the programs against real mail servers.
# Each test makes its own network and process namespace (root; else skipped).
e2e_tests = \
	%D%/t-in-address.sh \
	%D%/t-in-both.sh \
	%D%/t-in-certs-delegation.sh \
	%D%/t-in-certs.sh \
	%D%/t-in-header.sh \
	%D%/t-in-hostile.sh \
	%D%/t-in-ehlo.sh \
	%D%/t-in-milter.sh \
	%D%/t-in-monitor.sh \
	%D%/t-in-record.sh \
	%D%/t-in-replay.sh \
	%D%/t-in-three.sh \
	%D%/t-out-broken.sh \
	%D%/t-out-cache.sh \
	%D%/t-out-dsn.sh \
	%D%/t-out-keys.sh \
	%D%/t-out-levels.sh \
	%D%/t-out-live.sh \
	%D%/t-out-maps.sh \
	%D%/t-out-nonsense.sh \
	%D%/t-out-monitor.sh \
	%D%/t-out-random.sh \
	%D%/t-out-replies.sh \
	%D%/t-out-subnet.sh \
	%D%/t-out-texts.sh \
	%D%/t-out-tool.sh \
	%D%/t-peers.sh \
	%D%/t-policyd-dns.sh \
	%D%/t-policyd.sh \
	%D%/t-probe-sm.sh \
	%D%/t-probe.sh \
	%D%/t-prober.sh \
	%D%/t-reload.sh \
	%D%/t-self.sh \
	%D%/t-sm-beside.sh \
	%D%/t-sm-certs.sh \
	%D%/t-sm-filter.sh \
	%D%/t-sm-clt.sh \
	%D%/t-sm-in.sh \
	%D%/t-sm-monitor.sh \
	%D%/t-sm-mixed.sh \
	%D%/t-sm-out.sh \
	%D%/t-sm-random.sh \
	%D%/t-sm-rules.sh \
	%D%/t-sm-sts.sh \
	%D%/t-sm-trouble.sh \
	%D%/t-sm-ways.sh \
	%D%/t-store.sh
TESTS += $(e2e_tests)
dist_check_DATA += \
	%D%/dns.py \
	%D%/filterproxy.py \
	%D%/inbound.sh \
	%D%/lib.sh \
	%D%/mapproxy.py \
	%D%/milter.py \
	%D%/odd_cert.py \
	%D%/pki.sh \
	%D%/policyd_world.py \
	%D%/postfix.sh \
	%D%/random_chaos.py \
	%D%/random_journal.py \
	%D%/random_oracle.py \
	%D%/random_peers.py \
	%D%/random_run.py \
	%D%/random_world.py \
	%D%/replies.py \
	%D%/says.py \
	%D%/sendmail.sh \
	%D%/smtp.py \
	%D%/syslog.py \
	%D%/t-policyd-dns.py \
	%D%/t-policyd.py \
	%D%/t-prober.py \
	%D%/t-store.py \
	%D%/three_ways.py \
	%D%/warden.sh
EXTRA_DIST += $(e2e_tests) tests/STATUS.md tests/cell.inc.sh tests/matrix.sh
# Runs the tests behind the matrix of STATUS.md and prints what they showed.
.PHONY: check-matrix
check-matrix: all
	$(AM_TESTS_ENVIRONMENT) MAKE='$(MAKE)' \
	bash $(top_srcdir)/tests/matrix.sh --run
# Random tables, mail and troubles, for long: other ones each time, or those
# of make check-random RANDOM_SEED=N RANDOM_DURATION=SECS.
RANDOM_DURATION = 900
.PHONY: check-random
check-random: all
	RANDOM_SEED=$${RANDOM_SEED:-$$(date +%s)} \
	RANDOM_DURATION=$(RANDOM_DURATION) E2E_REQUIRED=1 \
	$(MAKE) check TESTS=%D%/t-out-random.sh
$(e2e_tests:.sh=.log): all-am
CLEANFILES += %D%/pki/*
clean-local: clean-sendmail
.PHONY: clean-sendmail
clean-sendmail:
	rm -rf %D%/sendmail
