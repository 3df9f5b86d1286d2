# Makefile fragment of milter.
