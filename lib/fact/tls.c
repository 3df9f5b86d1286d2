/* tlswarden: fact/tls - what an MTA or a probe says of one TLS session.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "fact/tls.h"

enum cert_state
cert_state_of_verify(struct sv verify)
{
	if (sv_is(verify, "OK") || sv_is(verify, "TRUSTED"))
		return CERT_STATE_VERIFIED;
	if (sv_is(verify, "NO") || sv_is(verify, "NOT"))
		return CERT_STATE_NONE;
	if (sv_is(verify, "FAIL"))
		return CERT_STATE_UNVERIFIED;
	return CERT_STATE_UNKNOWN;
}

enum cert_state
cert_state_of_names(struct sv subject, struct sv issuer)
{
	return subject.p != NULL || issuer.p != NULL ? CERT_STATE_VERIFIED
						     : CERT_STATE_UNKNOWN;
}

bool
tls_is_sha256(struct sv hex)
{
	size_t digits = 0;

	for (size_t i = 0; i < hex.n; i++)
		if (hex.p[i] != ':' && sv_hex(hex.p[i]) < 0)
			return false;
		else if (hex.p[i] != ':')
			digits++;
	return digits == 64;
}
