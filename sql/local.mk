# Makefile fragment of sql.
