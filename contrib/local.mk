# Makefile fragment of contrib.
EXTRA_DIST += %D%/install-deps %D%/quickstart %D%/run-tests %D%/tlswarden.conf .ci/run \
	%D%/completion/_tlswarden %D%/completion/tlswarden.bash
