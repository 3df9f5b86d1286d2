# Makefile fragment of lib/policy.
