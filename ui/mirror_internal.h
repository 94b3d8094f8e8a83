/* What the files of the mirror share; nobody else includes it.
 *
 *   mirror.c      frames: snapshots, the recorder's health, lists
 *   mirror_alarms.c  alarms
 *   mirror_commands.c  commands and setpoints
 *   mirror_tag.c  one tag: definition, value, small trend
 */
#ifndef UI_MIRROR_INTERNAL_H
#define UI_MIRROR_INTERNAL_H

#include "ui/mirror.h"

/* A safe copy of what the recorder sent; a text over MIRROR_TEXT_MAX ends in "…". The caller frees it. */
char *mirror_safe_text(const char *text);

/* Takes a record of that type in; what is over a bound is left out and counted. */
void mirror_take_tag(struct mirror *mirror, const void *data);
void mirror_take_state(struct mirror *mirror, const void *data);
void mirror_take_limit(struct mirror *mirror, const void *data);
void mirror_take_sample(struct mirror *mirror, const void *data, int64_t now_us);
void mirror_take_alarm(struct mirror *mirror, const void *data);

/* The same for what is given to the plant: how a command stands, and what may be set through a tag. Records
 * that cannot be right are left out. */
void mirror_take_command(struct mirror *mirror, const void *data);
void mirror_take_setpoint(struct mirror *mirror, const void *data);

/* Releases the tag's setpoint, if it has one; all commands. */
void mirror_drop_setpoint(struct mirror_tag *tag);
void mirror_free_commands(struct mirror *mirror);

/* Marks the tags that the list of reservations names, or takes the marks away before there is another list. */
void mirror_mark_reservations(struct mirror *mirror, bool edited);

/* The snapshot is complete: alarms that it did not name are normal. */
void mirror_end_alarm_snapshot(struct mirror *mirror);
void mirror_free_alarms(struct mirror *mirror);

/* Counts a change, so that screens paint. */
void mirror_tag_changed(struct mirror *mirror, struct mirror_tag *tag);

/* Takes the tag's present value, or that it has none, into its trends. `now_us` is the wall clock. */
void mirror_tag_draw(struct mirror *mirror, struct mirror_tag *tag, int64_t now_us);

/* Takes a tag out of the mirror and releases it; releases one only. */
void mirror_remove_tag(struct mirror *mirror, struct mirror_tag *tag);
void mirror_tag_free(struct mirror_tag *tag);

#endif
