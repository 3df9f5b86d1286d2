# Makefile fragment of tests/e2e.
