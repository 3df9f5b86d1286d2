# Makefile fragment of tests/e2e: the programs against real mail servers.
# Each test makes its own network and process namespace (root; else skipped).
e2e_tests = \
	%D%/t-peers.sh
TESTS += $(e2e_tests)
dist_check_DATA += \
	%D%/dns.py \
	%D%/lib.sh \
	%D%/pki.sh \
	%D%/postfix.sh
EXTRA_DIST += $(e2e_tests)
CLEANFILES += %D%/pki/*
