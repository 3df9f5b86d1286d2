/* tlswarden: ctl/known - the CAs of the table as evidence of what exists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <unistd.h>

#include "base/conf.h"
#include "base/limits.h"
#include "cert/load.h"
#include "ctl/known.h"
#include "store/policy_db.h"
#include "base/banned.h"

enum { KNOWN_PATIENCE_MSECS = 500, NAME_SHOWN = 100 };

/* What does not decode is told by check. */
static void
add_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct chain **known = arg;
	struct chain *set = NULL;
	struct buf note;

	if (fault != NULL ||
	    chain_load_bytes(row->pem, "column pem", &set, NULL) != 0)
		return;
	if (*known == NULL)
		*known = chain_new();
	buf_init(&note, LIMIT_COLUMN);
	buf_adds(&note, "of the CA ");
	buf_add_printable(&note, row->name, NAME_SHOWN);
	buf_adds(&note, " in the table");
	chain_add_cas(*known, set, LIMIT_CERT_LIST, buf_str(&note));
	buf_free(&note);
	chain_free(set);
}

void
known_add_cas(struct app *app, struct chain **known)
{
	const struct conf *conf = app_conf(app, NULL);
	struct policy_image *image = NULL;
	struct policy_db *db;
	int rc;

	if (conf == NULL || access(conf->policy_database, R_OK) != 0)
		return;
	db = policy_db_new(conf->policy_database);
	policy_db_set_patience(db, KNOWN_PATIENCE_MSECS);
	rc = policy_db_copy(db, &image, NULL, NULL);
	if (rc == 0)
		rc = policy_image_each_ca(image, add_ca, known, NULL);
	(void)rc;
	policy_image_free(image);
	policy_db_free(db);
}
