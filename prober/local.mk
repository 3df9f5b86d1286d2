# Makefile fragment of prober.
