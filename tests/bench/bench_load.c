/* tlswarden: bench_load - asks a lookup server as fast as it answers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "load.h"

enum { EXIT_ERRORS = 2, CONNS_MAX = 10000 };

static const char usage_text[] =
    "usage: bench_load -k KEYS [options] TARGET\n"
    "  TARGET   socketmap:unix:PATH:MAP   socketmap:inet:ADDRESS:PORT:MAP\n"
    "           policy:unix:PATH          policy:inet:ADDRESS:PORT\n"
    "  -k FILE  a key a line; for policy: client address [sender [recipient]]\n"
    "  -m N     only the first N keys of the file\n"
    "  -s SEED  order of the keys and times of the open loop (1)\n"
    "  -c N     connections, 1 to 10000 (8), one request outstanding on each\n"
    "  -r RATE  open loop: RATE requests a second at random (Poisson), timed\n"
    "           from when they are due; without it a closed loop\n"
    "  -w SECS  warm-up, not measured (0.1)\n"
    "  -d SECS  measured time (1)\n"
    "  -P PID   report that process's CPU time per request\n"
    "Prints one line of name=value; exit code 2 when there was any error: a\n"
    "closed connection, a broken or unasked reply, TEMP, no answer in 10 s.\n";

static int
bad_option(int opt, const char *arg)
{
	(void)fprintf(stderr, "bench_load: bad value of -%c: %s\n", opt, arg);
	return EX_USAGE;
}

static bool
to_seconds(const char *arg, double *out_r)
{
	char *end;
	double x = strtod(arg, &end);

	if (end == arg || *end != '\0' || !(x >= 0) || !(x < 1e9))
		return false;
	*out_r = x;
	return true;
}

/* One option into *o; a sysexits code. */
static int
take_option(struct load_options *o, int opt, const char *arg)
{
	uint32_t n;
	bool is_good = true;

	switch (opt) {
	case 'k':
		o->keys_path = arg;
		break;
	case 'm':
		is_good = sv_to_u32(sv_from(arg), UINT32_MAX, &o->max_keys);
		break;
	case 's':
		is_good = sv_to_u32(sv_from(arg), UINT32_MAX, &n);
		o->seed = is_good ? n : 0;
		break;
	case 'c':
		is_good = sv_to_u32(sv_from(arg), CONNS_MAX, &o->conns) &&
		    o->conns > 0;
		break;
	case 'r':
		is_good = to_seconds(arg, &o->rate);
		break;
	case 'w':
		is_good = to_seconds(arg, &o->warm_secs);
		break;
	case 'd':
		is_good = to_seconds(arg, &o->secs) && o->secs > 0;
		break;
	case 'P':
		is_good = sv_to_u32(sv_from(arg), UINT32_MAX, &o->pid);
		break;
	default:
		(void)fputs(usage_text, stderr);
		return EX_USAGE;
	}
	return is_good ? EX_OK : bad_option(opt, arg);
}

static void
print(const struct load_options *o, const struct load_result *r)
{
	const struct hist *h = &r->hist;

	(void)printf(
	    "conns=%u secs=%.2f replies=%ju rate=%.0f p50_us=%.1f "
	    "p99_us=%.1f p999_us=%.1f max_us=%.1f",
	    o->conns, r->secs, (uintmax_t)h->n,
	    r->secs > 0 ? (double)h->n / r->secs : 0,
	    hist_quantile_usecs(h, 0.5), hist_quantile_usecs(h, 0.99),
	    hist_quantile_usecs(h, 0.999), (double)h->max_nsecs / 1000);
	(void)printf(" found=%ju none=%ju trouble=%ju errors=%ju",
	    (uintmax_t)r->answers[ANSWER_FOUND],
	    (uintmax_t)r->answers[ANSWER_NONE],
	    (uintmax_t)r->answers[ANSWER_TROUBLE], (uintmax_t)r->errors);
	if (r->cpu_usecs >= 0)
		(void)printf(" cpu_us=%.3f", r->cpu_usecs);
	(void)printf("\n");
}

static void
raise_file_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

int
main(int argc, char **argv)
{
	struct target t;
	struct load_options o = { .target = &t,
		.seed = 1,
		.conns = 8,
		.warm_secs = 0.1,
		.secs = 1 };
	struct err err;
	struct load_result *r;
	int opt, rc;

	while ((opt = getopt(argc, argv, "c:d:hk:m:P:r:s:w:")) != -1) {
		if (opt == 'h') {
			(void)fputs(usage_text, stdout);
			return EX_OK;
		}
		rc = take_option(&o, opt, optarg);
		if (rc != EX_OK)
			return rc;
	}
	if (argc - optind != 1 || o.keys_path == NULL) {
		(void)fputs(usage_text, stderr);
		return EX_USAGE;
	}
	raise_file_limit();
	r = calloc(1, sizeof(*r));
	if (r == NULL || target_parse(&t, sv_from(argv[optind]), &err) != 0 ||
	    load_run(&o, r, &err) != 0) {
		(void)fprintf(stderr, "bench_load: %s\n",
		    r == NULL ? "out of memory" : err.text);
		free(r);
		return EXIT_ERRORS;
	}
	print(&o, r);
	rc = r->errors > 0 || r->hist.n == 0 ? EXIT_ERRORS : EX_OK;
	free(r);
	return rc;
}
