# Makefile fragment of tests/lint.
