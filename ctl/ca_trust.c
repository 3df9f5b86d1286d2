/* tlswarden: ctl/ca_trust - the certificates behind a name of table ca.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <sysexits.h>

#include "cert/trust.h"
#include "ctl/ca_trust.h"
#include "store/policy_image.h"
#include "base/banned.h"

struct wanted_ca {
	struct sv name;
	struct trust *trust;
	struct err *err_r;
	int rc;
};

static void
take_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct wanted_ca *w = arg;

	if (fault == NULL && w->trust == NULL && sv_eq(row->name, w->name))
		w->rc =
		    trust_load_bytes(row->pem, "table ca", &w->trust, w->err_r);
}

int
ca_trust_load(struct loaded *table, struct sv name, struct trust **trust_r,
    struct err *err_r)
{
	struct wanted_ca w = { .name = name, .err_r = err_r };

	if (policy_image_each_ca(table->image, take_ca, &w, err_r) != 0)
		return -1;
	if (w.rc != 0)
		return err_prefix(err_r, "ca \"%.*s\"", SV_ARG(name));
	if (w.trust == NULL)
		return err_set(err_r, EX_DATAERR,
		    "ca \"%.*s\" is not in the table", SV_ARG(name));
	*trust_r = w.trust;
	return 0;
}
