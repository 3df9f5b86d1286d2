# Makefile fragment of tests/sql.
