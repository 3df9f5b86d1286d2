# Makefile fragment of tests/ctl: tlswarden(1) as a person uses it.
ctl_tests = \
	%D%/annotate.sh \
	%D%/check.sh \
	%D%/check_postfix.sh \
	%D%/completion.sh \
	%D%/contrib_postfix.sh \
	%D%/dryrun.sh \
	%D%/explain.sh \
	%D%/full.sh \
	%D%/report.sh \
	%D%/promote.sh \
	%D%/rule.sh \
	%D%/sendmail_feature.sh \
	%D%/sendmail_sts.sh \
	%D%/transfer.sh \
	%D%/self.sh \
	%D%/sessions.sh \
	%D%/setup.sh \
	%D%/setup_sendmail.sh \
	%D%/usage.sh \
	%D%/verify.sh
TESTS += $(ctl_tests)
EXTRA_DIST += $(ctl_tests) %D%/ctl.inc.sh %D%/postfix.inc.sh %D%/sendmail.inc.sh \
	%D%/annotate.txt \
	%D%/check_postfix.txt
$(ctl_tests:.sh=.log): ctl/tlswarden$(EXEEXT) \
	policyd/tlswarden-policyd$(EXEEXT) milter/tlswarden-milter$(EXEEXT) \
	prober/tlswarden-prober$(EXEEXT)
