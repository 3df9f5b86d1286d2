/* tlswarden: cert/path - paths from the leaf to a trusted certificate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "cert/path.h"
#include "base/banned.h"

struct search {
	struct pool *pool;
	const struct path_rules *rules;
	path_fn *fn;
	void *arg;
	struct path path;
	struct path *best;
	size_t steps_left;
};

static bool
is_anchor(const struct search *s, const struct pool_cert *c)
{
	return c->is_trusted && (c->is_self_signed || s->rules->partial_chain);
}

static bool
is_in_path(const struct path *path, int cert)
{
	for (size_t i = 0; i < path->n; i++)
		if (path->v[i] == cert)
			return true;
	return false;
}

static bool
may_use(const struct search *s, const struct pool_cert *from,
    const struct pool_edge *e)
{
	const struct pool_cert *c = &s->pool->v[e->issuer];

	if (e->signature == SIGNATURE_BAD && !s->rules->with_bad_signatures)
		return false;
	if (c->origin == POOL_KNOWN && !c->is_trusted && !s->rules->with_known)
		return false;
	/* Above a stored certificate only stored ones count. */
	if (from->origin == POOL_TRUST && !c->is_trusted)
		return false;
	return !c->is_overruled && !is_in_path(&s->path, e->issuer);
}

/* A path that leads no further; keeps the one that tells most. */
static void
dead_end(struct search *s)
{
	const struct pool_cert *top = &s->pool->v[s->path.v[s->path.n - 1]];
	const struct pool_cert *best_top;

	if (s->best->n > 0) {
		best_top = &s->pool->v[s->best->v[s->best->n - 1]];
		if (best_top->is_self_signed && !top->is_self_signed)
			return;
		if (best_top->is_self_signed && top->is_self_signed &&
		    s->best->n <= s->path.n)
			return;
		if (!best_top->is_self_signed && !top->is_self_signed &&
		    s->best->n >= s->path.n)
			return;
	}
	*s->best = s->path;
}

static bool
visit(struct search *s, int cert)
{
	bool is_stopped = false, is_end = true;
	size_t n_edges;

	if (s->steps_left == 0)
		return false;
	s->steps_left--;
	s->path.v[s->path.n++] = cert;
	if (is_anchor(s, &s->pool->v[cert])) {
		s->path.is_complete = true;
		is_stopped = s->fn(s->arg, &s->path);
		s->path.is_complete = false;
		is_end = false;
	}
	pool_expand(s->pool, cert);
	n_edges = s->pool->v[cert].n_edges;
	for (size_t i = 0; i < n_edges && !is_stopped &&
	     s->path.n < sizeof(s->path.v) / sizeof(s->path.v[0]);
	     i++) {
		const struct pool_cert *c = &s->pool->v[cert];

		if (!may_use(s, c, &c->edges[i]))
			continue;
		is_end = false;
		is_stopped = visit(s, c->edges[i].issuer);
	}
	if (is_end)
		dead_end(s);
	s->path.n--;
	return is_stopped;
}

bool
path_search(struct pool *pool, const struct path_rules *rules, path_fn *fn,
    void *arg, struct path *best_r)
{
	struct search s = { .pool = pool,
		.rules = rules,
		.fn = fn,
		.arg = arg,
		.best = best_r,
		.steps_left = LIMIT_PATH_STEPS };

	*best_r = (struct path){ 0 };
	return visit(&s, 0);
}
