/* tlswarden: tests for probe/work.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include <jansson.h>

#include "base/limits.h"
#include "probe/work.h"
#include "unit.h"

/* ---- messages ----------------------------------------------------------- */
static const struct {
	const char *label;
	struct sv in;
	int want;
} messages[] = {
	{ "an object", SV("2:{},"), 1 },
	{ "more behind it", SV("7:{\"a\":1},5:"), 1 },
	{ "nothing", SV(""), 0 },
	{ "a part of the length", SV("1"), 0 },
	{ "a part", SV("7:{\"a\""), 0 },
	{ "all but the end", SV("2:{}"), 0 },
	{ "a list", SV("2:[],"), -1 },
	{ "a number", SV("1:5,"), -1 },
	{ "no JSON", SV("5:hello,"), -1 },
	{ "empty", SV("0:,"), -1 },
	{ "two objects", SV("4:{}{},"), -1 },
	{ "a key twice", SV("13:{\"a\":1,\"a\":2},"), -1 },
	{ "a wrong end", SV("2:{};"), -1 },
	{ "no length", SV(":{},"), -1 },
	{ "a negative one", SV("-2:{},"), -1 },
	{ "over the limit", SV("101:{"), -1 },
	{ "a NUL", SV("12:{\"a\":\"\\u0000\"},"), -1 },
	{ "no UTF-8", SV("9:{\"a\":\"\xff\"},"), -1 },
};

START_TEST(take)
{
	json_t *o = NULL;
	size_t used = 77;
	int got = work_take(messages[_i].in, 100, &o, &used);

	ck_assert_msg(got == messages[_i].want, "%s: %d", messages[_i].label,
	    got);
	ck_assert_msg((o != NULL) == (got == 1), "%s", messages[_i].label);
	json_decref(o);
}
END_TEST

START_TEST(frame)
{
	json_t *o = json_pack("{s:s}", "ask", "due"), *back = NULL;
	struct buf out;
	size_t used = 0;

	buf_init(&out, 100);
	work_frame(o, &out);
	ck_assert_str_eq(buf_str(&out), "13:{\"ask\":\"due\"},");
	ck_assert_int_eq(work_take(buf_sv(&out), 100, &back, &used), 1);
	ck_assert_uint_eq(used, out.n);
	ck_assert(json_equal(o, back));
	json_decref(o);
	json_decref(back);
	buf_free(&out);
}
END_TEST

/* ---- rules -------------------------------------------------------------- */
START_TEST(rule_and_back)
{
	struct ca ca = { .name = SV("Bank CA") };
	struct demand d = { .level = LEVEL_SECURE,
		.min_protocol = TLS_VERSION_1_2,
		.min_bits = 128,
		.cert_name = SV("nexthop:hostname"),
		.fingerprint = SV("aa"),
		.ca = &ca };
	struct rule rule = { .id = 9,
		.on_failure = ON_FAILURE_FAIL,
		.demand = &d };
	json_t *o = work_rule_json(&rule, sv_from("PEM"));
	struct work_rule r;
	struct err e = { 0 };

	ck_assert_int_eq(work_rule_read(o, &r, &e), 0);
	json_decref(o);
	ck_assert_int_eq(r.rule.id, 9);
	ck_assert_int_eq(r.rule.direction, DIRECTION_OUT);
	ck_assert_int_eq(r.rule.on_failure, ON_FAILURE_FAIL);
	ck_assert_int_eq(r.rule.demand->level, LEVEL_SECURE);
	ck_assert_int_eq(r.rule.demand->min_protocol, TLS_VERSION_1_2);
	ck_assert_uint_eq(r.rule.demand->min_bits, 128);
	ck_assert_sv_eq(r.rule.demand->cert_name, d.cert_name, "cert_name");
	ck_assert_sv_eq(r.rule.demand->fingerprint, d.fingerprint, "pin");
	ck_assert_sv_eq(r.rule.demand->ca->name, ca.name, "ca");
	ck_assert_sv_eq(r.ca_pem, sv_from("PEM"), "ca_pem");
	work_rule_done(&r);
	d.ca = NULL;
	d.min_protocol = TLS_VERSION_UNKNOWN;
	o = work_rule_json(&rule, sv_from(""));
	ck_assert_int_eq(work_rule_read(o, &r, &e), 0);
	json_decref(o);
	ck_assert_ptr_null(r.rule.demand->ca);
	ck_assert_int_eq(r.rule.demand->min_protocol, TLS_VERSION_UNKNOWN);
	ck_assert_uint_eq(r.ca_pem.n, 0);
	work_rule_done(&r);
}
END_TEST

/* Each makes a rule that is none: a key and its value, as JSON. */
static const struct {
	const char *label, *json;
} no_rules[] = {
	{ "no object", "[]" },
	{ "empty", "{}" },
	{ "no id", "{\"level\":\"encrypt\",\"on_failure\":\"fail\"}" },
	{ "id 0", "{\"id\":0,\"level\":\"encrypt\",\"on_failure\":\"fail\"}" },
	{ "negative id",
	    "{\"id\":-1,\"level\":\"encrypt\",\"on_failure\":\"fail\"}" },
	{ "id as text",
	    "{\"id\":\"1\",\"level\":\"encrypt\",\"on_failure\":\"fail\"}" },
	{ "no level", "{\"id\":1,\"on_failure\":\"fail\"}" },
	{ "odd level",
	    "{\"id\":1,\"level\":\"high\",\"on_failure\":\"fail\"}" },
	{ "no on_failure", "{\"id\":1,\"level\":\"encrypt\"}" },
	{ "odd protocol",
	    "{\"id\":1,\"level\":\"encrypt\",\"on_failure\":\"fail\","
	    "\"min_protocol\":\"TLSv9\"}" },
	{ "many bits",
	    "{\"id\":1,\"level\":\"encrypt\",\"on_failure\":\"fail\","
	    "\"min_bits\":257}" },
	{ "a CA without PEM",
	    "{\"id\":1,\"level\":\"secure\",\"on_failure\":\"fail\","
	    "\"ca\":\"x\"}" },
	{ "PEM without a CA",
	    "{\"id\":1,\"level\":\"secure\",\"on_failure\":\"fail\","
	    "\"ca_pem\":\"x\"}" },
	{ "a name as a list",
	    "{\"id\":1,\"level\":\"secure\",\"on_failure\":\"fail\","
	    "\"cert_name\":[]}" },
};

START_TEST(no_rule)
{
	json_t *o = json_loads(no_rules[_i].json, 0, NULL);
	struct work_rule r;
	struct err e = { 0 };

	ck_assert_ptr_nonnull(o);
	ck_assert_msg(work_rule_read(o, &r, &e) != 0, "%s", no_rules[_i].label);
	work_rule_done(&r);
	work_rule_done(&r);
	json_decref(o);
}
END_TEST

/* ---- results ------------------------------------------------------------ */
static struct record_probe
good_row(void)
{
	return (struct record_probe){ .host = sv_from("mx.test"),
		.addr = sv_from("2001:db8::1"),
		.port = 25,
		.verdict = sv_from("fail"),
		.class = sv_from("expired_leaf"),
		.fault = sv_from("theirs"),
		.tls_version = sv_from("TLSv1.3"),
		.cipher = sv_from("TLS_AES_256_GCM_SHA384"),
		.bits = 256,
		.not_after_secs = 4000000000,
		.has_client_cert_request = true,
		.json = sv_from("{\"a\":1}"),
		.chain = sv_from("-----BEGIN\n-----END\n") };
}

START_TEST(server_and_back)
{
	struct record_probe row = good_row(), back;
	json_t *o = work_server_json(&row);
	struct err e = { 0 };

	ck_assert_int_eq(work_server_read(o, &back, &e), 0);
	ck_assert_sv_eq(back.host, row.host, "host");
	ck_assert_sv_eq(back.addr, row.addr, "addr");
	ck_assert_uint_eq(back.port, 25);
	ck_assert_sv_eq(back.verdict, row.verdict, "verdict");
	ck_assert_sv_eq(back.class, row.class, "class");
	ck_assert_sv_eq(back.fault, row.fault, "fault");
	ck_assert_sv_eq(back.tls_version, row.tls_version, "tls_version");
	ck_assert_sv_eq(back.cipher, row.cipher, "cipher");
	ck_assert_uint_eq(back.bits, 256);
	ck_assert_int_eq(back.not_after_secs, 4000000000);
	ck_assert(back.has_client_cert_request);
	ck_assert_sv_eq(back.json, row.json, "json");
	ck_assert_sv_eq(back.chain, row.chain, "chain");
	json_decref(o);
}
END_TEST

START_TEST(a_long_result_goes_without_its_json)
{
	static char text[WORK_JSON_MAX + 2];
	struct record_probe row = good_row(), back;
	struct err e = { 0 };
	json_t *o;

	memset(text, ' ', sizeof(text));
	memcpy(text, "{}", 2);
	row.json = sv_make(text, WORK_JSON_MAX);
	o = work_server_json(&row);
	ck_assert_int_eq(work_server_read(o, &back, &e), 0);
	ck_assert_uint_eq(back.json.n, WORK_JSON_MAX);
	json_decref(o);
	row.json = sv_make(text, WORK_JSON_MAX + 1);
	o = work_server_json(&row);
	ck_assert_int_eq(work_server_read(o, &back, &e), 0);
	ck_assert_uint_eq(back.json.n, 0);
	json_decref(o);
}
END_TEST

static const struct {
	const char *label, *key, *json; /* the value; NULL: taken away */
	bool is_good;
} values[] = {
	{ "an address as host", "host", "\"192.0.2.1\"", true },
	{ "no address: DNS failed", "addr", "\"\"", true },
	{ "nothing is wrong", "class", "\"unknown\"", true },
	{ "a fault of ours", "fault", "\"ours\"", true },
	{ "no cipher", "cipher", "\"\"", true },
	{ "no time", "not_after", NULL, true },
	{ "the last year", "not_after", "253402300799", true },
	{ "no json", "json", "\"\"", true },
	{ "more than we know", "more", "{}", true },
	{ "no host", "host", NULL, false },
	{ "an empty one", "host", "\"\"", false },
	{ "blanks", "host", "\"mx test\"", false },
	{ "an escape", "host", "\"mx\\u001b[1m\"", false },
	{ "a number", "host", "5", false },
	{ "a name as address", "addr", "\"mx.test\"", false },
	{ "a list", "addr", "[]", false },
	{ "port 0", "port", "0", false },
	{ "port 65536", "port", "65536", false },
	{ "a negative one", "port", "-25", false },
	{ "a broken one", "port", "25.0", false },
	{ "as text", "port", "\"25\"", false },
	{ "no port", "port", NULL, false },
	{ "no verdict", "verdict", NULL, false },
	{ "another", "verdict", "\"good\"", false },
	{ "an unknown class", "class", "\"x\"", false },
	{ "a notice", "class", "\"cn_only\"", false },
	{ "a fault without class", "class", "\"\"", false },
	{ "a class without fault", "fault", "\"\"", false },
	{ "nobody's", "fault", "\"nobody\"", false },
	{ "a line end", "cipher", "\"a\\r\"", false },
	{ "65 bytes", "cipher",
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaa\"",
	    false },
	{ "many bits", "bits", "4097", false },
	{ "negative bits", "bits", "-1", false },
	{ "the year after", "not_after", "253402300800", false },
	{ "before 1970", "not_after", "-1", false },
	{ "a word", "client_cert_requested", "\"yes\"", false },
	{ "no JSON", "json", "\"{\"", false },
	{ "JSON and more", "json", "\"{} {}\"", false },
	{ "an object", "json", "{}", false },
	{ "a NUL in the chain", "chain", "\"a\\u0001\"", false },
	{ "not ASCII", "chain", "\"\\u00e4\"", false },
};

START_TEST(server_value)
{
	struct record_probe row = good_row(), back;
	json_t *o = work_server_json(&row), *v = NULL;
	struct err e = { 0 };
	int rc;

	if (values[_i].json == NULL) {
		(void)json_object_del(o, values[_i].key);
	} else {
		v = json_loads(values[_i].json, JSON_DECODE_ANY, NULL);
		ck_assert_ptr_nonnull(v);
		(void)json_object_set_new(o, values[_i].key, v);
	}
	rc = work_server_read(o, &back, &e);
	ck_assert_msg((rc == 0) == values[_i].is_good, "%s: %s %s",
	    values[_i].label, values[_i].key,
	    rc == 0 ? "was taken" : "was refused");
	json_decref(o);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, take, 0, N_ROWS(messages));
	tcase_add_test(tc, frame);
	tcase_add_test(tc, rule_and_back);
	tcase_add_loop_test(tc, no_rule, 0, N_ROWS(no_rules));
	tcase_add_test(tc, server_and_back);
	tcase_add_test(tc, a_long_result_goes_without_its_json);
	tcase_add_loop_test(tc, server_value, 0, N_ROWS(values));
}

UNIT_MAIN("work", add_tests)
