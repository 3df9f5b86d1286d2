/* tlswarden: ctl/reload - tells the running daemons to read everything anew.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * There are no pid files. Whoever listens on a configured unix socket is told
 * by the kernel (SO_PEERCRED of a connection: the process that called
 * listen(2)); it gets SIGUSR1 when its program is one of ours.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "base/banned.h"

enum { FOUND_MAX = 64, PROGRAM_MAX = 256 };

enum outcome {
	OUTCOME_UNKNOWN = 0,
	OUTCOME_TOLD,
	OUTCOME_ABSENT,  /* nobody listens there */
	OUTCOME_FOREIGN, /* another program listens there */
	OUTCOME_INET,    /* the kernel does not say whose it is */
	OUTCOME_FAILED
};

/* One listener of the configuration. */
struct found {
	char where[ENDPOINT_TEXT_MAX];
	enum outcome outcome;
	pid_t pid;
	char program[PROGRAM_MAX];
	int error; /* errno of OUTCOME_FAILED */
};

struct reload {
	struct found found[FOUND_MAX];
	size_t n;
};

static const char *
outcome_word(enum outcome o)
{
	switch (o) {
	case OUTCOME_TOLD:
		return "told";
	case OUTCOME_ABSENT:
		return "not running";
	case OUTCOME_FOREIGN:
		return "another program";
	case OUTCOME_INET:
		return "unknown";
	case OUTCOME_FAILED:
	case OUTCOME_UNKNOWN:
		return "failed";
	}
	return "failed";
}

/* The process that listens on the socket; 0 when it cannot be told, with
 * *error_r. */
static pid_t
listener_pid(const char *path, int *error_r)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct ucred who = { .pid = 0 };
	socklen_t n = sizeof(who);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*error_r = 0;
	if (fd == -1) {
		*error_r = errno;
		return 0;
	}
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		*error_r = errno;
	(void)close(fd);
	/* The kernel shows 0 for a process of another pid namespace. */
	if (*error_r == 0 && who.pid <= 0)
		*error_r = ESRCH;
	return *error_r == 0 ? who.pid : 0;
}

/* The file name of a process's program into name_r. */
static int
program_of(pid_t pid, char name_r[PROGRAM_MAX])
{
	static const char gone[] = " (deleted)"; /* replaced by an upgrade */
	char link[64], path[PROGRAM_MAX];
	ssize_t n;
	struct sv v;

	(void)snprintf(link, sizeof(link), "/proc/%jd/exe", (intmax_t)pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return errno;
	v = sv_make(path, (size_t)n);
	if (sv_ends(v, sv_from(gone)))
		v.n -= sizeof(gone) - 1;
	if (sv_rfind(v, '/') < v.n)
		v = sv_skip(v, sv_rfind(v, '/') + 1);
	(void)snprintf(name_r, PROGRAM_MAX, "%.*s", SV_ARG(v));
	return 0;
}

static bool
is_told_already(const struct reload *r, pid_t pid)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->found[i].outcome == OUTCOME_TOLD &&
		    r->found[i].pid == pid)
			return true;
	return false;
}

static enum outcome
tell(const struct reload *r, const struct endpoint *ep, const char *program,
    struct found *f)
{
	if (ep->kind != ENDPOINT_UNIX)
		return OUTCOME_INET;
	f->pid = listener_pid(ep->path, &f->error);
	if (f->error == ENOENT || f->error == ECONNREFUSED)
		return OUTCOME_ABSENT;
	if (f->error == 0)
		f->error = program_of(f->pid, f->program);
	if (f->error != 0)
		return OUTCOME_FAILED;
	if (strcmp(f->program, program) != 0)
		return OUTCOME_FOREIGN;
	if (is_told_already(r, f->pid))
		return OUTCOME_TOLD;
	if (kill(f->pid, SIGUSR1) != 0) {
		f->error = errno;
		return OUTCOME_FAILED;
	}
	return OUTCOME_TOLD;
}

static void
tell_all(struct reload *r, const struct conf_endpoints *list,
    const char *program)
{
	for (size_t i = 0; i < list->n && r->n < FOUND_MAX; i++) {
		struct found *f = &r->found[r->n];
		struct buf where;

		memset(f, 0, sizeof(*f));
		buf_init(&where, sizeof(f->where) - 1);
		endpoint_format(&list->v[i], &where);
		(void)snprintf(f->where, sizeof(f->where), "%s",
		    buf_str(&where));
		buf_free(&where);
		f->outcome = tell(r, &list->v[i], program, f);
		if (f->program[0] == '\0')
			(void)snprintf(f->program, sizeof(f->program), "%s",
			    program);
		r->n++;
	}
}

static const char *
advice(const struct found *f)
{
	switch (f->outcome) {
	case OUTCOME_TOLD:
		return "told to reload; its log says what came of it";
	case OUTCOME_ABSENT:
		return "nobody listens";
	case OUTCOME_FOREIGN:
		return "this program listens there, it was left alone; "
		       "with socket activation use the service manager";
	case OUTCOME_INET:
		return "who listens on a port cannot be told; use the "
		       "service manager or kill -USR1";
	case OUTCOME_FAILED:
	case OUTCOME_UNKNOWN:
		break;
	}
	return f->error == ESRCH
	    ? "runs in another pid namespace: run this command in there"
	    : strerror(f->error);
}

static void
print_text(const struct app *app, const struct reload *r)
{
	static const char *const heads[] = { "PROGRAM", "PID", "SOCKET",
		"RESULT" };
	struct table t;

	table_init(&t, heads, 4);
	for (size_t i = 0; i < r->n; i++) {
		const struct found *f = &r->found[i];

		table_str(&t, f->program);
		if (f->pid > 0)
			table_number(&t, f->pid);
		else
			table_str(&t, "-");
		table_str(&t, f->where);
		table_str(&t, advice(f));
	}
	table_done(&t, app);
}

static void
print_json(const struct reload *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct found *f = &r->found[i];
		json_t *o = json_object();

		out_json_set(o, "program", out_json_str(f->program));
		out_json_set(o, "pid",
		    f->pid > 0 ? json_integer(f->pid) : json_null());
		out_json_set(o, "socket", out_json_str(f->where));
		out_json_set(o, "result",
		    out_json_str(outcome_word(f->outcome)));
		out_json_set(o, "text", out_json_str(advice(f)));
		out_json_add(list, o);
	}
	out_json(list);
}

static int
exit_code(const struct reload *r, struct err *err_r)
{
	bool is_told = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct found *f = &r->found[i];

		if (f->outcome == OUTCOME_FAILED) {
			err_set(err_r,
			    f->error == EPERM || f->error == EACCES ? EX_NOPERM
								    : EX_OSERR,
			    "%s: %s%s", f->where, advice(f),
			    f->error == EPERM || f->error == EACCES
				? ": run it as root"
				: "");
			return -1;
		}
		is_told = is_told || f->outcome == OUTCOME_TOLD;
	}
	if (is_told)
		return 0;
	return err_set(err_r, EX_UNAVAILABLE,
	    "no daemon was told to reload: none was found behind the sockets "
	    "of the configuration");
}

static int
reload_run(struct app *app, const struct args *args)
{
	struct err err;
	struct reload r = { .n = 0 };
	const struct conf *conf = app_conf(app, &err);

	(void)args;
	if (conf == NULL)
		return app_fail(&err);
	tell_all(&r, &conf->socketmap_listen, "tlswarden-policyd");
	tell_all(&r, &conf->delegation_listen, "tlswarden-policyd");
	tell_all(&r, &conf->milter_listen, "tlswarden-milter");
	if (app->json)
		print_json(&r);
	else
		print_text(app, &r);
	return exit_code(&r, &err) == 0 ? CTL_GOOD : app_fail(&err);
}

const struct command verb_reload = {
	.name = "reload",
	.summary = "tell the running daemons to read everything anew",
	.synopsis = "",
	.help =
	    "Tells tlswarden-policyd and tlswarden-milter to read their\n"
	    "configuration and the table again, with SIGUSR1; policyd tells\n"
	    "tlswarden-prober. A changed table\n"
	    "is noticed by itself within a second: this is for a changed\n"
	    "configuration, or to have a broken table tried again at once.",
	.examples = "  tlswarden check && tlswarden reload",
	.run = reload_run,
};
