/* tlswarden: ctl/run - starts another program and reads what it prints.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "ctl/run.h"
#include "base/banned.h"

enum { RUN_PATH_BYTES = 512, RUN_CANNOT_EXEC = 127, RUN_GROUPS = 64 };

/* What the child takes on before it becomes the program. */
struct guise {
	const char *directory;
	FILE *input;
	bool has_user;
	uid_t uid;
	gid_t gid;
	gid_t groups[RUN_GROUPS];
	int n_groups;
};

/* One started program: its pid, and the ends of the pipes that we read. */
struct child {
	pid_t pid;
	int fds[2];
	int64_t deadline_msecs;
};

void
run_init(struct run *r, size_t max_out_bytes)
{
	buf_init(&r->out, max_out_bytes);
	buf_init(&r->err, RUN_ERR_MAX);
	r->exit_code = -1;
	r->directory = NULL;
	r->user = NULL;
	r->input = sv_make(NULL, 0);
}

void
run_done(struct run *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

static int64_t
clock_msecs(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Whether dir/name can be started; puts it into path. */
static bool
is_there(struct sv dir, const char *name, struct buf *path)
{
	buf_reset(path);
	buf_add(path, dir);
	buf_addf(path, "/%s", name);
	return !path->is_full && access(buf_str(path), X_OK) == 0;
}

/* The places of administrators' tools come first: the PATH of a person often
 * lacks them, and root should not start what a PATH of others names. */
static int
find_program(const char *name, struct buf *path, struct err *err_r)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/local/sbin",
		"/usr/local/bin", "/opt/postfix/sbin" };
	struct sv rest = sv_from(getenv("PATH")), dir;

	if (strchr(name, '/') != NULL) {
		buf_adds(path, name);
		if (!path->is_full && access(name, X_OK) == 0)
			return 0;
		return err_set(err_r, EX_UNAVAILABLE, "%s: %s", name,
		    strerror(errno));
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (is_there(sv_from(dirs[i]), name, path))
			return 0;
	while (sv_cut(&rest, ':', &dir))
		if (dir.n > 0 && dir.p[0] == '/' && is_there(dir, name, path))
			return 0;
	return err_set(err_r, EX_UNAVAILABLE,
	    "%s: there is no such program in /usr/sbin, /usr/local or PATH",
	    name);
}

/* As a daemon that becomes that user has its groups. */
static int
take_user(struct guise *g, const char *user, struct err *err_r)
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		return err_set(err_r, EX_NOUSER, "there is no user %s", user);
	g->uid = pw->pw_uid;
	g->gid = pw->pw_gid;
	g->n_groups = RUN_GROUPS;
	if (getgrouplist(user, g->gid, g->groups, &g->n_groups) < 0)
		return err_set(err_r, EX_OSERR, "user %s has too many groups",
		    user);
	g->has_user = true;
	return 0;
}

/* A file without a name, read from its start. */
static int
take_input(struct guise *g, struct sv input, struct err *err_r)
{
	g->input = tmpfile();
	if (g->input != NULL &&
	    fwrite(input.p, 1, input.n, g->input) == input.n &&
	    fflush(g->input) == 0 && fseek(g->input, 0, SEEK_SET) == 0)
		return 0;
	return err_set(err_r, EX_CANTCREAT, "a temporary file: %s",
	    strerror(errno));
}

static int
guise_init(struct guise *g, const struct run *r, struct err *err_r)
{
	memset(g, 0, sizeof(*g));
	g->directory = r->directory;
	if (r->user != NULL && take_user(g, r->user, err_r) != 0)
		return -1;
	return r->input.n > 0 ? take_input(g, r->input, err_r) : 0;
}

static void
guise_done(struct guise *g)
{
	if (g->input != NULL)
		(void)fclose(g->input);
}

static bool
become_user(const struct guise *g)
{
	return !g->has_user ||
	    (setgroups((size_t)g->n_groups, g->groups) == 0 &&
		setgid(g->gid) == 0 && setuid(g->uid) == 0);
}

/* In the child: nothing here may allocate or lock. */
static bool
put_on(const struct guise *g, int out, int err)
{
	int in =
	    g->input != NULL ? fileno(g->input) : open("/dev/null", O_RDONLY);

	if (in < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		return false;
	if (g->directory != NULL && chdir(g->directory) != 0)
		return false;
	return become_user(g);
}

static void
become(const char *path, const char *const argv[], const struct guise *g,
    int out, int err)
{
	union {
		const char *const *in;
		char *const *out;
	} words = { .in = argv };

	if (!put_on(g, out, err))
		_exit(RUN_CANNOT_EXEC);
	(void)signal(SIGPIPE, SIG_DFL);
	/* So that what it starts dies with it. */
	(void)setpgid(0, 0);
	(void)execv(path, words.out);
	_exit(RUN_CANNOT_EXEC);
}

static void
close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static int
start(const char *path, const char *const argv[], const struct guise *g,
    struct child *c, struct err *err_r)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		goto fail;
	c->pid = fork();
	if (c->pid < 0)
		goto fail;
	if (c->pid == 0)
		become(path, argv, g, out[1], err[1]);
	(void)close(out[1]);
	(void)close(err[1]);
	c->fds[0] = out[0];
	c->fds[1] = err[0];
	return 0;
fail:
	(void)err_set(err_r, EX_OSERR, "%s: %s", path, strerror(errno));
	close_pair(out);
	close_pair(err);
	return -1;
}

/* Takes what can be read; closes the pipe at its end. False when r->out would
 * go over its ceiling; what is too much for r->err is left out. */
static bool
take(struct child *c, int which, struct run *r)
{
	char chunk[8192];
	ssize_t n = read(c->fds[which], chunk, sizeof(chunk));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		(void)close(c->fds[which]);
		c->fds[which] = -1;
		return true;
	}
	if (which != 0) {
		size_t room = r->err.max - r->err.n;

		buf_add(&r->err, sv_head(sv_make(chunk, (size_t)n), room));
		return true;
	}
	buf_add(&r->out, sv_make(chunk, (size_t)n));
	return !r->out.is_full;
}

/* Reads both pipes to their ends. */
static int
read_all(struct child *c, const char *path, struct run *r, struct err *err_r)
{
	while (c->fds[0] >= 0 || c->fds[1] >= 0) {
		struct pollfd p[2] = { { .fd = c->fds[0], .events = POLLIN },
			{ .fd = c->fds[1], .events = POLLIN } };
		int64_t left = c->deadline_msecs - clock_msecs();

		if (left <= 0)
			return err_set(err_r, EX_TEMPFAIL,
			    "%s: did not end in time and was killed", path);
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return err_set(err_r, EX_OSERR, "%s: poll: %s", path,
			    strerror(errno));
		for (int i = 0; i < 2; i++)
			if (p[i].fd >= 0 && p[i].revents != 0 && !take(c, i, r))
				return err_set(err_r, EX_DATAERR,
				    "%s: printed more than the %zu bytes that "
				    "are read",
				    path, r->out.max);
	}
	return 0;
}

/* Both pipes are closed, so it has ended or is about to. */
static int
reap(struct child *c, bool is_to_die, int *status_r)
{
	const struct timespec step = { .tv_nsec = 5000000 };

	for (;;) {
		pid_t pid;

		if (is_to_die || clock_msecs() >= c->deadline_msecs) {
			(void)kill(-c->pid, SIGKILL);
			(void)kill(c->pid, SIGKILL);
		}
		pid = waitpid(c->pid, status_r, is_to_die ? 0 : WNOHANG);
		if (pid == c->pid)
			return 0;
		if (pid < 0 && errno != EINTR)
			return -1;
		if (pid == 0)
			(void)nanosleep(&step, NULL);
	}
}

int
run_program(const char *const argv[], int timeout_msecs, struct run *r,
    struct err *err_r)
{
	struct child c = { .fds = { -1, -1 } };
	struct guise g;
	struct buf path;
	int rc = -1, status = 0;

	buf_init(&path, RUN_PATH_BYTES);
	if (guise_init(&g, r, err_r) != 0 ||
	    find_program(argv[0], &path, err_r) != 0)
		goto out;
	c.deadline_msecs = clock_msecs() + timeout_msecs;
	if (start(buf_str(&path), argv, &g, &c, err_r) != 0)
		goto out;
	rc = read_all(&c, buf_str(&path), r, err_r);
	if (reap(&c, rc != 0, &status) != 0)
		rc = err_set(err_r, EX_OSERR, "%s: %s", buf_str(&path),
		    strerror(errno));
	if (rc == 0 && !WIFEXITED(status))
		rc = err_set(err_r, EX_SOFTWARE, "%s: ended by signal %d",
		    buf_str(&path), WTERMSIG(status));
	if (rc == 0)
		r->exit_code = WEXITSTATUS(status);
out:
	close_pair(c.fds);
	guise_done(&g);
	buf_free(&path);
	return rc;
}

struct sv
run_last_words(const struct run *r)
{
	struct sv said = sv_trim(buf_sv(&r->err));
	size_t end = sv_rfind(said, '\n');

	return end < said.n ? sv_skip(said, end + 1) : said;
}

int
run_as(const char *user, int (*fn)(const void *arg), const void *arg,
    struct err *err_r)
{
	struct run r = { .user = user };
	struct guise g;
	int status = 0;
	pid_t pid;

	if (guise_init(&g, &r, err_r) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		_exit(become_user(&g) ? fn(arg) : RUN_CANNOT_EXEC);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			pid = -1;
	if (pid < 0)
		return err_set(err_r, EX_OSERR, "a process: %s",
		    strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) == RUN_CANNOT_EXEC)
		return err_set(err_r, EX_OSERR, "it cannot be tried as user %s",
		    user != NULL ? user : "");
	return WEXITSTATUS(status);
}
