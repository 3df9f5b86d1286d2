# Makefile fragment of contrib.
EXTRA_DIST += %D%/install-deps %D%/run-tests %D%/tlswarden.conf .ci/run
