/* tlswarden: milter/macros - how the pure part asks the MTA for a macro.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "milter/macros.h"

struct sv
macros_get(const struct macros *m, const char *name)
{
	return sv_from(m->get(m->arg, name));
}
