/* tlswarden: bench_engine - the policy engine alone, without sockets.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Loads a database as the daemons do and asks keys of genrules: what loading,
 * memory and a look-up cost. CPU time of this thread, so it can be compared on
 * a machine that does other things too.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "daemon/policy_load.h"
#include "keys.h"
#include "policy/inbound.h"
#include "policy/lookup.h"

static double
cpu_secs(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
open_image(const char *path, struct policy_image **image_r, struct err *err_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *bytes = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0)
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		(void)close(fd);
	if (bytes == MAP_FAILED)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	return policy_image_new(image_r, bytes, (size_t)st.st_size, path,
	    err_r);
}

static int
load(const char *path, struct load_result *r, struct err *err_r)
{
	struct load_options o = { .snapshot = {
				      .now = 1,
				      .postfix_version = 306,
				      .ca_directory = SV("tlswarden/ca"),
				  } };
	struct policy_image *image = NULL;
	struct snapshot_stats st;
	double at = cpu_secs();
	int rc;

	if (open_image(path, &image, err_r) != 0)
		return -1;
	rc = policy_load(image, &o, r, err_r);
	policy_image_free(image);
	if (rc != 0)
		return -1;
	snapshot_stats(r->snap, &st);
	(void)printf(
	    "load_ms=%.0f rules=%zu string_bytes=%.1f "
	    "table_bytes=%.1f (a rule)\n",
	    (cpu_secs() - at) * 1000, st.rules,
	    (double)st.string_bytes / (double)r->n_rows,
	    (double)st.table_bytes / (double)r->n_rows);
	return 0;
}

/* One key; true when a rule covers it. */
static bool
ask(const struct snapshot *s, struct sv key)
{
	static struct party party;
	static struct inbound in;
	static const struct tls_facts tls = { .state = TLS_STATE_ON };
	struct lookup_answer answer;
	struct judgement j;
	struct sv client, sender = { 0 };

	if (sv_find(key, ' ') == key.n) {
		const struct lookup_hop hop = { key, NULL, &party, NULL };

		lookup_tlspolicy(s, &hop, &answer);
		return answer.rule != NULL;
	}
	inbound_init(&in);
	(void)sv_word(&key, &client);
	(void)sv_word(&key, &sender);
	in.has_client = addr_parse(client, &in.client);
	in.tls = &tls;
	inbound_sender(&in, sender, INBOUND_READ);
	inbound_recipient(&in, sv_from("someone@recipient.example"),
	    INBOUND_READ);
	inbound_judge(s, &in, &j);
	return j.rule != NULL;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
measure(const struct snapshot *s, struct keys *k)
{
	enum { TURNS = 7 };
	double secs[TURNS];
	size_t hits = 0;

	for (int t = 0; t < TURNS; t++) {
		double at = cpu_secs();

		for (size_t i = 0; i < k->n; i++)
			hits += ask(s, keys_next(k));
		secs[t] = cpu_secs() - at;
	}
	qsort(secs, TURNS, sizeof(secs[0]), by_size);
	(void)printf("lookup_ns=%.0f (median of %d) min_ns=%.0f hits=%.3f\n",
	    secs[TURNS / 2] * 1e9 / (double)k->n, TURNS,
	    secs[0] * 1e9 / (double)k->n, (double)hits / TURNS / (double)k->n);
}

int
main(int argc, char **argv)
{
	struct target t = { .kind = TARGET_MILTER }; /* keys as they are */
	struct load_result r = { 0 };
	struct keys k = { 0 };
	struct err err = { 0 };
	int rc = EX_DATAERR;

	if (argc != 3) {
		(void)fputs("usage: bench_engine DATABASE KEYS\n", stderr);
		return EX_USAGE;
	}
	if (load(argv[1], &r, &err) == 0 &&
	    keys_load(&k, argv[2], 0, 1, &t, &err) == 0) {
		measure(r.snap, &k);
		rc = EX_OK;
	} else {
		(void)fprintf(stderr, "bench_engine: %s\n", err.text);
	}
	keys_free(&k);
	snapshot_free(r.snap);
	return rc;
}
