/* tlswarden: ctl/annotate_read - lines of a log, which may grow.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory is bounded whatever the file is: of a line that is longer than
 * ANNOTATE_LINE the rest is passed over. A log that was moved away or cut, as
 * logrotate(8) does, is opened anew.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "base/mem.h"
#include "ctl/annotate.h"
#include "base/banned.h"

enum { CHUNK_BYTES = 1 << 18 };

/* Room for a line that is too long, and what was read behind it. */
enum { BUFFER_BYTES = ANNOTATE_LINE + CHUNK_BYTES };

struct tail {
	const char *path;
	int fd;
	bool follows;
	char *p;
	size_t n;         /* bytes in p, of a line without its end */
	bool is_too_long; /* the rest of that line is passed over */
	annotate_line_fn *fn;
	void *arg;
};

static void
give(struct tail *t, struct sv line)
{
	if (!t->is_too_long)
		t->fn(t->arg, sv_head(line, ANNOTATE_LINE));
	t->is_too_long = false;
}

/* Gives the lines that are complete; keeps the start of the next. */
static void
take_lines(struct tail *t)
{
	struct sv rest = sv_make(t->p, t->n);

	for (;;) {
		size_t end = sv_find(rest, '\n');

		if (end == rest.n)
			break;
		give(t, sv_head(rest, end));
		rest = sv_skip(rest, end + 1);
	}
	if (rest.n > ANNOTATE_LINE) {
		give(t, rest);
		t->is_too_long = true;
		rest.n = 0;
	}
	if (t->is_too_long)
		rest.n = 0;
	memmove(t->p, rest.p, rest.n);
	t->n = rest.n;
}

/* The last line may lack its end. */
static void
take_rest(struct tail *t)
{
	if (t->n > 0)
		give(t, sv_make(t->p, t->n));
	t->n = 0;
	t->is_too_long = false;
}

/* Another file is at the path, or the file is shorter than what was read. */
static bool
was_rotated(const struct tail *t)
{
	off_t at = lseek(t->fd, 0, SEEK_CUR);
	struct stat now, here;

	if (stat(t->path, &now) != 0 || fstat(t->fd, &here) != 0)
		return false;
	return now.st_dev != here.st_dev || now.st_ino != here.st_ino ||
	    (at > 0 && here.st_size < at);
}

/* Waits until there is more; false ends it: a signal came. */
static bool
wait_for_more(struct tail *t)
{
	static const struct timespec pause = { .tv_nsec = 250000000 };
	int fd;

	if (nanosleep(&pause, NULL) != 0)
		return false;
	if (!was_rotated(t))
		return true;
	fd = open(t->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		take_rest(t);
		(void)close(t->fd);
		t->fd = fd;
	}
	return true;
}

static int
read_on(struct tail *t, struct err *err_r)
{
	for (;;) {
		ssize_t n = read(t->fd, t->p + t->n, BUFFER_BYTES - t->n);

		if (n > 0) {
			t->n += (size_t)n;
			take_lines(t);
		} else if (n < 0 && errno != EINTR) {
			return err_set(err_r, EX_IOERR, "%s: %s", t->path,
			    strerror(errno));
		} else if (n == 0 && (!t->follows || !wait_for_more(t))) {
			take_rest(t);
			return 0;
		}
	}
}

int
annotate_read(const char *path, bool follows, annotate_line_fn *fn, void *arg,
    struct err *err_r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct tail t = { .path = path,
		.fd =
		    is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
		.follows = follows && !is_stdin,
		.fn = fn,
		.arg = arg };
	int rc;

	if (t.fd < 0)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	t.p = mem_alloc(BUFFER_BYTES);
	rc = read_on(&t, err_r);
	free(t.p);
	if (!is_stdin)
		(void)close(t.fd);
	return rc;
}
