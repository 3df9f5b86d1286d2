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

enum {
	PATH_BYTES = 4096,
	COPY_BYTES = 4096 + 64,
	FILE_BYTES = 16 << 20,
	SECONDS_TRIED = 60,
	STAMP_BYTES = 96
};

/* In this order they are copied and put back, so that the copy of main.cf is
 * there as long as something is to be put back, and only then. */
static const char *const names[] = { "master.cf", "main.cf" };

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

/* With owner and mode of the original; whole or not at all. */
static int
copy(const char *from, const char *to, struct err *err_r)
{
	char part[COPY_BYTES + 8];
	struct stat sb;
	struct buf bytes;
	int fd = -1, rc = -1;

	buf_init(&bytes, FILE_BYTES);
	if (file_read(from, &bytes, err_r) != 0)
		goto out;
	(void)snprintf(part, sizeof(part), "%s.part", to);
	(void)unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd < 0 || stat(from, &sb) != 0 ||
	    fchown(fd, sb.st_uid, sb.st_gid) != 0 ||
	    fchmod(fd, sb.st_mode & 07777) != 0 ||
	    write_all(fd, buf_sv(&bytes)) != 0 || rename(part, to) != 0)
		(void)err_set(err_r, EX_CANTCREAT, "%s: %s", to,
		    strerror(errno));
	else
		rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 && rc != 0)
		(void)unlink(part);
	buf_free(&bytes);
	return rc;
}

/* dir/NAME and the same with the copy's end. */
static void
name_both(char from[static PATH_BYTES], char to[static COPY_BYTES],
    const char *dir, const char *name, const char *end)
{
	(void)snprintf(from, PATH_BYTES, "%s/%s", dir, name);
	(void)snprintf(to, COPY_BYTES, "%s/%s%s", dir, name, end);
}

static int
copy_all(const char *dir, const char *end, struct err *err_r)
{
	char from[PATH_BYTES], to[COPY_BYTES];

	for (size_t i = 0; i < N_NAMES; i++) {
		name_both(from, to, dir, names[i], end);
		if (copy(from, to, err_r) == 0)
			continue;
		while (i-- > 0) {
			name_both(from, to, dir, names[i], end);
			(void)unlink(to);
		}
		return -1;
	}
	return 0;
}

static bool
is_free(const char *dir, const char *end)
{
	char from[PATH_BYTES], to[COPY_BYTES];
	bool is_there = false;

	for (size_t i = 0; i < N_NAMES; i++) {
		name_both(from, to, dir, names[i], end);
		is_there |= access(to, F_OK) == 0;
	}
	return !is_there;
}

int
setup_keep(const char *dir, int64_t now, struct buf *stamp, struct err *err_r)
{
	char end[64];
	struct tm tm;

	for (time_t t = (time_t)now; t < now + SECONDS_TRIED; t++) {
		if (gmtime_r(&t, &tm) == NULL ||
		    strftime(end, sizeof(end), ".tlswarden-%Y%m%dT%H%M%SZ",
			&tm) == 0)
			return err_set(err_r, EX_SOFTWARE,
			    "the time cannot be told");
		if (is_free(dir, end))
			break;
	}
	if (copy_all(dir, end, err_r) != 0)
		return -1;
	buf_adds(stamp, end);
	return 0;
}

/* The end of the note beside a copy. */
static const char *
note_end(const struct buf *stamp, char end[static STAMP_BYTES])
{
	(void)snprintf(end, STAMP_BYTES, "%.*s-after", SV_ARG(buf_sv(stamp)));
	return end;
}

int
setup_note(const char *dir, const struct buf *stamp, struct err *err_r)
{
	char end[STAMP_BYTES];

	return copy_all(dir, note_end(stamp, end), err_r);
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

static bool
is_kept(const char *dir, const char *name, const struct buf *stamp)
{
	char path[PATH_BYTES], kept[COPY_BYTES];

	name_both(path, kept, dir, name, buf_sv(stamp).p);
	return access(kept, F_OK) == 0 || errno != ENOENT;
}

int
setup_put_back(const char *dir, const struct buf *stamp, struct err *err_r)
{
	char path[PATH_BYTES], kept[COPY_BYTES];

	for (size_t i = 0; i < N_NAMES; i++) {
		if (!is_kept(dir, names[i], stamp))
			continue;
		name_both(path, kept, dir, names[i], ".tlswarden-undone");
		if (copy(path, kept, err_r) != 0)
			return -1;
	}
	for (size_t i = 0; i < N_NAMES; i++) {
		name_both(path, kept, dir, names[i], buf_sv(stamp).p);
		if (is_kept(dir, names[i], stamp) && rename(kept, path) != 0)
			return err_set(err_r, EX_CANTCREAT, "%s: %s", path,
			    strerror(errno));
	}
	return 0;
}

/* True if both can be read and are the same, or there is no note: then nothing
 * is known. */
static bool
is_unchanged(const char *path, const char *note)
{
	struct buf a, b;
	bool is_same;

	buf_init(&a, FILE_BYTES);
	buf_init(&b, FILE_BYTES);
	is_same = access(note, F_OK) != 0 ||
	    (file_read(path, &a, NULL) == 0 && file_read(note, &b, NULL) == 0 &&
		sv_eq(buf_sv(&a), buf_sv(&b)));
	buf_free(&a);
	buf_free(&b);
	return is_same;
}

static bool
is_older(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* True if the copy of master.cf was put back by a run that was interrupted
 * before main.cf: that run has left what was there, which is as setup noted it,
 * and not from an earlier one. */
static bool
was_put_back(const char *dir, const struct buf *stamp)
{
	char path[PATH_BYTES], undone[COPY_BYTES], note[COPY_BYTES];
	char kept[COPY_BYTES], end[STAMP_BYTES];
	struct stat then, now;

	name_both(path, kept, dir, "main.cf", buf_sv(stamp).p);
	name_both(path, note, dir, "master.cf", note_end(stamp, end));
	name_both(path, undone, dir, "master.cf", ".tlswarden-undone");
	/* Without a note setup was killed behind its copies. */
	return (stat(note, &then) == 0 || stat(kept, &then) == 0) &&
	    stat(undone, &now) == 0 && !is_older(&now, &then) &&
	    is_unchanged(undone, note);
}

/* A copy that somebody took away is not one that is back. */
static int
need_copies(const char *dir, const struct buf *stamp, bool *has_master_r,
    struct err *err_r)
{
	struct sv end = buf_sv(stamp);

	*has_master_r = is_kept(dir, "master.cf", stamp);
	if (*has_master_r || was_put_back(dir, stamp))
		return 0;
	return err_set(err_r, EX_NOINPUT,
	    "%s/master.cf%.*s is not there any more; nothing was put back: "
	    "bring it back, or by hand copy main.cf%.*s to main.cf and take "
	    "out of master.cf what setup put in",
	    dir, SV_ARG(end), SV_ARG(end));
}

int
setup_undo(const char *dir, struct buf *stamp, bool *has_master_r,
    struct err *err_r)
{
	char path[PATH_BYTES], note[COPY_BYTES], end[STAMP_BYTES];

	if (newest(dir, stamp, err_r) != 0 ||
	    need_copies(dir, stamp, has_master_r, err_r) != 0)
		return -1;
	(void)note_end(stamp, end);
	for (size_t i = 0; i < N_NAMES; i++) {
		name_both(path, note, dir, names[i], end);
		if (is_kept(dir, names[i], stamp) && !is_unchanged(path, note))
			return err_set(err_r, EX_DATAERR,
			    "%s was changed after setup, which would be lost; "
			    "nothing was put back: see diff -u %s%.*s %s, and "
			    "copy by hand what you want",
			    path, path, SV_ARG(buf_sv(stamp)), path);
	}
	if (setup_put_back(dir, stamp, err_r) != 0)
		return -1;
	for (size_t i = 0; i < N_NAMES; i++) {
		name_both(path, note, dir, names[i], end);
		(void)unlink(note);
	}
	return 0;
}
