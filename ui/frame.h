/* What is the same on every screen: the header line with its lights, and the banner that says when the plant is
 * not seen. Pure drawing from what mirror and link know. */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "ui/canvas.h"
#include "ui/link.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_TEXT_MAX 512

/* The two lights of the header, and what they say. */
struct frame_light {
    enum sign sign;
    enum meaning meaning;
    const char *text;
};

/* Whether plant data come from the broker, and whether they are recorded. `starting`: link_is_starting(), when
 * nothing alarming is to be said. */
struct frame_light frame_broker_light(const struct mirror *mirror, bool starting);
struct frame_light frame_recording_light(const struct mirror *mirror);

/* The header line of `pane` (its row 0). */
void frame_draw_header(const struct pane *pane, const struct mirror *mirror, bool starting, const char *title,
                       int64_t wall_us);

/* The banner's text; false when the plant is seen and none is due. */
bool frame_banner_text(const struct mirror *mirror, const struct link *link, bool starting,
                       char out[FRAME_TEXT_MAX]);
void frame_draw_banner(const struct pane *pane, const char *text);

#endif
