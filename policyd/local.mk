# Makefile fragment of policyd.
dist_man_MANS += %D%/tlswarden.conf.5
