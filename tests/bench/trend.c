/* trend: the processor time of one picture of the Trends screen, 4 pens at 200×60 in braille, live end and figures
 * included, up to the finished canvas; a new picture each time, as if a column had passed. Prints one line of JSON:
 * {"frames":N,"mean_ms":...,"max_ms":...}.
 *
 *   trend [FRAMES] */
#include "base/mem.h"
#include "tests/unit/mirror_fixture.h"
#include "ui/history_reader.h"
#include "ui/screens/screens.h"
#include "ui/trend_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TREND_COLUMNS 200
#define TREND_ROWS    60
#define TREND_LIVE    5000 /* samples of each pen at the live end */

static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static double wave(uint32_t pen, int64_t ts_us)
{
    double seconds = (double)(ts_us / 1000 % 100000000) / 1000;
    return 50 + 30 * sin(seconds / (97 + pen * 31)) + 9 * sin(seconds * (pen + 1.7));
}

/* An answer as from a history of a sample a second: every column full. */
static struct history_result *answer(const struct trend_view *view, const struct plot_grid *grid)
{
    struct history_result *result = mem_new(1, sizeof *result);
    result->purpose = HISTORY_PENS;
    result->ticket = 1;
    result->good = true;
    result->grid = *grid;
    result->tag_count = view->pen_count;
    memcpy(result->tags, view->tags, sizeof view->tags);
    result->columns = mem_new(view->pen_count * grid->count, sizeof *result->columns);
    for (size_t pen = 0; pen < view->pen_count; pen++) {
        struct plot_column *columns = result->columns + pen * grid->count;
        plot_clear(columns, grid->count);
        for (size_t i = 0; i < grid->count; i++) {
            int64_t ts_us = grid->start_us + grid->width_us * (int64_t)i;
            struct recent_sample samples[2] = {{ts_us, wave((uint32_t)pen, ts_us), 1},
                                               {ts_us + 1, wave((uint32_t)pen, ts_us + 500000), 1}};
            plot_add_samples(columns, grid, samples, 2, true, ts_us, ts_us + grid->width_us);
        }
    }
    return result;
}

/* What was measured was a picture: no pen is missing in its oldest part. */
static void check(const struct canvas *canvas)
{
    bool seen[TREND_PENS_MAX] = {false};
    for (int i = 0; i < TREND_ROWS * TREND_COLUMNS / 4; i++) {
        enum meaning meaning =
            (enum meaning)canvas_cell(canvas, 12 + i / TREND_ROWS, i % TREND_ROWS)->meaning;
        if (meaning >= MEANING_PEN_1 && meaning <= MEANING_PEN_4)
            seen[meaning - MEANING_PEN_1] = true;
    }
    for (int pen = 0; pen < TREND_PENS_MAX; pen++)
        if (!seen[pen]) {
            fprintf(stderr, "trend: pen %d is not in the picture\n", pen + 1);
            exit(1);
        }
}

int main(int count, char **arguments)
{
    int frames = count > 1 ? atoi(arguments[1]) : 500;
    struct mirror mirror;
    struct trend_view view;
    struct canvas canvas;
    setenv("TZ", "UTC", 1);
    mirror_init(&mirror);
    trend_view_init(&view);
    canvas_init(&canvas, TREND_COLUMNS, TREND_ROWS, GLYPH_BRAILLE);
    fixture_welcome(&mirror);
    for (uint32_t id = 1; id <= TREND_PENS_MAX; id++) {
        char name[16];
        snprintf(name, sizeof name, "pen%u", id);
        fixture_tag(&mirror, id, name);
        trend_view_add(&view, id);
    }
    fixture_snapshot_end(&mirror);
    struct screen_host host = {
        .history = history_reader_new("/nonexistent/history.db"), /* asked; what it says is not taken */
        .mirror = &mirror,
        .trends = &view,
        .wall_us = FIXTURE_NOW_US,
        .mono_us = FIXTURE_NOW_US};
    struct pane pane =
        pane_part(&(struct pane){&canvas, 0, 0, TREND_COLUMNS, TREND_ROWS}, 0, 1, -1, TREND_ROWS - 2);
    void *state = SCREEN_CLASS_TRENDS.open(&host, 0);
    SCREEN_CLASS_TRENDS.draw(state, &host, &pane);
    for (int i = 0; i < TREND_LIVE; i++)
        for (uint32_t id = 1; id <= TREND_PENS_MAX; id++) {
            int64_t ts_us = FIXTURE_NOW_US + i * FIXTURE_SECOND_US / 20;
            fixture_number(&mirror, id, wave(id, ts_us), 0, ts_us);
        }
    host.wall_us += TREND_LIVE * FIXTURE_SECOND_US / 20;
    struct plot_grid grid = trend_view_grid(&view, host.wall_us, 2 * (TREND_COLUMNS - 10));
    struct history_result *result = answer(&view, &grid);
    int64_t now_us = host.wall_us, most_us = 0, begin_us = cpu_us();
    for (int i = 0; i < frames; i++) {
        int64_t start_us = cpu_us();
        canvas_clear(&canvas);
        SCREEN_CLASS_TRENDS.history(state, &host, result);
        SCREEN_CLASS_TRENDS.draw(state, &host, &pane);
        host.wall_us = now_us + i % 64 * grid.width_us / 8;
        int64_t took_us = cpu_us() - start_us;
        most_us = took_us > most_us ? took_us : most_us;
    }
    double mean_ms = (double)(cpu_us() - begin_us) / 1000 / (frames > 0 ? frames : 1);
    check(&canvas);
    printf("{\"frames\":%d,\"mean_ms\":%.3f,\"max_ms\":%.3f}\n", frames, mean_ms, (double)most_us / 1000);
    history_result_free(result);
    SCREEN_CLASS_TRENDS.close(state);
    history_reader_free(host.history);
    mirror_free(&mirror);
    canvas_free(&canvas);
    return 0;
}
