/* tlswarden: cert/trust - the certificates that we trust.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/load.h"
#include "cert/trust_private.h"
#include "base/banned.h"

struct trust_row {
	unsigned long subject_hash;
	X509 *x;
};

struct trust {
	struct trust_row *rows; /* by subject hash, then as loaded */
	size_t n;
	size_t cap;
	size_t duplicates;
	size_t passed_over;
	char *label;
};

static struct trust *
trust_new(const char *label)
{
	struct trust *t = mem_zalloc(1, sizeof(*t));

	t->label = mem_strdup(label);
	return t;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		X509_free(t->rows[i].x);
	free(t->rows);
	free(t->label);
	free(t);
}

/* The first row whose hash is not below hash. */
static size_t
lower_bound(const struct trust *t, unsigned long hash)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->rows[mid].subject_hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

X509 *
trust_next_by_subject(const struct trust *t, const X509_NAME *name, size_t *at)
{
	unsigned long hash = X509_NAME_hash_ex(name, NULL, NULL, NULL);
	size_t i = *at == SIZE_MAX ? lower_bound(t, hash) : *at;

	for (; i < t->n && t->rows[i].subject_hash == hash; i++)
		if (X509_NAME_cmp(X509_get_subject_name(t->rows[i].x), name) ==
		    0) {
			*at = i + 1;
			return t->rows[i].x;
		}
	return NULL;
}

X509 *
trust_same(const struct trust *t, const X509 *x)
{
	size_t at = SIZE_MAX;
	X509 *other;

	while ((other = trust_next_by_subject(t, X509_get_subject_name(x),
		    &at)) != NULL)
		if (X509_cmp(other, x) == 0)
			return other;
	return NULL;
}

bool
trust_has(const struct trust *t, const struct x509_st *x)
{
	return trust_same(t, x) != NULL;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct trust_row *x = a, *y = b;

	return x->subject_hash < y->subject_hash ? -1
	    : x->subject_hash > y->subject_hash  ? 1
						 : X509_cmp(x->x, y->x);
}

/* Appends all of c; settle() sorts. */
static int
append(struct trust *t, const struct chain *c, struct err *err_r)
{
	size_t n = chain_count(c);

	if (t->n + n > LIMIT_CERT_LIST)
		return err_set(err_r, EX_DATAERR,
		    "%s: more than %d certificates in the trust store",
		    t->label, LIMIT_CERT_LIST);
	if (t->n + n > t->cap) {
		t->cap = (t->n + n) * 2;
		t->rows = mem_realloc(t->rows, t->cap, sizeof(*t->rows));
	}
	for (size_t i = 0; i < n; i++) {
		X509 *x = chain_x509(c, i);

		if (x == NULL)
			continue;
		(void)X509_up_ref(x);
		/* Decodes the extensions now, so that threads only read. */
		(void)X509_check_purpose(x, -1, 0);
		t->rows[t->n].x = x;
		t->rows[t->n++].subject_hash =
		    X509_NAME_hash_ex(X509_get_subject_name(x), NULL, NULL,
			NULL);
	}
	ERR_clear_error();
	return 0;
}

/* Sorts and drops repetitions. */
static void
settle(struct trust *t)
{
	size_t kept = 0;

	if (t->n > 1)
		qsort(t->rows, t->n, sizeof(*t->rows), compare_rows);
	for (size_t i = 0; i < t->n; i++) {
		if (kept > 0 &&
		    compare_rows(&t->rows[kept - 1], &t->rows[i]) == 0) {
			X509_free(t->rows[i].x);
			t->duplicates++;
		} else {
			t->rows[kept++] = t->rows[i];
		}
	}
	t->n = kept;
}

static int
load_one_file(struct trust *t, const char *path, struct err *err_r)
{
	struct chain *c = NULL;
	int rc = chain_load_file(path, &c, err_r);

	if (rc == 0)
		rc = append(t, c, err_r);
	chain_free(c);
	return rc;
}

static int
load_directory(struct trust *t, const char *path, struct err *err_r)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;
		struct buf name;

		buf_init(&name, 8192);
		buf_addf(&name, "%s/%s", path, entry->d_name);
		if (name.is_full || stat(buf_str(&name), &st) != 0 ||
		    (!S_ISDIR(st.st_mode) &&
			(!S_ISREG(st.st_mode) ||
			    load_one_file(t, buf_str(&name), NULL) != 0)))
			t->passed_over++;
		buf_free(&name);
	}
	(void)closedir(dir);
	if (t->n == 0)
		return err_set(err_r, EX_DATAERR,
		    "%s: no certificate in any file of this directory", path);
	return 0;
}

int
trust_load(const char *path, struct trust **trust_r, struct err *err_r)
{
	struct trust *t = trust_new(path);
	struct stat st;
	int rc;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		rc = load_directory(t, path, err_r);
	else
		rc = load_one_file(t, path, err_r);
	if (rc != 0) {
		trust_free(t);
		return -1;
	}
	settle(t);
	*trust_r = t;
	return 0;
}

static bool
is_empty_file(const char *path)
{
	struct buf bytes;
	bool is_empty;

	buf_init(&bytes, LIMIT_CERT_FILE);
	is_empty = strcmp(path, "-") != 0 &&
	    file_read(path, &bytes, NULL) == 0 &&
	    sv_trim(buf_sv(&bytes)).n == 0;
	buf_free(&bytes);
	return is_empty;
}

int
trust_load_given(const char *path, struct trust **trust_r, struct err *err_r)
{
	struct stat st;

	if (stat(path, &st) != 0 || S_ISDIR(st.st_mode) || !is_empty_file(path))
		return trust_load(path, trust_r, err_r);
	*trust_r = trust_new(path);
	return 0;
}

int
trust_load_bytes(struct sv bytes, const char *label, struct trust **trust_r,
    struct err *err_r)
{
	struct trust *t;
	struct chain *c;
	int rc;

	if (chain_load_bytes(bytes, label, &c, err_r) != 0)
		return -1;
	t = trust_new(label);
	rc = append(t, c, err_r);
	chain_free(c);
	if (rc != 0) {
		trust_free(t);
		return -1;
	}
	settle(t);
	*trust_r = t;
	return 0;
}

struct trust *
trust_from_chain(const struct chain *c)
{
	struct trust *t = trust_new("the given certificates");

	(void)append(t, c, NULL); /* a chain is never over the limit */
	settle(t);
	return t;
}

size_t
trust_count(const struct trust *t)
{
	return t->n;
}

size_t
trust_duplicates(const struct trust *t)
{
	return t->duplicates;
}

size_t
trust_passed_over(const struct trust *t)
{
	return t->passed_over;
}

const char *
trust_label(const struct trust *t)
{
	return t->label;
}

struct x509_st *
trust_x509(const struct trust *t, size_t i)
{
	return i < t->n ? t->rows[i].x : NULL;
}
