/* tlswarden: fuzz target for lib/annotate: any bytes as lines of a log.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>

#include "annotate/annotate.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct annotator *a = annotator_new();
	struct sv rest = sv_make((const char *)data, size), line;
	struct annotation r;

	while (sv_cut(&rest, '\n', &line)) {
		if (!annotator_line(a, line, &r))
			continue;
		assert((unsigned)r.reason < REASON_COUNT);
		assert(r.peer.n <= ANNOTATE_PEER && r.detail.n <= line.n);
	}
	annotator_free(a);
	return 0;
}
