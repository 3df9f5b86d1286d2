# Makefile fragment of lib/cert.
