/* A screen drawn into a canvas, without a terminal: what it says is read as text. */
#ifndef TESTS_STAGE_FIXTURE_H
#define TESTS_STAGE_FIXTURE_H

#include "mirror_fixture.h"
#include "ui/link.h"
#include "ui/screens/screens.h"
#include "ui/trend_view.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct stage {
    struct mirror mirror;
    struct screen_host host;
    struct trend_view trends;
    const struct screen_class *class;
    void *state;
    struct canvas canvas;
};

static inline void stage_open(struct stage *stage, enum screen_id id, int columns, int rows,
                              enum glyph_level level)
{
    static const char *const NOWHERE[] = {NULL};
    memset(stage, 0, sizeof *stage);
    mirror_init(&stage->mirror);
    trend_view_init(&stage->trends);
    trend_view_set_only(&stage->trends, 1);
    fixture_welcome(&stage->mirror);
    stage->host = (struct screen_host){.mirror = &stage->mirror,
                                       .link = link_new(NOWHERE, WIRE_PURPOSE_SCREEN, &stage->mirror),
                                       .trends = &stage->trends,
                                       .wall_us = FIXTURE_NOW_US,
                                       .mono_us = FIXTURE_SECOND_US};
    stage->class = screen_class_of(id);
    stage->state = stage->class->open(&stage->host, 1);
    canvas_init(&stage->canvas, columns, rows, level);
}

static inline void stage_close(struct stage *stage)
{
    stage->class->close(stage->state);
    link_free(stage->host.link);
    mirror_free(&stage->mirror);
    canvas_free(&stage->canvas);
}

static inline void stage_draw(struct stage *stage)
{
    struct pane pane = pane_whole(&stage->canvas);
    canvas_clear(&stage->canvas);
    stage->class->draw(stage->state, &stage->host, &pane);
}

static inline void assert_row(const struct stage *stage, int y, const char *expected)
{
    char *text = canvas_row_text(&stage->canvas, y);
    if (strcmp(text, expected))
        fail_msg("row %d:\n%s\ninstead of\n%s", y, text, expected);
    free(text);
}

/* The row that holds the words; -1: none. */
static inline int find_row(const struct stage *stage, const char *words)
{
    for (int y = 0; y < stage->canvas.rows; y++) {
        char *text = canvas_row_text(&stage->canvas, y);
        bool found = strstr(text, words);
        free(text);
        if (found)
            return y;
    }
    return -1;
}

#endif
