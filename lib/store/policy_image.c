/* tlswarden: store/policy_image - a private copy of policy.db, to be read.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/policy_image.h"
#include "store/policy_image_db.h"
#include "store/policy_rows.h"
#include "store/policy_schema.h"

struct policy_image {
	struct store st;
	void *bytes;
	size_t n_bytes;
};

/* SQLite takes a last page that was cut for one of zeros. */
static int
check_length(const struct policy_image *image, struct err *err_r)
{
	const unsigned char *header = image->bytes;
	size_t page;

	/* www.sqlite.org/fileformat.html 1.3: 1 stands for 65536. What is no
	 * header at all is told by SQLite. */
	if (image->n_bytes < 100)
		return 0;
	page = (size_t)header[16] << 8 | header[17];
	page = page == 1 ? 65536 : page;
	if (page == 0 || image->n_bytes % page == 0)
		return 0;
	return err_set(err_r, EX_DATAERR,
	    "%s: damaged: cut short at %zu bytes: put a copy in its place",
	    image->st.path, image->n_bytes);
}

static int
adopt(struct policy_image *image, struct err *err_r)
{
	int rc = sqlite3_deserialize(image->st.sq, "main", image->bytes,
	    (sqlite3_int64)image->n_bytes, (sqlite3_int64)image->n_bytes,
	    SQLITE_DESERIALIZE_READONLY);

	if (rc != SQLITE_OK)
		return store_fail(&image->st, rc, err_r);
	(void)sqlite3_db_config(image->st.sq, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	    (int *)NULL);
	if (policy_schema_check(&image->st, err_r) != 0)
		return -1;
	return check_length(image, err_r);
}

int
policy_image_new(struct policy_image **image_r, void *bytes, size_t n_bytes,
    const char *path, struct err *err_r)
{
	struct policy_image *image = mem_zalloc(1, sizeof(*image));

	image->bytes = bytes;
	image->n_bytes = n_bytes;
	if (store_open_memory(&image->st, err_r) == 0) {
		free(image->st.path);
		image->st.path = mem_strdup(path);
		if (adopt(image, err_r) == 0) {
			*image_r = image;
			return 0;
		}
	}
	policy_image_free(image);
	return -1;
}

void
policy_image_free(struct policy_image *image)
{
	if (image == NULL)
		return;
	store_close(&image->st);
	(void)munmap(image->bytes, image->n_bytes == 0 ? 1 : image->n_bytes);
	free(image);
}

size_t
policy_image_bytes(const struct policy_image *image)
{
	return image->n_bytes;
}

struct store *
policy_image_store(struct policy_image *image)
{
	return &image->st;
}

int
policy_image_each_ca(struct policy_image *image,
    void (*fn)(void *arg, const struct ca_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	return policy_rows_cas(&image->st, fn, arg, err_r);
}

int
policy_image_each_rule(struct policy_image *image,
    void (*fn)(void *arg, const struct rule_row *row, const char *fault),
    void *arg, struct err *err_r)
{
	return policy_rows_rules(&image->st, fn, arg, err_r);
}

int
policy_image_verify(struct policy_image *image, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(&image->st, "PRAGMA main.quick_check(1)", &stmt,
		err_r) != 0)
		return -1;
	got = store_step(&image->st, stmt, err_r);
	if (got > 0) {
		struct sv found = store_text(stmt, 0);

		if (sv_is(found, "ok"))
			got = 0;
		else
			got = err_set(err_r, EX_DATAERR,
			    "%s: damaged: %.*s: put a copy in its place",
			    image->st.path, SV_ARG(found));
	}
	store_finish(stmt);
	return got;
}
