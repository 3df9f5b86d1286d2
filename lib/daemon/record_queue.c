/* tlswarden: daemon/record_queue - rows on their way to the writer thread.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "daemon/record_queue.h"

/* A view in a row, and how much of it is kept. */
struct text_member {
	size_t at;
	size_t max_bytes;
};

#define TEXT(type, member)                                       \
	{                                                        \
		offsetof(struct type, member), LIMIT_RECORD_TEXT \
	}

static const struct text_member session_texts[] = {
	TEXT(record_session, daemon),
	TEXT(record_session, queue_id),
	TEXT(record_session, client_addr),
	TEXT(record_session, client_name),
	TEXT(record_session, helo),
	TEXT(record_session, tls_version),
	TEXT(record_session, cipher),
	TEXT(record_session, verify),
	TEXT(record_session, cert_subject),
	TEXT(record_session, cert_issuer),
	TEXT(record_session, cert_fingerprint),
	TEXT(record_session, refused_reason),
};
static const struct text_member violation_texts[] = {
	TEXT(record_violation, reason),
	TEXT(record_violation, sender),
	TEXT(record_violation, recipient),
	TEXT(record_violation, nexthop),
	TEXT(record_violation, peer_addr),
	TEXT(record_violation, peer_name),
	TEXT(record_violation, tls_version),
	TEXT(record_violation, cipher),
	TEXT(record_violation, queue_id),
	TEXT(record_violation, text),
};
static const struct text_member probe_texts[] = {
	TEXT(record_probe, domain),
	TEXT(record_probe, host),
	TEXT(record_probe, addr),
	TEXT(record_probe, verdict),
	TEXT(record_probe, class),
	TEXT(record_probe, fault),
	TEXT(record_probe, tls_version),
	TEXT(record_probe, cipher),
	{ offsetof(struct record_probe, json), LIMIT_RECORD_JSON },
	{ offsetof(struct record_probe, chain), LIMIT_RECORD_CHAIN },
};

#define N_TEXTS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const struct text_member *texts;
	size_t n_texts;
	size_t size;
} kinds[] = {
	[RECORD_UNKNOWN] = { NULL, 0, 0 },
	[RECORD_SESSION] = { session_texts, N_TEXTS(session_texts),
	    sizeof(struct record_session) },
	[RECORD_VIOLATION] = { violation_texts, N_TEXTS(violation_texts),
	    sizeof(struct record_violation) },
	[RECORD_PROBE] = { probe_texts, N_TEXTS(probe_texts),
	    sizeof(struct record_probe) },
};

void
record_queue_init(struct record_queue *q, uint64_t max_rows, uint64_t max_bytes,
    uint64_t group_rows)
{
	memset(q, 0, sizeof(*q));
	atomic_init(&q->newest, NULL);
	atomic_init(&q->n_rows, 0);
	atomic_init(&q->n_bytes, 0);
	atomic_init(&q->n_refused, 0);
	if (sem_init(&q->work, 0, 0) != 0)
		abort();
	q->max_rows = max_rows;
	q->max_bytes = max_bytes;
	q->group_rows = group_rows;
}

void
record_queue_done(struct record_queue *q)
{
	struct record_item *item = record_queue_take(q);

	while (item != NULL) {
		struct record_item *next = item->next;

		record_queue_free(q, item);
		item = next;
	}
	(void)sem_destroy(&q->work);
}

static struct sv
get_text(const char *row, const struct text_member *t)
{
	struct sv v;

	memcpy(&v, row + t->at, sizeof(v));
	if (v.n > t->max_bytes)
		v.n = t->max_bytes;
	return v;
}

/* Copies the bytes of v to *at and makes the view of the copy. */
static struct sv
move_text(struct sv v, char **at)
{
	struct sv copy = { NULL, 0 };

	if (v.p == NULL)
		return copy;
	copy = sv_make(*at, v.n);
	memcpy(*at, v.p, v.n);
	*at += v.n;
	return copy;
}

static size_t
n_domains(enum record_kind kind, const void *row)
{
	const struct record_session *session = row;

	if (kind != RECORD_SESSION)
		return 0;
	return session->n_domains < LIMIT_RECORD_DOMAINS ? session->n_domains
							 : LIMIT_RECORD_DOMAINS;
}

static struct sv
domain_text(const struct record_domain *d)
{
	return sv_head(d->domain, LIMIT_RECORD_TEXT);
}

/* Bytes of the whole block for a row. */
static size_t
block_bytes(enum record_kind kind, const void *row)
{
	const struct record_session *session = row;
	size_t n = n_domains(kind, row);
	size_t bytes =
	    sizeof(struct record_item) + n * sizeof(struct record_domain);

	for (size_t i = 0; i < kinds[kind].n_texts; i++)
		bytes += get_text(row, &kinds[kind].texts[i]).n;
	for (size_t i = 0; i < n; i++)
		bytes += domain_text(&session->domains[i]).n;
	return bytes;
}

static struct record_item *
copy_row(enum record_kind kind, const void *row, size_t n_bytes)
{
	struct record_item *item = mem_alloc(n_bytes);
	struct record_domain *domains = (struct record_domain *)(item + 1);
	const struct record_session *session = row;
	size_t n = n_domains(kind, row);
	char *at = (char *)(domains + n);
	char *to = (char *)&item->row;

	item->next = NULL;
	item->n_bytes = n_bytes;
	item->kind = kind;
	memcpy(to, row, kinds[kind].size);
	for (size_t i = 0; i < kinds[kind].n_texts; i++) {
		const struct text_member *t = &kinds[kind].texts[i];
		struct sv v = move_text(get_text(row, t), &at);

		memcpy(to + t->at, &v, sizeof(v));
	}
	if (kind != RECORD_SESSION)
		return item;
	for (size_t i = 0; i < n; i++) {
		domains[i] = session->domains[i];
		domains[i].domain =
		    move_text(domain_text(&session->domains[i]), &at);
	}
	item->row.session.domains = domains;
	item->row.session.n_domains = n;
	return item;
}

static bool
reserve(struct record_queue *q, size_t n_bytes, uint64_t *rows_r)
{
	uint64_t rows = atomic_fetch_add(&q->n_rows, 1) + 1;
	uint64_t bytes = atomic_fetch_add(&q->n_bytes, n_bytes) + n_bytes;

	*rows_r = rows;
	if (rows <= q->max_rows && bytes <= q->max_bytes)
		return true;
	(void)atomic_fetch_sub(&q->n_rows, 1);
	(void)atomic_fetch_sub(&q->n_bytes, n_bytes);
	(void)atomic_fetch_add(&q->n_refused, 1);
	return false;
}

bool
record_queue_put(struct record_queue *q, enum record_kind kind, const void *row)
{
	size_t n_bytes = block_bytes(kind, row);
	struct record_item *item;
	struct record_item *newest;
	uint64_t rows;

	if (!reserve(q, n_bytes, &rows))
		return false;
	item = copy_row(kind, row, n_bytes);
	newest = atomic_load_explicit(&q->newest, memory_order_relaxed);
	do
		item->next = newest;
	while (!atomic_compare_exchange_weak_explicit(&q->newest, &newest, item,
	    memory_order_release, memory_order_relaxed));
	if (newest == NULL || rows % q->group_rows == 0)
		(void)sem_post(&q->work);
	return true;
}

struct record_item *
record_queue_take(struct record_queue *q)
{
	struct record_item *item =
	    atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
	struct record_item *oldest = NULL;

	while (item != NULL) {
		struct record_item *next = item->next;

		item->next = oldest;
		oldest = item;
		item = next;
	}
	return oldest;
}

void
record_queue_free(struct record_queue *q, struct record_item *item)
{
	(void)atomic_fetch_sub(&q->n_rows, 1);
	(void)atomic_fetch_sub(&q->n_bytes, item->n_bytes);
	free(item);
}
