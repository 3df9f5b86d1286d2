/* tlswarden: daemon/listener - listening sockets, unix and inet.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/listener.h"

static int
unix_address(const struct endpoint *ep, struct sockaddr_un *sun,
    struct err *err_r)
{
	size_t n = strlen(ep->path);

	if (n >= sizeof(sun->sun_path))
		return err_set(err_r, EX_CONFIG, "%s: the path is too long",
		    ep->path);
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, ep->path, n + 1);
	return 0;
}

/* 0 when somebody answers on the socket (a full queue is an answer), else the
 * reason why not. */
static int
ask_socket(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int why = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 &&
	    errno != EAGAIN && errno != EINPROGRESS)
		why = errno;
	(void)close(fd);
	return why;
}

/* Makes room at the path: a dead socket is removed. */
static int
remove_stale(const struct sockaddr_un *sun, struct err *err_r)
{
	struct stat st;
	int why;

	if (lstat(sun->sun_path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_set(err_r, EX_OSFILE, "%s: %s", sun->sun_path,
		    strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		return err_set(err_r, EX_CANTCREAT,
		    "%s: is there and is not a socket; remove it or listen "
		    "elsewhere",
		    sun->sun_path);
	why = ask_socket(sun);
	if (why == 0)
		return err_set(err_r, EX_UNAVAILABLE,
		    "%s: another program listens there; stop it first",
		    sun->sun_path);
	if (why != ECONNREFUSED)
		return err_set(err_r, EX_OSERR,
		    "%s: cannot tell whether another program listens there: "
		    "%s",
		    sun->sun_path, strerror(why));
	if (unlink(sun->sun_path) < 0)
		return err_set(err_r, EX_CANTCREAT,
		    "%s: cannot remove the socket that is left over: %s",
		    sun->sun_path, strerror(errno));
	return 0;
}

/* Group, then mode: chown clears bits. */
static int
set_owner(const struct endpoint *ep, const struct listener_defaults *defaults,
    struct err *err_r)
{
	const char *name = ep->group[0] != '\0' ? ep->group : defaults->group;
	int mode = ep->mode != ENDPOINT_MODE_UNSET ? ep->mode : defaults->mode;
	struct group *group;

	if (name[0] != '\0') {
		group = getgrnam(name);
		if (group == NULL)
			return err_set(err_r, EX_NOUSER,
			    "%s: there is no group \"%s\"", ep->path, name);
		if (lchown(ep->path, (uid_t)-1, group->gr_gid) < 0)
			return err_set(err_r, EX_NOPERM,
			    "%s: cannot give it to group %s: %s (a setgid "
			    "directory of that group needs no right)",
			    ep->path, name, strerror(errno));
	}
	if (chmod(ep->path, (mode_t)mode) < 0)
		return err_set(err_r, EX_NOPERM, "%s: cannot set mode %04o: %s",
		    ep->path, (unsigned int)mode, strerror(errno));
	return 0;
}

static int
remember(struct listener *l, struct err *err_r)
{
	struct stat st;

	if (lstat(l->endpoint.path, &st) < 0)
		return err_set(err_r, EX_OSERR, "%s: %s", l->endpoint.path,
		    strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

static int
bind_unix(struct listener *l, const struct listener_defaults *defaults,
    struct err *err_r)
{
	struct sockaddr_un sun;

	if (unix_address(&l->endpoint, &sun, err_r) < 0 ||
	    remove_stale(&sun, err_r) < 0)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 ||
	    bind(l->fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_set(err_r, EX_CANTCREAT, "%s: cannot listen: %s%s",
		    sun.sun_path, strerror(errno),
		    errno == ENOENT ? ": make its directory, or change the "
				      "listener in tlswarden.conf"
				    : "");
	if (remember(l, err_r) < 0)
		return -1;
	return set_owner(&l->endpoint, defaults, err_r);
}

int
listener_claim(const struct endpoint *ep, struct err *err_r)
{
	struct sockaddr_un sun;

	if (ep->kind != ENDPOINT_UNIX)
		return 0;
	if (unix_address(ep, &sun, err_r) < 0)
		return -1;
	return remove_stale(&sun, err_r);
}

/* An unknown user is said by privilege_drop. */
static int
give_to(const struct endpoint *ep, const char *user, struct err *err_r)
{
	const struct passwd *pw = geteuid() == 0 ? getpwnam(user) : NULL;

	if (pw == NULL || lchown(ep->path, pw->pw_uid, (gid_t)-1) == 0)
		return 0;
	return err_set(err_r, EX_NOPERM, "%s: cannot give it to user %s: %s",
	    ep->path, user, strerror(errno));
}

int
listener_adopt(struct listener *l, const struct endpoint *ep,
    const struct listener_defaults *defaults, const char *user,
    struct err *err_r)
{
	*l = (struct listener){ .fd = -1, .endpoint = *ep };
	if (ep->kind != ENDPOINT_UNIX)
		return 0;
	if (remember(l, err_r) < 0 || give_to(ep, user, err_r) < 0)
		return -1;
	return set_owner(ep, defaults, err_r);
}

static socklen_t
inet_address(const struct endpoint *ep, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	memset(ss, 0, sizeof(*ss));
	if (ep->is_ipv6) {
		six.sin6_port = htons(ep->port);
		if (inet_pton(AF_INET6, ep->host, &six.sin6_addr) != 1)
			return 0;
		memcpy(ss, &six, sizeof(six));
		return sizeof(six);
	}
	four.sin_port = htons(ep->port);
	if (inet_pton(AF_INET, ep->host, &four.sin_addr) != 1)
		return 0;
	memcpy(ss, &four, sizeof(four));
	return sizeof(four);
}

static int
bind_inet(struct listener *l, struct err *err_r)
{
	const struct endpoint *ep = &l->endpoint;
	struct sockaddr_storage ss;
	socklen_t n = inet_address(ep, &ss);
	int yes = 1;

	if (n == 0)
		return err_set(err_r, EX_CONFIG, "%s is not an address",
		    ep->host);
	l->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set(err_r, EX_OSERR, "%s port %d: %s", ep->host,
		    ep->port, strerror(errno));
	/* A restart must not wait for old connections to be forgotten. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) <
		0 ||
	    (ep->is_ipv6 &&
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes,
		    sizeof(yes)) < 0))
		return err_set(err_r, EX_OSERR, "%s port %d: %s", ep->host,
		    ep->port, strerror(errno));
	if (bind(l->fd, (const struct sockaddr *)&ss, n) < 0)
		return err_set(err_r,
		    errno == EADDRINUSE ? EX_UNAVAILABLE : EX_OSERR,
		    "%s port %d: cannot listen: %s", ep->host, ep->port,
		    strerror(errno));
	return 0;
}

int
listener_reach(const struct endpoint *ep)
{
	const struct timeval patience = { .tv_sec = 3 };
	struct sockaddr_storage ss;
	struct sockaddr_un sun;
	socklen_t n;
	int fd, why = 0;

	if (ep->kind == ENDPOINT_UNIX)
		return unix_address(ep, &sun, NULL) < 0 ? ENAMETOOLONG
							: ask_socket(&sun);
	n = inet_address(ep, &ss);
	fd = n == 0 ? -1 : socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return n == 0 ? EADDRNOTAVAIL : errno;
	/* It holds for connect, too: socket(7). */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&ss, n) < 0)
		why = errno;
	(void)close(fd);
	return why;
}

int
listener_open(struct listener *l, const struct endpoint *ep,
    const struct listener_defaults *defaults, struct err *err_r)
{
	int rc = -1;

	*l = (struct listener){ .fd = -1, .endpoint = *ep };
	switch (ep->kind) {
	case ENDPOINT_NONE:
		rc = err_set(err_r, EX_SOFTWARE, "an empty endpoint");
		break;
	case ENDPOINT_UNIX:
		rc = bind_unix(l, defaults, err_r);
		break;
	case ENDPOINT_INET:
		rc = bind_inet(l, err_r);
		break;
	}
	if (rc == 0 && listen(l->fd, SOMAXCONN) < 0)
		rc = err_set(err_r, EX_OSERR, "cannot listen: %s",
		    strerror(errno));
	if (rc < 0)
		listener_close(l);
	return rc;
}

void
listener_close(struct listener *l)
{
	struct stat st;

	if (l->endpoint.kind == ENDPOINT_UNIX && l->ino != 0 &&
	    lstat(l->endpoint.path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->endpoint.path);
	l->ino = 0;
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}
