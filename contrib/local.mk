# Makefile fragment of contrib.
