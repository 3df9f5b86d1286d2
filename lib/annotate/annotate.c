/* tlswarden: annotate/annotate - TLS failures in the logs of mail servers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "annotate/lines.h"
#include "annotate/words.h"
#include "base/mem.h"

struct annotator {
	struct sendmail_memory memory[ANNOTATE_PIDS]; /* by pid modulo size */
};

struct annotator *
annotator_new(void)
{
	return mem_zalloc(1, sizeof(struct annotator));
}

void
annotator_free(struct annotator *a)
{
	free(a);
}

/* Most lines of a log have none of these and need no closer look. */
static bool
is_promising(struct sv line)
{
	static const struct sv words[] = { SV("TLS"), SV("SSL_"),
		SV("certificate"), SV("CAFail"), SV("ruleset="), SV("stat="),
		SV("policy rule "), SV("warning: "), SV("peer credential"),
		SV("DNSSEC dest"), SV("unexpected server message") };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words_find(line, words[i]) < line.n)
			return true;
	return false;
}

bool
lines_split(struct sv line, struct sv *program_r, uint32_t *pid_r,
    struct sv *msg_r)
{
	static const struct sv end = SV("]: ");
	size_t at = words_find(line, end), open, start;

	if (at == line.n)
		return false;
	open = sv_rfind(sv_head(line, at), '[');
	if (open == at ||
	    !sv_to_u32(sv_make(line.p + open + 1, at - open - 1), UINT32_MAX,
		pid_r))
		return false;
	start = sv_rfind(sv_head(line, open), ' ');
	*program_r = start == open
	    ? sv_head(line, open)
	    : sv_make(line.p + start + 1, open - start - 1);
	*msg_r = sv_skip(line, at + end.n);
	return true;
}

static struct sendmail_memory *
memory_of(struct annotator *a, uint32_t pid)
{
	struct sendmail_memory *m = &a->memory[pid % ANNOTATE_PIDS];

	if (!m->is_set || m->pid != pid) {
		m->pid = pid;
		m->is_set = true;
		m->reason = REASON_COUNT;
		m->peer_n = 0;
	}
	return m;
}

/* Sendmail's messages begin with "QUEUEID: ", which its readers do not need. */
static struct sv
without_queue_id(struct sv msg)
{
	size_t n = 0;

	if (sv_starts(msg, sv_from("STARTTLS")))
		return msg;
	while (n < msg.n && n < 20 &&
	    ((msg.p[n] >= '0' && msg.p[n] <= '9') ||
		(sv_lower(msg.p[n]) >= 'a' && sv_lower(msg.p[n]) <= 'z')))
		n++;
	if (n >= 8 && n + 1 < msg.n && msg.p[n] == ':' && msg.p[n + 1] == ' ')
		return sv_skip(msg, n + 2);
	return msg;
}

bool
annotator_line(struct annotator *a, struct sv line, struct annotation *r)
{
	struct sv program, msg;
	uint32_t pid = 0;
	bool found;

	line = sv_head(line, ANNOTATE_LINE);
	memset(r, 0, sizeof(*r));
	if (!is_promising(line))
		return false;
	if (!lines_split(line, &program, &pid, &msg)) {
		program = sv_from("");
		msg = line;
	}
	found = cafail_line(msg, r) || postfix_line(msg, r) ||
	    postfix_warning(msg, r) ||
	    sendmail_line(without_queue_id(msg), memory_of(a, pid), r);
	if (!found)
		return false;
	if (r->fault == FAULT_UNKNOWN)
		r->fault = reason_info(r->reason)->fault;
	r->peer = sv_head(r->peer, ANNOTATE_PEER);
	return true;
}
