/* tlswarden: cert/text - a diagnosis for a tired person.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_TEXT_H
#define CERT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct diagnosis;

struct text_style {
	bool colour; /* ANSI colours; only for a terminal */
	int64_t now; /* the time of the judgement, for "3 days" */
};

/* The verdict in one sentence, the chain as a tree with the certificate at
 * fault marked, each finding with cause and fix. */
void text_diagnosis(const struct diagnosis *d, const struct text_style *style,
    struct buf *out);
/* The verdict in one sentence, without a newline (Nagios, summaries). */
void text_verdict(const struct diagnosis *d, struct buf *out);
/* A mail to the other postmaster about what is their fault: a Subject line and
 * the body, 72 columns; now is the time of the judgement. False and nothing
 * when nothing is theirs. */
bool text_letter(const struct diagnosis *d, int64_t now, struct buf *out);

#endif
