# Makefile fragment of tests/package: the Debian package, built and installed in
# a copy of / that is thrown away. It installs debhelper, so it has a target of
# its own.
EXTRA_DIST += %D%/package.sh
.PHONY: check-package
check-package: all
	E2E_REQUIRED=1 $(MAKE) check TESTS=%D%/package.sh
clean-local: clean-package
.PHONY: clean-package
clean-package:
	rm -rf package
