/* tlswarden: cert/letter - what to write to the other postmaster.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "base/buf.h"
#include "cert/finding.h"
#include "cert/text.h"
#include "cert/wrap.h"
#include "base/banned.h"

enum { LETTER_COLUMNS = 72, SUBJECT_BYTES = 253 };

static bool
is_theirs(const struct finding *f)
{
	return f->severity == FINDING_FAIL && f->fault == FAULT_THEIRS;
}

/* RFC 5322 2.2: a header is ASCII, and its lines are not endless. */
static void
subject_words(const char *target, struct buf *out)
{
	struct sv v = sv_head(sv_from(target), SUBJECT_BYTES);

	for (size_t i = 0; i < v.n; i++)
		buf_addc(out, v.p[i] >= ' ' && v.p[i] <= '~' ? v.p[i] : '?');
}

static void
opening(const struct diagnosis *d, int64_t now, size_t n, struct buf *out)
{
	char when[INFO_TIME_SIZE];
	struct buf text;

	buf_init(&text, 4096);
	buf_adds(out, "Subject: TLS certificate of ");
	subject_words(d->target, out);
	buf_adds(out,
	    n == 1 ? ": a fault to mend\n\n" : ": faults to mend\n\n");
	buf_adds(out, "Dear postmaster,\n\n");
	buf_addf(&text,
	    "mail between us must be encrypted with a certificate that can be "
	    "verified. The check of %s at %s found %s that only you can mend, "
	    "and mail may be delayed or returned until then.",
	    d->target, cert_info_time(now, when),
	    n == 1 ? "a fault" : "faults");
	wrap_paragraph(out, "", buf_sv(&text), LETTER_COLUMNS);
	buf_free(&text);
}

static void
certificates(const struct diagnosis *d, struct buf *out)
{
	char from[INFO_TIME_SIZE], until[INFO_TIME_SIZE];

	if (d->n_certs == 0)
		return;
	buf_adds(out, "\nYour server sent:\n");
	for (size_t i = 0; i < d->n_certs && i < 8; i++)
		buf_addf(out,
		    "  %zu. subject %s\n     issuer  %s\n"
		    "     serial  %s, valid %s to %s\n",
		    i, d->certs[i].subject, d->certs[i].issuer,
		    d->certs[i].serial,
		    cert_info_time(d->certs[i].not_before, from),
		    cert_info_time(d->certs[i].not_after, until));
	if (d->n_certs > 8)
		buf_addf(out, "  and %zu more\n",
		    d->n_certs - 8 + d->certs_left_out);
}

bool
text_letter(const struct diagnosis *d, int64_t now, struct buf *out)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < d->n_findings; i++)
		n += is_theirs(&d->findings[i]);
	if (n == 0)
		return false;
	opening(d, now, n, out);
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];
		char lead[32];

		if (!is_theirs(f))
			continue;
		(void)snprintf(lead, sizeof(lead), "%zu. ", ++at);
		buf_addc(out, '\n');
		wrap_paragraph(out, lead, sv_from(f->cause), LETTER_COLUMNS);
		wrap_paragraph(out, "   ", sv_from(f->fix_theirs),
		    LETTER_COLUMNS);
	}
	certificates(d, out);
	buf_adds(out,
	    "\nThank you. We are glad to test again once it is "
	    "changed.\n");
	return true;
}
