# Makefile fragment of policyd. The program joins the build as soon as lib/cert
# can read a chain, which the loader of the table needs.
dist_man_MANS += %D%/tlswarden.conf.5 %D%/tlswarden-policyd.8
EXTRA_DIST += \
	%D%/app.c %D%/app.h \
	%D%/cafiles.c %D%/cafiles.h \
	%D%/conn.c %D%/conn.h \
	%D%/counters.c %D%/counters.h \
	%D%/delegation.c \
	%D%/front.c %D%/front.h \
	%D%/mailbox.c %D%/mailbox.h \
	%D%/main.c \
	%D%/maps.c \
	%D%/service.c %D%/service.h \
	%D%/worker.c %D%/worker.h
