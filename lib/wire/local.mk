# Makefile fragment of lib/wire.
