# Makefile fragment of tests/e2e: the programs against real mail servers.
# Each test makes its own network and process namespace (root; else skipped).
e2e_tests = \
	%D%/t-peers.sh
# They join as soon as policyd and the table are in the build.
e2e_outbound = \
	%D%/t-out-broken.sh \
	%D%/t-out-keys.sh \
	%D%/t-out-levels.sh \
	%D%/t-out-live.sh
TESTS += $(e2e_tests)
dist_check_DATA += \
	%D%/dns.py \
	%D%/lib.sh \
	%D%/pki.sh \
	%D%/postfix.sh \
	%D%/warden.sh
EXTRA_DIST += $(e2e_tests) $(e2e_outbound)
CLEANFILES += %D%/pki/*
