/* tlswarden: policyd/desk_watch - monitor rules beside a prober's results.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/log.h"
#include "cert/trust.h"
#include "daemon/ledger.h"
#include "desk_watch.h"
#include "policy/lookup.h"
#include "policy/watchers.h"
#include "probe/watch.h"
#include "probe/work.h"

struct beside {
	const struct desk *d;
	const struct party *nexthop;
	struct trust *trust; /* of the rule that is being judged */
};

/* Its CA, as policyd wrote it for answers, or the trust store. */
static const struct trust *
trust_of(void *arg, const struct rule *rule, struct err *err_r)
{
	struct beside *b = arg;
	const struct ca *ca = rule->demand->ca;
	struct buf path;
	int rc;

	trust_free(b->trust);
	b->trust = NULL;
	buf_init(&path, 4096);
	if (ca != NULL)
		buf_addf(&path, "%s/%.*s.pem", b->d->ca_directory,
		    SV_ARG(ca->hash));
	else
		buf_adds(&path, b->d->trust_store);
	rc = ca != NULL ? trust_load_given(buf_str(&path), &b->trust, err_r)
			: trust_load(buf_str(&path), &b->trust, err_r);
	buf_free(&path);
	return rc == 0 ? b->trust : NULL;
}

static void
found(void *arg, const struct watch_found *f)
{
	const struct beside *b = arg;
	const struct world *world = b->d->world;
	const struct judgement j = { f->rule, f->verdict };
	struct record_violation row = { .at_secs = f->look->at_secs,
		.source = RECORD_FROM_PROBE,
		.peer_name = sv_from(f->look->host),
		.peer_addr = sv_from(f->look->addr),
		.tls_version = sv_from(f->look->tls_version),
		.cipher = sv_from(f->look->tls_cipher) };

	ledger_outbound((enum conf_addresses)atomic_load(&world->addresses), &j,
	    party_text(b->nexthop), f->text, &row);
	/* A full queue is counted and told by the recorder. */
	(void)recorder_violation(world->recorder, &row);
}

static void
trouble(void *arg, const struct rule *rule, const struct err *err)
{
	(void)arg;
	log_warning("probe: rule %" PRId64 " is not judged beside: %s",
	    rule->id, err->text);
}

/* Without an address DNS told nothing of that server. */
static void
fill_query(const struct party *nexthop, const struct record_probe *rows,
    size_t n, struct addr addrs[static WORK_SERVERS_MAX], struct query *q)
{
	struct lookup_peers peers = { .addrs = addrs };

	for (size_t i = 0; i < n && i < WORK_SERVERS_MAX; i++)
		if (addr_parse(rows[i].addr, &addrs[peers.n]))
			peers.n++;
	peers.is_complete = peers.n > 0;
	lookup_nexthop_query(nexthop, &peers, q);
}

void
desk_watch(const struct desk *d, const struct snapshot *s,
    const struct party *nexthop, const struct record_probe *rows, size_t n)
{
	struct addr addrs[WORK_SERVERS_MAX];
	struct beside b = { d, nexthop, NULL };
	struct watchers watchers;
	struct watching how = { &watchers, rows[0].at_secs, trust_of, found,
		trouble, &b };
	struct query q;

	if (d->world->recorder == NULL)
		return;
	fill_query(nexthop, rows, n, addrs, &q);
	watchers_init(&watchers, s, rows[0].at_secs);
	watch_rows(&how, &q, rows, n);
	watchers_done(&watchers);
	trust_free(b.trust);
}
