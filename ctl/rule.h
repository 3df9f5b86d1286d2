/* tlswarden: ctl/rule - the sub verbs of "tlswarden rule".
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_RULE_H
#define CTL_RULE_H

#include "ctl/command.h"

extern const struct command verb_rule_add;
extern const struct command verb_rule_set;
extern const struct command verb_rule_enable;
extern const struct command verb_rule_disable;
extern const struct command verb_rule_remove;
extern const struct command verb_rule_move;
extern const struct command verb_rule_list;
extern const struct command verb_rule_show;
extern const struct command verb_rule_promote;

/* Prints the rule of that number with its history, also when it was removed;
 * what "rule show" and "explain ID" say. Returns the exit code. */
int rule_tell(struct app *app, const char *number);

#endif
