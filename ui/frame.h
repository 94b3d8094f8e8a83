/* What is the same on every screen: the header line with its lights, the banner that says when the plant is
 * not seen, and the key bar at the foot. Pure drawing from what mirror and link know. */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "ui/action.h"
#include "ui/canvas.h"
#include "ui/link.h"
#include "ui/mirror.h"
#include "ui/screen.h"

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

/* The key bar of a screen that takes its keys itself. */
void frame_draw_own_keys(const struct pane *pane, const struct screen_key *keys);

/* The key of `keys` whose place holds column x; 0 between them. */
uint32_t frame_own_key_at(const struct screen_key *keys, int x);

/* The key bar in row 0 of `pane`: actions of this screen that have a label, as many as fit. `top`: nothing
 * lies below, so that "back" is "quit". */
void frame_draw_keys(const struct pane *pane, unsigned where, bool top);

/* The action whose place in the key bar holds column x; ACTION_NONE between them. */
enum action frame_key_at(const struct pane *pane, unsigned where, bool top, int x);

#endif
