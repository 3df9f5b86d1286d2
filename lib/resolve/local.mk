# Makefile fragment of lib/resolve.
