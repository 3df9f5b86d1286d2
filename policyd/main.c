/* tlswarden: policyd/main - answers lookups of Postfix and Sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <sysexits.h>

#include "app.h"
#include "daemon/cli.h"
#include "store/db.h"

static void
versions(struct buf *out)
{
	buf_addf(out, "libevent %s, SQLite %s, %s", event_get_version(),
	    store_library_version(), OpenSSL_version(OPENSSL_VERSION));
}

int
main(int argc, char **argv)
{
	static const struct cli_about about = {
		.name = "tlswarden-policyd",
		.purpose =
		    "Answers socketmap lookups and policy delegation "
		    "from the table of TLS rules.",
		.versions = versions,
	};
	struct conf *conf = NULL;
	struct app *app = NULL;
	struct err err = { 0 };
	int rc = cli_start(&about, argc, argv, &conf);

	if (rc != CLI_RUN)
		return rc;
	if (app_new(&app, &about, conf, &err) < 0)
		return err.sysexit;
	app_run(app);
	app_free(app);
	return EX_OK;
}
