/* tlswarden: policyd/cafiles - the PEM files that tafile= names.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The time since when a file is not named any more is its modification time:
 * it is set when a load names the file, so it survives a restart.
 */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cafiles.h"

enum {
	HASH_DIGITS = 64, /* SHA-256 */
	NAME_MAX_BYTES = HASH_DIGITS + sizeof(".pem"),
};

struct cafiles {
	char *directory;
	int fd;
	pthread_mutex_t lock;
	char (*names)[NAME_MAX_BYTES]; /* that the last load named */
	size_t n_names;
};

struct cafiles *
cafiles_new(const char *directory)
{
	struct cafiles *cf = mem_zalloc(1, sizeof(*cf));
	int rc = pthread_mutex_init(&cf->lock, NULL);

	assert(rc == 0);
	cf->directory = mem_strdup(directory);
	cf->fd = -1;
	return cf;
}

void
cafiles_free(struct cafiles *cf)
{
	if (cf == NULL)
		return;
	if (cf->fd >= 0)
		(void)close(cf->fd);
	(void)pthread_mutex_destroy(&cf->lock);
	free(cf->names);
	free(cf->directory);
	free(cf);
}

/* Opened anew for each use: somebody may have put another in its place. */
static bool
open_directory(struct cafiles *cf)
{
	if (cf->fd >= 0)
		(void)close(cf->fd);
	cf->fd = open(cf->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cf->fd >= 0;
}

static int
make_directory(struct cafiles *cf, struct err *err_r)
{
	if (mkdir(cf->directory, 0755) == 0)
		(void)chmod(cf->directory, 0755); /* whatever the umask */
	else if (errno != EEXIST)
		return err_set(err_r, EX_CANTCREAT,
		    "cannot make ca_directory %s: %s: make it for the user of "
		    "tlswarden.conf, or give another one there (Sendmail does "
		    "not read it)",
		    cf->directory, strerror(errno));
	if (!open_directory(cf))
		return err_set(err_r, EX_NOPERM,
		    "cannot use ca_directory %s: %s", cf->directory,
		    strerror(errno));
	return 0;
}

/* "HASH.pem"; a hash that is none would be a path of somebody's choice. */
static int
make_name(const struct load_ca *ca, char name[static NAME_MAX_BYTES],
    struct err *err_r)
{
	for (size_t i = 0; i < ca->hash.n; i++)
		if (sv_hex(ca->hash.p[i]) < 0)
			return err_set(err_r, EX_SOFTWARE, "no hash");
	if (ca->hash.n != HASH_DIGITS)
		return err_set(err_r, EX_SOFTWARE, "no hash");
	(void)snprintf(name, NAME_MAX_BYTES, "%.*s.pem", SV_ARG(ca->hash));
	return 0;
}

/* True if the file holds exactly pem. */
static bool
is_whole(const struct cafiles *cf, const char *name, struct sv pem)
{
	int fd = openat(cf->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char block[4096];
	size_t at = 0;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while ((n = read(fd, block, sizeof(block))) > 0) {
		if ((size_t)n > pem.n - at ||
		    memcmp(block, pem.p + at, (size_t)n) != 0)
			break;
		at += (size_t)n;
	}
	(void)close(fd);
	return n == 0 && at == pem.n;
}

static int
write_all(int fd, struct sv pem)
{
	while (pem.n > 0) {
		ssize_t n = write(fd, pem.p, pem.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		pem = sv_skip(pem, (size_t)n);
	}
	/* The rename must not reach the disk before the content. */
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -1 : 0;
}

/* Under another name first, so that smtp(8) never reads half a file. */
static int
write_file(const struct cafiles *cf, const char *name, struct sv pem,
    struct err *err_r)
{
	static const char temporary[] = ".new";
	int fd, rc;

	(void)unlinkat(cf->fd, temporary, 0);
	fd = openat(cf->fd, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	rc = fd < 0 ? -1 : write_all(fd, pem);
	if (rc == 0)
		rc = renameat(cf->fd, temporary, cf->fd, name);
	if (rc < 0)
		err_set(err_r, EX_CANTCREAT, "cannot write %s/%s: %s",
		    cf->directory, name, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	if (rc < 0)
		(void)unlinkat(cf->fd, temporary, 0);
	return rc;
}

/* Notes that the file is in use now. */
static void
touch(const struct cafiles *cf, const char *name, int64_t now_secs)
{
	const struct timespec times[2] = {
		{ .tv_sec = (time_t)now_secs },
		{ .tv_sec = (time_t)now_secs },
	};

	(void)utimensat(cf->fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static int
write_named(struct cafiles *cf, const struct load_ca *ca,
    char name[static NAME_MAX_BYTES], int64_t now_secs, struct err *err_r)
{
	if (make_name(ca, name, err_r) < 0 ||
	    (!is_whole(cf, name, ca->pem) &&
		write_file(cf, name, ca->pem, err_r) < 0))
		return err_prefix(err_r, "ca %.*s",
		    SV_ARG(sv_head(ca->name, 128)));
	touch(cf, name, now_secs);
	return 0;
}

int
cafiles_write(struct cafiles *cf, const struct load_ca *cas, size_t n_cas,
    int64_t now_secs, struct err *err_r)
{
	char(*names)[NAME_MAX_BYTES] = mem_zalloc(n_cas + 1, sizeof(*names));
	int rc = pthread_mutex_lock(&cf->lock);

	assert(rc == 0);
	if (n_cas > 0)
		rc = make_directory(cf, err_r);
	for (size_t i = 0; i < n_cas && rc == 0; i++)
		rc = write_named(cf, &cas[i], names[i], now_secs, err_r);
	/* What the snapshot before this one named is in use until now. */
	for (size_t i = 0; i < cf->n_names && cf->fd >= 0; i++)
		touch(cf, cf->names[i], now_secs);
	if (rc == 0) {
		free(cf->names);
		cf->names = names;
		cf->n_names = n_cas;
		names = NULL;
	}
	(void)pthread_mutex_unlock(&cf->lock);
	free(names);
	return rc;
}

static bool
is_named(const struct cafiles *cf, const char *name)
{
	for (size_t i = 0; i < cf->n_names; i++)
		if (strcmp(cf->names[i], name) == 0)
			return true;
	return false;
}

/* Only names that we could have made: the directory may hold others. */
static bool
is_ours(const char *name)
{
	size_t digits = 0;

	while (sv_hex(name[digits]) >= 0)
		digits++;
	return digits == HASH_DIGITS && strcmp(name + digits, ".pem") == 0;
}

static void
sweep_one(const struct cafiles *cf, const char *name, int64_t now_secs)
{
	struct stat st;

	if (!is_ours(name) || is_named(cf, name))
		return;
	if (fstatat(cf->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    now_secs - (int64_t)st.st_mtime < CAFILES_GRACE_SECS)
		return;
	(void)unlinkat(cf->fd, name, 0);
}

void
cafiles_sweep(struct cafiles *cf, int64_t now_secs)
{
	int rc = pthread_mutex_lock(&cf->lock);
	DIR *dir = NULL;
	struct dirent *e;

	assert(rc == 0);
	if (open_directory(cf))
		dir = opendir(cf->directory);
	while (dir != NULL && (e = readdir(dir)) != NULL)
		sweep_one(cf, e->d_name, now_secs);
	if (dir != NULL)
		(void)closedir(dir);
	(void)pthread_mutex_unlock(&cf->lock);
}
