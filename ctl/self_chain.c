/* tlswarden: ctl/self_chain - keys and certificates of Postfix's chain files.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * postconf(5), smtpd_tls_chain_files: PEM files that are read as one, each
 * private key directly in front of its certificate chain.
 */
#include "config.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "ctl/self.h"
#include "base/banned.h"

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";

/* What was read of one key and its chain. */
struct part {
	struct buf certs;
	struct buf key;
	const char *cert_file;
	const char *key_file;
};

static void
part_init(struct part *p)
{
	buf_init(&p->certs, LIMIT_CERT_FILE);
	buf_init(&p->key, LIMIT_CERT_FILE);
	p->cert_file = NULL;
	p->key_file = NULL;
}

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->n);
	buf_reset(b);
}

/* Hands over what was collected and begins anew. */
static void
flush(struct self *s, struct part *p, const struct identity *sample)
{
	struct identity id = *sample;

	if (p->cert_file != NULL && p->key_file == NULL)
		check_add(s->check, CHECK_PROBLEM, "self_key_order", id.mta,
		    check_text(s->check,
			"%s: a certificate stands in front of the first "
			"private key of %s: Postfix loads none of them",
			p->cert_file, id.setting),
		    "put each private key directly in front of its "
		    "certificate");
	if (p->key_file != NULL && p->cert_file == NULL)
		check_add(s->check, CHECK_PROBLEM, "self_key_alone", id.mta,
		    check_text(s->check,
			"%s: a private key without a certificate behind it "
			"in %s",
			p->key_file, id.setting),
		    "put its certificate chain directly behind it");
	if (p->cert_file != NULL) {
		id.cert_file = p->cert_file;
		id.key_file = p->key_file;
		id.certs = arena_sv(&s->check->mem, buf_sv(&p->certs));
		id.key = arena_sv(&s->check->mem, buf_sv(&p->key));
		self_add(s, &id);
	}
	buf_reset(&p->certs);
	wipe(&p->key);
	p->cert_file = NULL;
	p->key_file = NULL;
}

/* The block that starts at the front of rest, its END line included. */
static struct sv
take_block(struct sv *rest)
{
	struct sv all = *rest, line;

	while (sv_cut(rest, '\n', &line))
		if (sv_starts(line, sv_from(end)))
			break;
	return sv_head(all,
	    (size_t)(rest->n > 0 ? rest->p - all.p : (ptrdiff_t)all.n));
}

static void
take_file(struct self *s, struct part *p, const struct identity *sample,
    const char *file, struct sv rest)
{
	while (rest.n > 0) {
		size_t eol = sv_find(rest, '\n');
		struct sv line = sv_trim(sv_head(rest, eol)), block;

		if (!sv_starts(line, sv_from(begin))) {
			rest = sv_skip(rest, eol + 1);
			continue;
		}
		block = take_block(&rest);
		if (sv_ends(line, sv_from("PRIVATE KEY-----"))) {
			flush(s, p, sample);
			p->key_file = file;
			buf_add(&p->key, block);
			buf_addc(&p->key, '\n');
		} else if (sv_ends(line, sv_from("CERTIFICATE-----"))) {
			if (p->cert_file == NULL)
				p->cert_file = file;
			buf_add(&p->certs, block);
			buf_addc(&p->certs, '\n');
		}
	}
}

static void
part_done(struct part *p)
{
	wipe(&p->key);
	buf_free(&p->certs);
	buf_free(&p->key);
}

void
self_add_chain_bytes(struct self *s, const struct identity *sample,
    const char *label, struct sv bytes)
{
	struct part part;

	part_init(&part);
	take_file(s, &part, sample, label, bytes);
	flush(s, &part, sample);
	part_done(&part);
}

void
self_add_chain_files(struct self *s, const struct identity *sample,
    const char *dir, struct sv files)
{
	struct part part;
	struct buf bytes;
	struct err err;
	struct sv word, list;

	part_init(&part);
	buf_init(&bytes, LIMIT_CERT_FILE);
	while (sv_cut(&files, ',', &list)) {
		while (sv_word(&list, &word)) {
			const char *file = self_path(s, dir, word);

			wipe(&bytes);
			if (file_read(file, &bytes, &err) != 0) {
				check_add(s->check, CHECK_PROBLEM,
				    "self_not_read", sample->mta,
				    check_text(s->check, "%s (%s)", err.text,
					sample->setting),
				    NULL);
				continue;
			}
			take_file(s, &part, sample, file, buf_sv(&bytes));
		}
	}
	flush(s, &part, sample);
	wipe(&bytes);
	buf_free(&bytes);
	part_done(&part);
}
