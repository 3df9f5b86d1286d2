/* tlswarden: ctl/annotate - mail logs with class, cause and fix behind them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "annotate/annotate.h"
#include "cert/info.h"
#include "ctl/annotate.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "base/banned.h"

struct reading {
	const struct app *app;
	struct annotator *annotator;
	struct evidence *evidence;
	struct probes *probes;
	struct summary summary;
	bool wants_summary;
	bool wants_all; /* lines without a failure, too */
	bool follows;
	struct json_list json;
	uint64_t n_lines;
	uint64_t n_failures;
};

static void
print_text(const struct reading *rd, const char *label, struct sv text)
{
	out_styled(rd->app, OUT_DIM, "    %-7s", label);
	out_print(text);
	(void)putchar('\n');
}

/* "found incomplete_chain on 2026-11-01" */
static void
print_probe(const struct reading *rd, const struct last_probe *p)
{
	char day[INFO_TIME_SIZE];
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX);
	if (p->class.n > 0)
		buf_addf(&b, "found %.*s", SV_ARG(p->class));
	else
		buf_addf(&b, "found nothing wrong");
	buf_addf(&b, " on %s: tlswarden probe %.*s",
	    cert_info_time(p->at_secs, day), SV_ARG(p->host));
	print_text(rd, "probe", buf_sv(&b));
	buf_free(&b);
}

static void
print_annotation(const struct reading *rd, const struct annotation *r,
    const struct last_probe *probe)
{
	const struct reason_info *info = reason_info(r->reason);

	out_styled(rd->app, OUT_BAD, "    %s", info->code);
	out_styled(rd->app, OUT_PLAIN, " (fault: %s)\n",
	    reason_fault_word(r->fault));
	print_text(rd, "cause",
	    sv_from(r->remark == NULL || r->reason != REASON_UNKNOWN
		    ? info->cause
		    : r->remark));
	if (r->remark != NULL && r->reason != REASON_UNKNOWN)
		print_text(rd, "note", sv_from(r->remark));
	if (r->fault != FAULT_OURS || r->remark == NULL)
		print_text(rd, "fix", sv_from(info->fix_ours));
	if (r->fault != FAULT_OURS && r->reason != REASON_UNKNOWN)
		print_text(rd, "theirs", sv_from(info->fix_theirs));
	if (probe != NULL)
		print_probe(rd, probe);
	if (r->rule_id != 0)
		out_styled(rd->app, OUT_PLAIN,
		    "    rule %lld: tlswarden explain %lld\n",
		    (long long)r->rule_id, (long long)r->rule_id);
}

static void
print_line(struct sv line)
{
	out_print(line);
	(void)putchar('\n');
}

static json_t *
probe_json(const struct last_probe *p)
{
	char day[INFO_TIME_SIZE];
	json_t *o;

	if (p == NULL)
		return json_null();
	o = json_object();
	out_json_set(o, "at", out_json_str(cert_info_time(p->at_secs, day)));
	out_json_set(o, "verdict", out_json_sv(p->verdict));
	out_json_set(o, "class",
	    p->class.n == 0 ? json_null() : out_json_sv(p->class));
	return o;
}

static json_t *
annotation_json(struct sv line, const struct annotation *r,
    const struct last_probe *probe)
{
	const struct reason_info *info = reason_info(r->reason);
	json_t *o = json_object();

	out_json_set(o, "line", out_json_sv(line));
	out_json_set(o, "class", out_json_str(info->code));
	out_json_set(o, "fault", out_json_str(reason_fault_word(r->fault)));
	out_json_set(o, "peer", out_json_sv(r->peer));
	out_json_set(o, "inbound", json_boolean(r->is_inbound));
	out_json_set(o, "detail", out_json_sv(r->detail));
	out_json_set(o, "rule",
	    r->rule_id == 0 ? json_null() : json_integer(r->rule_id));
	out_json_set(o, "cause", out_json_str(info->cause));
	out_json_set(o, "note",
	    r->remark == NULL ? json_null() : out_json_str(r->remark));
	out_json_set(o, "fix_ours", out_json_str(info->fix_ours));
	out_json_set(o, "fix_theirs", out_json_str(info->fix_theirs));
	out_json_set(o, "tlsrpt",
	    info->tlsrpt[0] == '\0' ? json_null() : out_json_str(info->tlsrpt));
	out_json_set(o, "last_probe", probe_json(probe));
	return o;
}

static void
take_line(void *arg, struct sv line)
{
	struct reading *rd = arg;
	const struct last_probe *probe = NULL;
	struct annotation r;
	bool is_failure;

	rd->n_lines++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	is_failure = annotator_line(rd->annotator, line, &r);
	if (is_failure) {
		evidence_apply(rd->evidence, &r);
		probe = probes_find(rd->probes, &r);
	}
	rd->n_failures += is_failure;
	if (rd->wants_summary) {
		if (is_failure)
			summary_add(&rd->summary, &r);
	} else if (rd->app->json) {
		if (is_failure)
			json_list_item(&rd->json,
			    annotation_json(line, &r, probe));
	} else if (is_failure || rd->wants_all) {
		print_line(line);
		if (is_failure)
			print_annotation(rd, &r, probe);
	}
	if (rd->follows)
		(void)fflush(stdout);
}

static int
read_all(struct reading *rd, const struct args *args, struct err *err_r)
{
	if (args->n_operands == 0)
		return annotate_read("-", false, take_line, rd, err_r);
	for (size_t i = 0; i < args->n_operands; i++)
		if (annotate_read(args->operands[i], rd->follows, take_line, rd,
			err_r) != 0)
			return -1;
	return 0;
}

static void
finish(struct reading *rd)
{
	if (rd->wants_summary)
		summary_print(&rd->summary, rd->app, rd->n_lines);
	else if (rd->app->json)
		json_list_end(&rd->json);
	(void)fflush(stdout);
}

static int
annotate_run(struct app *app, const struct args *args)
{
	struct reading rd = { .app = app,
		.wants_summary = args_has(args, "summary"),
		.wants_all = args_has(args, "all"),
		.follows = args_has(args, "follow") };
	struct err err = { 0 };
	int rc;

	if (rd.follows && (rd.wants_summary || args->n_operands > 1))
		return usage_error(args->command,
		    "--follow reads one file to no end: no --summary, no "
		    "second file");
	rd.annotator = annotator_new();
	rd.evidence = evidence_new(app);
	rd.probes = probes_new(app);
	summary_init(&rd.summary);
	if (app->json && !rd.wants_summary)
		json_list_begin(&rd.json);
	rc = read_all(&rd, args, &err);
	finish(&rd);
	summary_done(&rd.summary);
	evidence_free(rd.evidence);
	probes_free(rd.probes);
	annotator_free(rd.annotator);
	if (rc != 0)
		return app_fail(&err);
	return rd.n_failures > 0 ? CTL_FINDING : CTL_GOOD;
}

static const struct option_spec options[] = {
	{ "follow", NULL, "go on as the file grows", 'f' },
	{ "summary", NULL, "a table: each peer, what failed, how often", 0 },
	{ "all", NULL, "print the lines without a failure, too", 0 },
	{ .name = NULL },
};

const struct command verb_annotate = {
	.name = "annotate",
	.summary = "explain the TLS failures in a mail log",
	.synopsis = "[-f] [--summary | --all] [FILE...]",
	.help =
	    "Reads logs of Postfix, Sendmail or FortiMail, from files or\n"
	    "standard input, and prints each TLS failure with its class,\n"
	    "cause and fix. Exit code 1 when there was one.",
	.examples =
	    "  tlswarden annotate /var/log/mail.log\n"
	    "  zcat mail.log.2.gz | tlswarden annotate --summary\n"
	    "  tlswarden annotate -f /var/log/mail.log",
	.options = options,
	.max_operands = SIZE_MAX,
	.run = annotate_run,
};
