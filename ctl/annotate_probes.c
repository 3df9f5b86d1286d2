/* tlswarden: ctl/annotate_probes - what probes last found at a peer.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * An MTA logs that a certificate was not verified, and a probe knows why.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "base/conf.h"
#include "base/mem.h"
#include "ctl/annotate.h"
#include "ctl/command.h"
#include "store/state_read.h"
#include "wire/domain.h"
#include "base/banned.h"

struct probes {
	struct app *app;
	struct arena mem;
	bool is_loaded;
	struct last_probe *v; /* by host, the newest of each first */
	size_t n;
	size_t max;
};

struct probes *
probes_new(struct app *app)
{
	struct probes *p = mem_zalloc(1, sizeof(*p));

	p->app = app;
	arena_init(&p->mem);
	return p;
}

void
probes_free(struct probes *p)
{
	if (p == NULL)
		return;
	free(p->v);
	arena_free(&p->mem);
	free(p);
}

static int
add(void *arg, const struct record_probe *row)
{
	struct probes *p = arg;

	if (p->n == p->max) {
		p->max = p->max * 2 + 256;
		p->v = mem_realloc(p->v, p->max, sizeof(*p->v));
	}
	p->v[p->n++] = (struct last_probe){ arena_sv(&p->mem, row->host),
		arena_sv(&p->mem, row->verdict), arena_sv(&p->mem, row->class),
		row->at_secs };
	return 0;
}

static int
by_host(const void *a, const void *b)
{
	const struct last_probe *x = a, *y = b;
	int c = sv_cmp(x->host, y->host);

	if (c != 0)
		return c;
	if (x->at_secs != y->at_secs)
		return x->at_secs < y->at_secs ? 1 : -1;
	/* Of one look at several addresses, what was wrong. */
	return (x->class.n == 0) - (y->class.n == 0);
}

/* A log is explained without probes, too. */
static void
load(struct probes *p)
{
	const struct conf *conf = app_conf(p->app, NULL);
	struct probe_filter filter = { .limit = PROBES_MAX };
	struct store st;
	int rc;

	p->is_loaded = true;
	if (conf == NULL || access(conf->state_database, R_OK) != 0 ||
	    state_read_open(&st, conf->state_database, NULL) != 0)
		return;
	rc = state_probes_each(&st, &filter, false, add, p, NULL);
	store_close(&st);
	if (rc != 0)
		p->n = 0;
	if (p->n > 1)
		qsort(p->v, p->n, sizeof(*p->v), by_host);
}

/* The first of that host, or where it would stand. */
static size_t
find(const struct probes *p, struct sv host)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sv_cmp(p->v[middle].host, host) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The classes by which a log says that something is wrong, and not what. */
static bool
is_vague(enum reason reason)
{
	return reason == REASON_CERT_NOT_VERIFIED ||
	    reason == REASON_ISSUER_UNKNOWN ||
	    reason == REASON_HANDSHAKE_FAILURE ||
	    reason == REASON_CONNECTION_CLOSED;
}

const struct last_probe *
probes_find(struct probes *p, const struct annotation *r)
{
	struct sv host = sv_trim(sv_head(r->peer, sv_find(r->peer, '[')));
	char name[LIMIT_DOMAIN + 1];
	size_t n = 0, at;

	if (r->is_inbound || !is_vague(r->reason) || host.n == 0 ||
	    domain_normalise(host, name, &n) != DOMAIN_OK)
		return NULL;
	if (!p->is_loaded)
		load(p);
	at = find(p, sv_make(name, n));
	return at < p->n && sv_eq(p->v[at].host, sv_make(name, n)) ? &p->v[at]
								   : NULL;
}
