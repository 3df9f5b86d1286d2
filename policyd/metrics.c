/* tlswarden: policyd/metrics - counters over HTTP, for Prometheus.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "daemon/listener.h"
#include "metrics.h"

enum {
	TEXT_MAX = 65536,
	HEADERS_MAX = 8192,
	TIMEOUT_SECS = 10,
};

struct metrics {
	struct listener listener;
	struct evhttp *http;
	const struct front *front;
	const struct world *world;
};

int
metrics_new(struct metrics **m_r, const struct conf *conf, struct err *err_r)
{
	static const struct listener_defaults none = { 0, "" };
	struct metrics *m;

	*m_r = NULL;
	if (conf->metrics_listen.n == 0)
		return 0;
	m = mem_zalloc(1, sizeof(*m));
	if (listener_open(&m->listener, &conf->metrics_listen.v[0], &none,
		err_r) < 0) {
		free(m);
		return err_prefix(err_r, "metrics_listen");
	}
	*m_r = m;
	return 0;
}

static void
add(struct buf *out, const char *name, const char *type, const char *help,
    int64_t value)
{
	buf_addf(out,
	    "# HELP tlswarden_%s %s\n# TYPE tlswarden_%s %s\n"
	    "tlswarden_%s %" PRId64 "\n",
	    name, help, name, type, name, value);
}

static void
add_source(struct buf *out, struct source *src)
{
	struct source_status st;

	source_status(src, &st);
	add(out, "policy_rules", "gauge", "Rules that are served.",
	    (int64_t)st.n_rules);
	add(out, "policy_bytes", "gauge", "Memory of the table served.",
	    (int64_t)st.n_bytes);
	add(out, "policy_generation", "counter", "Tables served since start.",
	    (int64_t)st.generation);
	add(out, "policy_loads_total", "counter", "Loads that succeeded.",
	    (int64_t)st.n_loads);
	add(out, "policy_load_failures_total", "counter",
	    "Loads that changed nothing.", (int64_t)st.n_failures);
	add(out, "policy_failing", "gauge",
	    "1: the last load failed, an older table is served.",
	    st.is_failing ? 1 : 0);
	add(out, "policy_bad_rows", "gauge", "Bad rows of the last load.",
	    (int64_t)st.n_bad_rows);
	add(out, "policy_last_good", "gauge",
	    "1: the table served came from policy.last-good.",
	    st.is_last_good ? 1 : 0);
	add(out, "policy_last_success_timestamp_seconds", "gauge",
	    "When policy.db loaded last.", st.last_success_secs);
	add(out, "policy_load_milliseconds", "gauge",
	    "What the last load took.", (int64_t)st.load_msecs);
}

static void
add_recorder(struct buf *out, const struct recorder *recorder)
{
	struct recorder_stats st;

	recorder_stats(recorder, &st);
	add(out, "ledger_rows_total", "counter", "Rows written to the ledger.",
	    (int64_t)st.n_written);
	add(out, "ledger_lost_total", "counter", "Rows that could not be kept.",
	    (int64_t)(st.n_lost_full + st.n_lost_failed));
}

static void
add_dns(struct buf *out, struct finder *finder)
{
	struct finder_stats st;

	finder_stats(finder, &st);
	add(out, "dns_searches_total", "counter",
	    "Next hops whose servers DNS was asked for.",
	    (int64_t)st.n_searches);
	add(out, "dns_cache_hits_total", "counter",
	    "Lookups whose servers were known.", (int64_t)st.n_hits);
	add(out, "dns_shared_total", "counter", "Lookups that joined a search.",
	    (int64_t)st.n_shared);
	add(out, "dns_failures_total", "counter",
	    "Searches that did not find all addresses.", (int64_t)st.n_failed);
	add(out, "dns_refused_total", "counter",
	    "Lookups over the limit of searches.", (int64_t)st.n_refused);
	add(out, "dns_searches_now", "gauge", "Searches under way.",
	    (int64_t)st.n_under_way);
	add(out, "dns_waiting_now", "gauge", "Lookups that wait for them.",
	    (int64_t)st.n_waiting);
	add(out, "dns_kept", "gauge", "Next hops whose servers are known.",
	    (int64_t)st.n_kept);
	add(out, "dns_kept_bytes", "gauge", "Memory of these.",
	    (int64_t)st.kept_bytes);
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	const struct metrics *m = arg;
	struct counters sum;
	uint32_t n_open;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	front_counters(m->front, &sum, &n_open);
	counters_metrics(&sum, &text);
	add(&text, "policyd_connections", "gauge", "Connections now.", n_open);
	add_source(&text, m->world->src);
	if (m->world->recorder != NULL)
		add_recorder(&text, m->world->recorder);
	add_dns(&text, m->world->finder);
	if (evhttp_add_header(evhttp_request_get_output_headers(req),
		"Content-Type", "text/plain; version=0.0.4") < 0 ||
	    evbuffer_add(evhttp_request_get_output_buffer(req), text.p,
		text.n) < 0)
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(req, HTTP_OK, "OK", NULL);
	buf_free(&text);
}

int
metrics_start(struct metrics *m, struct event_base *base,
    const struct front *front, const struct world *world, struct err *err_r)
{
	if (m == NULL)
		return 0;
	m->front = front;
	m->world = world;
	m->http = evhttp_new(base);
	if (m->http == NULL ||
	    evhttp_set_cb(m->http, "/metrics", on_request, m) < 0 ||
	    evhttp_accept_socket(m->http, m->listener.fd) < 0)
		return err_set(err_r, EX_OSERR, "cannot serve metrics");
	/* evhttp closes it from now on. */
	m->listener.fd = -1;
	evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(m->http, HEADERS_MAX);
	evhttp_set_max_body_size(m->http, 0);
	evhttp_set_timeout(m->http, TIMEOUT_SECS);
	return 0;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->http != NULL)
		evhttp_free(m->http);
	listener_close(&m->listener);
	free(m);
}
