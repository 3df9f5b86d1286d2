/* tlswarden: ctl/setup_copy - copies of main.cf and master.cf.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "ctl/setup.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096, FILE_BYTES = 16 << 20 };

static const char *const names[] = { "main.cf", "master.cf" };

enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

static int
write_all(int fd, struct sv v)
{
	while (v.n > 0) {
		ssize_t n = write(fd, v.p, v.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		v = sv_skip(v, (size_t)n);
	}
	return fsync(fd);
}

/* With owner and mode of the original. */
static int
copy(const char *from, const char *to, struct err *err_r)
{
	struct stat sb;
	struct buf bytes;
	int fd = -1, rc = -1;

	buf_init(&bytes, FILE_BYTES);
	if (file_read(from, &bytes, err_r) != 0)
		goto out;
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd < 0 || stat(from, &sb) != 0 ||
	    fchown(fd, sb.st_uid, sb.st_gid) != 0 ||
	    fchmod(fd, sb.st_mode & 07777) != 0 ||
	    write_all(fd, buf_sv(&bytes)) != 0)
		(void)err_set(err_r, EX_CANTCREAT, "%s: %s", to,
		    strerror(errno));
	else
		rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	buf_free(&bytes);
	return rc;
}

int
setup_keep(const char *dir, int64_t now, struct buf *stamp, struct err *err_r)
{
	time_t t = (time_t)now;
	char end[64], from[PATH_BYTES], to[PATH_BYTES + 64];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(end, sizeof(end), ".tlswarden-%Y%m%dT%H%M%SZ", &tm) == 0)
		return err_set(err_r, EX_SOFTWARE, "the time cannot be told");
	for (size_t i = 0; i < N_NAMES; i++) {
		(void)snprintf(from, sizeof(from), "%s/%s", dir, names[i]);
		(void)snprintf(to, sizeof(to), "%s%s", from, end);
		if (copy(from, to, err_r) != 0)
			return -1;
	}
	buf_adds(stamp, end);
	return 0;
}

/* The names sort by time. */
static int
newest(const char *dir, struct buf *stamp, struct err *err_r)
{
	char pattern[PATH_BYTES];
	glob_t g = { .gl_pathc = 0 };
	int rc = -1;

	(void)snprintf(pattern, sizeof(pattern), "%s/main.cf.tlswarden-[0-9]*Z",
	    dir);
	if (glob(pattern, 0, NULL, &g) == 0 && g.gl_pathc > 0) {
		struct sv last = sv_from(g.gl_pathv[g.gl_pathc - 1]);

		buf_add(stamp, sv_skip(last, strlen(dir) + strlen("/main.cf")));
		rc = 0;
	} else {
		(void)err_set(err_r, EX_NOINPUT,
		    "%s: there is no copy of main.cf to put back", dir);
	}
	globfree(&g);
	return rc;
}

int
setup_put_back(const char *dir, struct buf *stamp, struct err *err_r)
{
	char path[PATH_BYTES], kept[PATH_BYTES + 64], undone[PATH_BYTES + 64];

	if (stamp->n == 0 && newest(dir, stamp, err_r) != 0)
		return -1;
	for (size_t i = 0; i < N_NAMES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)snprintf(kept, sizeof(kept), "%s%s", path,
		    buf_str(stamp));
		(void)snprintf(undone, sizeof(undone), "%s.tlswarden-undone",
		    path);
		(void)unlink(undone);
		if (access(kept, R_OK) != 0)
			return err_set(err_r, EX_NOINPUT, "%s: %s", kept,
			    strerror(errno));
		if (copy(path, undone, err_r) != 0)
			return -1;
		if (rename(kept, path) != 0)
			return err_set(err_r, EX_CANTCREAT, "%s: %s", path,
			    strerror(errno));
	}
	return 0;
}
