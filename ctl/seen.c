/* tlswarden: ctl/seen - the chains of state.db as evidence of what exists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cert/info.h"
#include "cert/load.h"
#include "ctl/seen.h"
#include "store/state_read.h"
#include "base/banned.h"

/* Of one chain no more: who fills his with namesakes of other CAs does not
 * crowd out what others sent. */
enum {
	SEEN_CHAINS_MAX = 1000,
	SEEN_BYTES_MAX = 8388608,
	SEEN_CERTS_MAX = 512,
	SEEN_BLOCKS_MAX = 1024,
	SEEN_CERTS_OF_ONE = 10,
	DAY_LENGTH = 10, /* of "2026-11-01T..." */
};

struct gathering {
	struct chain *cas;
	size_t n_chains;
	size_t n_bytes;
	struct arena mem;
	struct sv blocks[SEEN_BLOCKS_MAX]; /* PEM that was decoded */
	size_t n_blocks;
};

/* The certificate at the front of *pem, in its armour. */
static bool
take_block(struct sv *pem, struct sv *block_r)
{
	static const char end[] = "-----END CERTIFICATE-----\n";
	const char *at =
	    pem->n > 0 ? memmem(pem->p, pem->n, end, sizeof(end) - 1) : NULL;

	if (at == NULL)
		return false;
	*block_r = sv_head(*pem, (size_t)(at - pem->p) + sizeof(end) - 1);
	*pem = sv_skip(*pem, block_r->n);
	return true;
}

/* Decoding one takes a quarter of a millisecond, and partners share few CAs:
 * the same text is not decoded twice. */
static bool
is_new(struct gathering *g, struct sv block)
{
	for (size_t i = 0; i < g->n_blocks; i++)
		if (sv_eq(g->blocks[i], block))
			return false;
	if (g->n_blocks == SEEN_BLOCKS_MAX)
		return false;
	g->blocks[g->n_blocks++] = arena_sv(&g->mem, block);
	return true;
}

static void
add_cas(struct gathering *g, struct sv block, const char *note)
{
	struct chain *set = NULL;

	if (!is_new(g, block) ||
	    chain_load_sent_bytes(block, "seen_chain", &set, NULL) != 0)
		return;
	chain_add_cas(g->cas, set, SEEN_CERTS_MAX, note);
	chain_free(set);
}

static int
gather(void *arg, const struct seen_chain *row)
{
	struct gathering *g = arg;
	struct sv pem = row->pem, block;
	char time[INFO_TIME_SIZE];
	struct buf note;

	g->n_bytes += row->pem.n;
	if (g->n_chains++ >= SEEN_CHAINS_MAX || g->n_bytes > SEEN_BYTES_MAX ||
	    chain_count(g->cas) >= SEEN_CERTS_MAX)
		return -1;
	/* The first is the server's own: no TLS without that. */
	if (!take_block(&pem, &block))
		return 0;
	buf_init(&note, INFO_TIME_SIZE + 512);
	buf_adds(&note, "seen at ");
	buf_add_printable(&note, row->host, 256);
	buf_addf(&note, " on %.*s", DAY_LENGTH,
	    cert_info_time(row->at_secs, time));
	for (int i = 0; i < SEEN_CERTS_OF_ONE && take_block(&pem, &block); i++)
		add_cas(g, block, buf_str(&note));
	buf_free(&note);
	return 0;
}

int
seen_recall(void *arg, struct chain **chain_r, struct err *err_r)
{
	const struct seen *seen = arg;
	struct gathering g = { .cas = NULL };
	struct store st;
	int rc;

	if (access(seen->state_database, R_OK) != 0)
		return 0;
	if (state_read_open(&st, seen->state_database, err_r) != 0)
		return -1;
	g.cas = chain_new();
	arena_init(&g.mem);
	rc = state_chains_each(&st,
	    sv_from(seen->host != NULL ? seen->host : ""), gather, &g, err_r);
	store_close(&st);
	arena_free(&g.mem);
	if (rc != 0)
		chain_free(g.cas);
	else
		*chain_r = g.cas;
	return rc;
}
