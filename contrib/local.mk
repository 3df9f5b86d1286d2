# Makefile fragment of contrib.
EXTRA_DIST += %D%/install-deps %D%/quickstart %D%/run-tests %D%/tlswarden.conf .ci/run \
	%D%/completion/_tlswarden %D%/completion/tlswarden.bash
EXTRA_DIST += \
	%D%/debian/control \
	%D%/debian/rules \
	%D%/debian/tlswarden.postinst \
	%D%/debian/tlswarden.postrm \
	%D%/debian/tlswarden.prerm \
	%D%/debian/tlswarden.triggers \
	%D%/package-debian \
	%D%/postfix/main.cf.example \
	%D%/postfix/master.cf.example \
	%D%/sendmail/sendmail.mc.example \
	%D%/sendmail/tlswarden.m4 \
	%D%/systemd/tlswarden-milter.service \
	%D%/systemd/tlswarden-policyd.service \
	%D%/systemd/tlswarden-prober.service \
	%D%/systemd/tlswarden.sysusers \
	%D%/systemd/tlswarden.tmpfiles
