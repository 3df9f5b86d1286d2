# Makefile fragment of tests/bench.
