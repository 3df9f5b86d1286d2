# Makefile fragment of lib/probe.
