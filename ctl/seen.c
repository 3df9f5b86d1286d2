/* tlswarden: ctl/seen - the chains of state.db as evidence of what exists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <unistd.h>

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
	SEEN_CERTS_OF_ONE = 10,
	DAY_LENGTH = 10, /* of "2026-11-01T..." */
};

struct gathering {
	struct chain *cas;
	size_t n_chains;
	size_t n_bytes;
};

static int
gather(void *arg, const struct seen_chain *row)
{
	struct gathering *g = arg;
	size_t n = chain_count(g->cas);
	size_t max = n + SEEN_CERTS_OF_ONE;
	char time[INFO_TIME_SIZE];
	struct chain *set = NULL;
	struct buf note;

	g->n_bytes += row->pem.n;
	if (g->n_chains++ >= SEEN_CHAINS_MAX || g->n_bytes > SEEN_BYTES_MAX ||
	    n >= SEEN_CERTS_MAX)
		return -1;
	if (chain_load_sent_bytes(row->pem, "seen_chain", &set, NULL) != 0)
		return 0;
	buf_init(&note, INFO_TIME_SIZE + 512);
	buf_adds(&note, "seen at ");
	buf_add_printable(&note, row->host, 256);
	buf_addf(&note, " on %.*s", DAY_LENGTH,
	    cert_info_time(row->at_secs, time));
	chain_add_cas(g->cas, set, max < SEEN_CERTS_MAX ? max : SEEN_CERTS_MAX,
	    buf_str(&note));
	buf_free(&note);
	chain_free(set);
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
	rc = state_chains_each(&st,
	    sv_from(seen->host != NULL ? seen->host : ""), gather, &g, err_r);
	store_close(&st);
	if (rc != 0)
		chain_free(g.cas);
	else
		*chain_r = g.cas;
	return rc;
}
