/* tlswarden: tests/unit/policy_fixture.c - policy databases for unit tests.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "policy_fixture.h"
#include "store/policy_init.h"

enum { NOBODY = 65534 };

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "fixture: %s: %s\n", what, why);
	abort();
}

void
fixture_init(struct fixture *f)
{
	struct policy_init_result result;
	struct err err;

	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/tlswarden.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		die(f->folder, strerror(errno));
	(void)snprintf(f->policy, sizeof(f->policy), "%s/policy.db", f->folder);
	(void)snprintf(f->last_good, sizeof(f->last_good),
	    "%s/policy.last-good", f->folder);
	(void)snprintf(f->state, sizeof(f->state), "%s/state.db", f->folder);
	if (policy_init(f->policy, (gid_t)-1, &result, &err) != 0)
		die(f->policy, err.text);
}

void
fixture_done(struct fixture *f)
{
	DIR *d = opendir(f->folder);
	struct dirent *e;

	if (d == NULL)
		die(f->folder, strerror(errno));
	while ((e = readdir(d)) != NULL)
		if (unlinkat(dirfd(d), e->d_name, 0) != 0)
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	(void)closedir(d);
	(void)rmdir(f->folder);
}

struct sqlite3 *
fixture_open(const char *path)
{
	struct sqlite3 *sq = NULL;

	if (sqlite3_open_v2(path, &sq, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		die(path, sqlite3_errmsg(sq));
	return sq;
}

void
fixture_exec(struct sqlite3 *sq, const char *sql)
{
	if (sqlite3_exec(sq, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(sq));
}

void
fixture_close(struct sqlite3 *sq)
{
	if (sqlite3_close(sq) != SQLITE_OK)
		die("close", sqlite3_errmsg(sq));
}

bool
fixture_try_sql(const char *path, const char *sql)
{
	struct sqlite3 *sq = fixture_open(path);
	int rc = sqlite3_exec(sq, sql, NULL, NULL, NULL);

	fixture_close(sq);
	return rc == SQLITE_OK;
}

void
fixture_sql(const char *path, const char *sql)
{
	struct sqlite3 *sq = fixture_open(path);

	fixture_exec(sq, sql);
	fixture_close(sq);
}

unsigned char *
fixture_read(const char *path, size_t *n_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	unsigned char *bytes;

	if (fd < 0 || fstat(fd, &sb) != 0)
		die(path, strerror(errno));
	bytes = mem_alloc((size_t)sb.st_size);
	if (read(fd, bytes, (size_t)sb.st_size) != sb.st_size)
		die(path, "short read");
	(void)close(fd);
	*n_r = (size_t)sb.st_size;
	return bytes;
}

void
fixture_write(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		die(path, strerror(errno));
	(void)close(fd);
}

static void
crash(const char *path)
{
	struct sqlite3 *sq = fixture_open(path);

	/* A cache of one page spills what it holds into the file. */
	fixture_exec(sq, "PRAGMA cache_size=1");
	fixture_exec(sq, "BEGIN");
	fixture_exec(sq, "UPDATE policy SET comment = comment || 'crashed'");
	_exit(0);
}

void
fixture_crash(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		crash(path);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("crash", "child failed");
}

int
fixture_as_nobody(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 ||
		    setuid(NOBODY) != 0)
			_exit(99);
		_exit(fn(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("as nobody", "child failed");
	return WEXITSTATUS(status);
}
