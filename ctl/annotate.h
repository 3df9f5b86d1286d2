/* tlswarden: ctl/annotate - the parts of the command annotate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_ANNOTATE_H
#define CTL_ANNOTATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "fact/reason.h"

struct annotation;
struct app;

/* A line without its end; a view for the call. */
typedef void annotate_line_fn(void *arg, struct sv line);

/* Calls fn for each line of the file, "-" being standard input; follows it as
 * it grows and is rotated, until a signal comes. */
int annotate_read(const char *path, bool follows, annotate_line_fn *fn,
    void *arg, struct err *err_r) MUST_CHECK;

struct evidence;

/* What trust store, table and state.db tell about issuers; borrows app, opens
 * nothing before it is needed. */
struct evidence *evidence_new(struct app *app) NONNULL_RETURN MUST_CHECK;
void evidence_free(struct evidence *e);
/* Betters the class of an issuer that the MTA did not find. Its remark lives
 * as long as e. */
void evidence_apply(struct evidence *e, struct annotation *r);

/* The newest look at a host. */
struct last_probe {
	struct sv host;
	struct sv verdict;
	struct sv class; /* empty: nothing failed */
	int64_t at_secs;
};

enum { PROBES_MAX = 100000 };

struct probes;

/* The results of probes in state.db; borrows app, reads nothing before it is
 * needed. */
struct probes *probes_new(struct app *app) NONNULL_RETURN MUST_CHECK;
void probes_free(struct probes *p);
/* The last one of the server that a line of outbound mail is about, when its
 * class leaves the cause open; NULL: none. Views p. */
const struct last_probe *
probes_find(struct probes *p, const struct annotation *r) MUST_CHECK;

/* Different peers and classes that are counted; what is more goes into one
 * row. */
enum { SUMMARY_MAX = 100000 };

struct summary_row {
	struct sv peer;
	enum reason reason;
	enum reason_fault fault;
	const char *remark; /* lives as long as the program's or evidence's */
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
