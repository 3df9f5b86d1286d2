# Makefile fragment of lib/daemon.
EXTRA_DIST += %D%/recorder.h %D%/say.h %D%/source.h
