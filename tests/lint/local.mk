# Makefile fragment of tests/lint: rules of the house as tests. selftest.sh
# sees each of them fail on a planted fault.
lint_tests = \
	%D%/layers.sh \
	%D%/lengths.sh \
	%D%/banned.sh \
	%D%/format.sh \
	%D%/shell.sh \
	%D%/words.sh \
	%D%/mdoc.sh \
	%D%/cells.sh \
	%D%/selftest.sh
TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests) %D%/lint.inc.sh %D%/strip.awk

# The lint tests look at objects: build before they run.
$(lint_tests:.sh=.log): all-am
