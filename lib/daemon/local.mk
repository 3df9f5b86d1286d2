# Makefile fragment of lib/daemon.
