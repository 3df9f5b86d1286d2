/* tlswarden: ctl/metrics - the counters of a running policyd.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <curl/curl.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "base/banned.h"

enum { METRICS_BYTES = 1 << 20, METRICS_SECS = 5 };

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_add(body, sv_make(p, size * n));
	return body->is_full ? 0 : size * n;
}

static void
add_url(const struct endpoint *ep, struct buf *url)
{
	buf_addf(url,
	    ep->is_ipv6 ? "http://[%s]:%u/metrics" : "http://%s:%u/metrics",
	    ep->host, (unsigned)ep->port);
}

/* Asks policyd itself: by no proxy, and for a few seconds at most. */
static CURLcode
ask(CURL *curl, const char *url, char *error, struct buf *body)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)METRICS_SECS);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	return curl_easy_perform(curl);
}

static int
fetch(const struct endpoint *ep, struct buf *body, struct err *err_r)
{
	char error[CURL_ERROR_SIZE] = "";
	struct buf url;
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;

	buf_init(&url, ENDPOINT_TEXT_MAX);
	add_url(ep, &url);
	if (curl != NULL)
		code = ask(curl, buf_str(&url), error, body);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK)
		(void)err_set(err_r, EX_UNAVAILABLE,
		    "%s: %s; is tlswarden-policyd running, started since "
		    "metrics_listen was set?",
		    buf_str(&url),
		    error[0] != '\0' ? error : curl_easy_strerror(code));
	buf_free(&url);
	return code == CURLE_OK ? 0 : -1;
}

/* {a="b",c="d"} as an object. What policyd writes has no escapes. */
static json_t *
labels_json(struct sv labels)
{
	json_t *o = json_object();
	struct sv label, name;

	while (sv_cut(&labels, ',', &label)) {
		char key[64];

		if (!sv_cut(&label, '=', &name) || name.n >= sizeof(key))
			continue;
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		if (label.n >= 2)
			label = sv_head(sv_skip(label, 1), label.n - 2);
		out_json_set(o, key, out_json_sv(label));
	}
	return o;
}

/* "name{labels} value" of the text format of Prometheus. */
static void
print_json_line(struct json_list *list, struct sv line)
{
	size_t gap = sv_rfind(line, ' ');
	struct sv name = sv_head(line, gap), labels = sv_from("");
	size_t brace = sv_find(name, '{');
	uint64_t value;
	json_t *o;

	if (gap == line.n ||
	    !sv_to_u64(sv_skip(line, gap + 1), INT64_MAX, &value))
		return;
	if (brace < name.n) {
		labels = sv_skip(name, brace + 1);
		labels = sv_head(labels, sv_find(labels, '}'));
		name = sv_head(name, brace);
	}
	o = json_object();
	out_json_set(o, "name", out_json_sv(name));
	out_json_set(o, "labels", labels_json(labels));
	out_json_set(o, "value", json_integer((int64_t)value));
	json_list_item(list, o);
}

static void
print(const struct app *app, struct sv text)
{
	struct json_list list;
	struct sv line;

	if (app->json)
		json_list_begin(&list);
	while (sv_cut(&text, '\n', &line)) {
		if (!app->json) {
			out_print(line);
			putchar('\n');
		} else if (line.n > 0 && line.p[0] != '#') {
			print_json_line(&list, line);
		}
	}
	if (app->json)
		json_list_end(&list);
}

static int
run(struct app *app, struct err *err_r)
{
	const struct conf *conf = app_conf(app, err_r);
	struct buf body;
	int rc;

	if (conf == NULL)
		return -1;
	if (conf->metrics_listen.n == 0)
		return err_set(err_r, EX_CONFIG,
		    "%s: metrics_listen is empty, so nothing is served; set "
		    "it, \"127.0.0.1:9162\" for example, and restart "
		    "tlswarden-policyd",
		    conf->file);
	buf_init(&body, METRICS_BYTES);
	rc = fetch(&conf->metrics_listen.v[0], &body, err_r);
	if (rc == 0)
		print(app, buf_sv(&body));
	buf_free(&body);
	return rc;
}

static int
metrics_run(struct app *app, const struct args *args)
{
	struct err err = { 0 };

	return run(app, &err) == 0 ? CTL_GOOD : args_fail(args, &err);
}

static const struct option_spec options[] = {
	{ .name = NULL },
};

const struct command verb_metrics = {
	.name = "metrics",
	.summary = "print the counters of the running policyd",
	.synopsis = "",
	.help =
	    "Prints what tlswarden-policyd(8) counts: lookups by map and\n"
	    "answer, connections, loads of the table, rows of the ledger;\n"
	    "in the text format of Prometheus, as metrics_listen serves it.",
	.examples = "  tlswarden metrics | grep failing",
	.options = options,
	.run = metrics_run,
};
