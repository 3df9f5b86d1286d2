# Makefile fragment of policyd.
