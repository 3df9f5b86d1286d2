/* tlswarden: daemon/cli - the command line that all daemons share.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/cli.h"

enum { CLI_TEXT_MAX = 1 << 20 };

static void
print_help(const struct cli_about *about, FILE *to)
{
	(void)fprintf(to,
	    "usage: %s [-n] [-c FILE]\n"
	    "       %s -V | --version | -h | --help\n"
	    "%s\n"
	    "  -c FILE   read FILE, not " CONF_DEFAULT_FILE
	    "\n"
	    "  -n        check the configuration, print what is in effect, "
	    "exit\n"
	    "  -V, --version  print the version and those of libraries, exit\n"
	    "  -h, --help  print this, exit\n"
	    "It stays in the foreground. See %s(8) and tlswarden.conf(5).\n",
	    about->name, about->name, about->purpose, about->name);
}

static void
print_version(const struct cli_about *about)
{
	struct buf out;

	buf_init(&out, CLI_TEXT_MAX);
	about->versions(&out);
	(void)printf("%s %s (%s)\n", about->name, PACKAGE_VERSION,
	    buf_str(&out));
	buf_free(&out);
}

static int
print_conf(const struct conf *conf)
{
	struct buf out;
	int rc;

	buf_init(&out, CLI_TEXT_MAX);
	conf_print(conf, false, &out);
	rc = fputs(buf_str(&out), stdout) < 0 || fflush(stdout) != 0;
	buf_free(&out);
	return rc ? EX_IOERR : EX_OK;
}

/* Reads the configuration; says what is wrong on stderr. */
static int
load_conf(const struct cli_about *about, const char *file, struct conf **conf_r)
{
	struct err err = { 0 };

	if (conf_load(file, conf_r, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", about->name, err.text);
		return err.sysexit;
	}
	if ((*conf_r)->is_missing)
		(void)fprintf(stderr,
		    "%s: warning: there is no %s; all settings are defaults\n",
		    about->name, (*conf_r)->file);
	return EX_OK;
}

int
cli_start(const struct cli_about *about, int argc, char **argv,
    struct conf **conf_r)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = NULL;
	struct conf *conf = NULL;
	bool is_check = false;
	int c, rc;

	while (
	    (c = getopt_long(argc, argv, "c:nVh", long_options, NULL)) != -1) {
		if (c == 'c') {
			file = optarg;
		} else if (c == 'n') {
			is_check = true;
		} else if (c == 'V') {
			print_version(about);
			return EX_OK;
		} else if (c == 'h') {
			print_help(about, stdout);
			return EX_OK;
		} else {
			print_help(about, stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: \"%s\" is not expected\n",
		    about->name, argv[optind]);
		print_help(about, stderr);
		return EX_USAGE;
	}
	rc = load_conf(about, file, &conf);
	if (rc != EX_OK)
		return rc;
	if (!is_check) {
		*conf_r = conf;
		return CLI_RUN;
	}
	rc = print_conf(conf);
	conf_free(conf);
	return rc;
}

void
cli_open_log(const struct cli_about *about, const struct conf *conf)
{
	/* journald sets JOURNAL_STREAM for who writes to it by stderr. */
	log_open(about->name, conf->log == CONF_LOG_SYSLOG,
	    getenv("JOURNAL_STREAM") != NULL, (enum log_level)conf->log_level);
}

int
cli_fail(const struct cli_about *about, const struct conf *conf,
    const struct err *err)
{
	log_error("%s", err->text);
	if (conf->log == CONF_LOG_SYSLOG)
		(void)fprintf(stderr, "%s: %s\n", about->name, err->text);
	return err->sysexit;
}
