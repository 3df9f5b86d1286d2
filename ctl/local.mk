# Makefile fragment of ctl.
