/* tlswarden: ctl/annotate - counts of TLS failures for each peer.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_ANNOTATE_H
#define CTL_ANNOTATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "fact/reason.h"

struct annotation;
struct app;

/* Different peers and classes that are counted; what is more goes into one
 * row. */
enum { SUMMARY_MAX = 100000 };

struct summary_row {
	struct sv peer;
	enum reason reason;
	enum reason_fault fault;
	uint64_t count;
};

struct summary {
	struct arena mem;
	struct summary_row *rows; /* a hash table, a power of two long */
	size_t cap;
	size_t n;
	uint64_t n_left_out;
};

void summary_init(struct summary *s);
void summary_done(struct summary *s);
void summary_add(struct summary *s, const struct annotation *r);
/* Prints the table (or JSON), the most frequent first. Sorts the rows: nothing
 * can be added afterwards. */
void summary_print(struct summary *s, const struct app *app, uint64_t n_lines);

#endif
