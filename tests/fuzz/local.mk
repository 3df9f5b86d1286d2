# Makefile fragment of tests/fuzz.
