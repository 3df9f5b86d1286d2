# Makefile fragment of lib/fact.
