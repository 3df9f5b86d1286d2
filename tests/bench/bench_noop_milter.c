/* tlswarden: bench_noop_milter - a libmilter filter that does nothing.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * It negotiates the steps that it is told and answers "continue" to each: the
 * yardstick for a filter that negotiates the same (bench_milter -N shows what
 * a filter negotiates).
 */
#include "config.h"

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/sv.h"

/* xxfi_negotiate has no argument of ours. */
static unsigned long wanted_steps, wanted_actions;

static sfsistat
negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
    unsigned long f3, unsigned long *pf0, unsigned long *pf1,
    unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx, (void)f2, (void)f3;
	*pf0 = f0 & wanted_actions;
	*pf1 = f1 & wanted_steps;
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
answer(unsigned long no_reply)
{
	return (wanted_steps & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *addr)
{
	(void)ctx, (void)name, (void)addr;
	return answer(SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx, (void)name;
	return answer(SMFIP_NR_HELO);
}

static sfsistat
on_mail(SMFICTX *ctx, char **args)
{
	(void)ctx, (void)args;
	return answer(SMFIP_NR_MAIL);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **args)
{
	(void)ctx, (void)args;
	return answer(SMFIP_NR_RCPT);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return answer(SMFIP_NR_DATA);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return answer(SMFIP_NR_HDR);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return answer(SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *bytes, size_t size)
{
	(void)ctx, (void)bytes, (void)size;
	return answer(SMFIP_NR_BODY);
}

static sfsistat
on_end(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static bool
to_flags(const char *hex, unsigned long *out_r)
{
	unsigned long x = 0;

	for (; *hex != '\0'; hex++) {
		if (sv_hex(*hex) < 0 || x > 0xfffffffUL)
			return false;
		x = x * 16 + (unsigned long)sv_hex(*hex);
	}
	*out_r = x;
	return true;
}

static int
serve(char *where)
{
	char name[] = "bench_noop_milter";
	struct smfiDesc filter = { .xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = wanted_actions,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_data = on_data,
		.xxfi_negotiate = negotiate };

	if (smfi_setconn(where) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS) {
		(void)fprintf(stderr,
		    "bench_noop_milter: cannot listen on %s\n", where);
		return EX_UNAVAILABLE;
	}
	return smfi_main() == MI_SUCCESS ? EX_OK : EX_SOFTWARE;
}

int
main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "a:s:")) != -1)
		if (!(opt == 's' && to_flags(optarg, &wanted_steps)) &&
		    !(opt == 'a' && to_flags(optarg, &wanted_actions)))
			break;
	if (opt == -1 && argc - optind == 1)
		return serve(argv[optind]);
	(void)fprintf(stderr,
	    "usage: bench_noop_milter [-s STEPS] [-a ACTIONS] "
	    "unix:PATH | inet:PORT@HOST\n"
	    "  -s, -a  hexadecimal SMFIP_* and SMFIF_* to negotiate, as\n"
	    "          bench_milter -N prints them\n");
	return EX_USAGE;
}
