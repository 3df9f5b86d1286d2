# Makefile fragment of tests/probe: mail servers with one fault each.
probe_tests = %D%/dnssec.sh %D%/faults.sh %D%/many.sh %D%/names.sh %D%/seen.sh \
	%D%/staple.sh %D%/zoo.sh
TESTS += $(probe_tests)
EXTRA_DIST += $(probe_tests) %D%/dnssec.py %D%/faults.py %D%/many.py %D%/servers.py \
	%D%/names.py %D%/seen.py %D%/staple.py %D%/tap.py %D%/zoo.py
$(probe_tests:.sh=.log): ctl/tlswarden$(EXEEXT) tests/zoo/zoo.log

# Which faults of live servers other tools name: make check-probe-table
EXTRA_DIST += %D%/peers.py
.PHONY: check-probe-table
check-probe-table: ctl/tlswarden$(EXEEXT)
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	    python3 '$(srcdir)/%D%/peers.py'
