# Makefile fragment of lib/store.
