/* tlswarden: cert/json - a diagnosis as JSON with the frozen keys.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_JSON_H
#define CERT_JSON_H

#include "base/attr.h"

struct diagnosis;
struct json_t;

/* Gives a new jansson object (free with json_decref): target, verdict,
 * findings, chain, tls, client_cert_requested; null where nothing is known. */
struct json_t *
diagnosis_json(const struct diagnosis *d) NONNULL_RETURN MUST_CHECK;

#endif
