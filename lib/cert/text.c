/* tlswarden: cert/text - a diagnosis for a tired person.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/buf.h"
#include "cert/finding.h"
#include "cert/text.h"
#include "cert/wrap.h"
#include "base/banned.h"

enum { TEXT_COLUMNS = 79 };

enum paint { PAINT_NONE = 0, PAINT_RED, PAINT_YELLOW, PAINT_GREEN };

static void
paint(const struct text_style *style, enum paint colour, struct buf *out)
{
	static const char *const codes[] = { "\033[0m", "\033[1;31m",
		"\033[33m", "\033[32m" };

	if (style != NULL && style->colour)
		buf_adds(out, codes[colour]);
}

static size_t
count(const struct diagnosis *d, enum finding_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_findings; i++)
		n += d->findings[i].severity == severity;
	return n;
}

static const struct finding *
first_failure(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].severity == FINDING_FAIL)
			return &d->findings[i];
	return NULL;
}

static const char *
who_mends(enum reason_fault fault)
{
	switch (fault) {
	case FAULT_THEIRS:
		return "the other side has to mend it";
	case FAULT_OURS:
		return "it is ours to mend";
	case FAULT_PATH:
		return "something between us and them is at fault";
	case FAULT_UNKNOWN:
		break;
	}
	return "whose fault it is cannot be told";
}

/* Until when the whole path is good. */
static int64_t
earliest_expiry(const struct diagnosis *d)
{
	int64_t earliest = d->has_anchor ? d->anchor.not_after : INT64_MAX;

	for (size_t i = 0; i < d->n_path; i++)
		if (d->path[i] >= 0 &&
		    d->certs[d->path[i]].not_after < earliest)
			earliest = d->certs[d->path[i]].not_after;
	return earliest;
}

static void
good_verdict(const struct diagnosis *d, struct buf *out)
{
	char until[INFO_TIME_SIZE];
	size_t notices = count(d, FINDING_NOTICE);

	if (d->has_anchor)
		buf_addf(out,
		    "the chain leads to the trusted %s and is good until %s",
		    d->anchor.subject,
		    cert_info_time(earliest_expiry(d), until));
	else
		buf_adds(out, "no fault was found");
	if (notices > 0)
		buf_addf(out, " (%zu notice%s)", notices,
		    notices == 1 ? "" : "s");
}

static const char *
verdict_lead(enum diagnosis_verdict verdict)
{
	switch (verdict) {
	case DIAGNOSIS_OK:
		return "OK: ";
	case DIAGNOSIS_FAIL:
		return "FAIL: ";
	case DIAGNOSIS_NOVERIFY:
		break;
	}
	return "NOT VERIFIED: ";
}

void
text_verdict(const struct diagnosis *d, struct buf *out)
{
	const struct finding *f = first_failure(d);
	size_t n = count(d, FINDING_FAIL);

	if (d->target != NULL && d->target[0] != '\0')
		buf_addf(out, "%s: ", d->target);
	buf_adds(out, verdict_lead(d->verdict));
	if (f == NULL && d->verdict == DIAGNOSIS_NOVERIFY)
		buf_adds(out, "no certificate could be judged");
	else if (f == NULL)
		good_verdict(d, out);
	else {
		buf_addf(out, "%s; %s", reason_info(f->reason)->seen,
		    who_mends(f->fault));
		if (n > 1)
			buf_addf(out, " (and %zu more fault%s)", n - 1,
			    n == 2 ? "" : "s");
	}
	buf_addc(out, '.');
}

/* The classes of that severity found at a certificate, behind it. */
static void
mark(const struct diagnosis *d, int index, enum finding_severity severity,
    const struct text_style *style, struct buf *out)
{
	bool is_failure = severity == FINDING_FAIL, has_any = false;

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];

		if (f->index != index || f->severity != severity)
			continue;
		if (!has_any) {
			paint(style, is_failure ? PAINT_RED : PAINT_YELLOW,
			    out);
			buf_adds(out, is_failure ? "  <== FAULT: " : "  <-- ");
		} else
			buf_adds(out, ", ");
		has_any = true;
		buf_adds(out, reason_info(f->reason)->code);
	}
	if (has_any)
		paint(style, PAINT_NONE, out);
}

static void
marks(const struct diagnosis *d, int index, const struct text_style *style,
    struct buf *out)
{
	mark(d, index, FINDING_FAIL, style, out);
	mark(d, index, FINDING_NOTICE, style, out);
}

static void
branch(struct buf *out, size_t level)
{
	buf_addf(out, "  %*s%s", (int)(level > 0 ? 3 * (level - 1) : 0), "",
	    level > 0 ? "`- " : "");
}

static void
cert_line(const struct diagnosis *d, int index, size_t level,
    const struct text_style *style, struct buf *out)
{
	const struct cert_info *c = &d->certs[index];
	char until[INFO_TIME_SIZE];

	branch(out, level);
	buf_addf(out, "[%d] %s, until %.10s", index, c->subject,
	    cert_info_time(c->not_after, until));
	marks(d, index, style, out);
	buf_addc(out, '\n');
}

static bool
is_in_path(const struct diagnosis *d, int index)
{
	for (size_t i = 0; i < d->n_path; i++)
		if (d->path[i] == index)
			return true;
	return false;
}

/* The root first, as a tree; what was not sent in brackets. */
static void
draw_path(const struct diagnosis *d, const struct text_style *style,
    struct buf *out)
{
	size_t level = 0;
	char until[INFO_TIME_SIZE];

	for (size_t i = d->n_path; i-- > 0;) {
		int index = d->path[i];
		bool is_top = i + 1 == d->n_path;

		if (is_top && !d->has_anchor && index >= 0 &&
		    !d->certs[index].is_self_issued) {
			branch(out, level++);
			buf_addf(out, "(not sent, not trusted: %s)\n",
			    d->certs[index].issuer);
		}
		if (index >= 0) {
			cert_line(d, index, level++, style, out);
			continue;
		}
		branch(out, level++);
		if (is_top && d->has_anchor) {
			buf_addf(out, "%s, until %.10s (trust store)",
			    d->anchor.subject,
			    cert_info_time(d->anchor.not_after, until));
			marks(d, FINDING_INDEX_STORE, style, out);
			buf_addc(out, '\n');
		} else
			buf_adds(out, "(not sent)\n");
	}
}

static void
draw_chain(const struct diagnosis *d, const struct text_style *style,
    struct buf *out)
{
	bool has_said = false;

	if (d->n_certs == 0)
		return;
	if (d->n_path > 0) {
		buf_adds(out,
		    "\nThe path, its top first ([n]: place in the "
		    "chain as sent):\n");
		draw_path(d, style, out);
	}
	for (size_t i = 0; i < d->n_certs; i++) {
		if (is_in_path(d, (int)i))
			continue;
		if (!has_said)
			buf_adds(out,
			    d->n_path > 0 ? "Sent, but not on the path:\n"
					  : "\nSent:\n");
		has_said = true;
		cert_line(d, (int)i, 0, style, out);
	}
	if (d->certs_left_out > 0)
		buf_addf(out, "  and %zu more\n", d->certs_left_out);
}

static void
codes(const struct finding *f, struct buf *out)
{
	buf_adds(out, "   codes:   ");
	if (f->n_codes > 0)
		buf_adds(out, "OpenSSL");
	for (size_t i = 0; i < f->n_codes; i++)
		buf_addf(out, "%s%d", i == 0 ? " " : ", ", f->codes[i]);
	if (f->tlsrpt != NULL)
		buf_addf(out, "%sRFC 8460 %s", f->n_codes > 0 ? "; " : "",
		    f->tlsrpt);
	buf_addf(out, "%sstatus %s\n",
	    f->n_codes > 0 || f->tlsrpt != NULL ? "; " : "", f->dsn);
}

static bool
says_something(const char *fix)
{
	struct sv nothing = SV("Nothing");

	return fix != NULL && fix[0] != '\0' &&
	    !sv_starts(sv_from(fix), nothing);
}

static void
print_finding(const struct finding *f, size_t number,
    const struct text_style *style, struct buf *out)
{
	bool is_failure = f->severity == FINDING_FAIL;

	buf_addf(out, "\n%zu. ", number);
	paint(style, is_failure ? PAINT_RED : PAINT_YELLOW, out);
	buf_addf(out, "%s%s",
	    is_failure ? "" : "notice: ", reason_info(f->reason)->code);
	paint(style, PAINT_NONE, out);
	if (f->index >= 0)
		buf_addf(out, " at certificate [%d]", f->index);
	if (is_failure)
		buf_addf(out, " - %s", who_mends(f->fault));
	buf_addc(out, '\n');
	wrap_paragraph(out, "   cause:   ", sv_from(f->cause), TEXT_COLUMNS);
	if (says_something(f->fix_theirs) && f->fault != FAULT_OURS)
		wrap_paragraph(out, "   to them: ", sv_from(f->fix_theirs),
		    TEXT_COLUMNS);
	if (says_something(f->fix_ours))
		wrap_paragraph(out, "   to us:   ", sv_from(f->fix_ours),
		    TEXT_COLUMNS);
	if (f->command != NULL && f->command[0] != '\0')
		buf_addf(out, "   see it:  %s\n", f->command);
	if (is_failure)
		codes(f, out);
}

void
text_diagnosis(const struct diagnosis *d, const struct text_style *style,
    struct buf *out)
{
	paint(style, d->verdict == DIAGNOSIS_OK ? PAINT_GREEN : PAINT_RED, out);
	text_verdict(d, out);
	paint(style, PAINT_NONE, out);
	buf_addc(out, '\n');
	if (d->tls_version != NULL)
		buf_addf(out, "Session: %s with %s, %d bits%s\n",
		    d->tls_version, d->tls_cipher != NULL ? d->tls_cipher : "?",
		    d->tls_bits,
		    d->client_cert_requested
			? "; a client certificate was asked for"
			: "");
	draw_chain(d, style, out);
	for (size_t i = 0; i < d->n_findings; i++)
		print_finding(&d->findings[i], i + 1, style, out);
}
