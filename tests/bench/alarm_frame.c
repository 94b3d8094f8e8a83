/* alarm_frame: the processor time of one picture of the Alarms screen with 10,000 alarms standing, at 200×60, the line of
 * the gravest one and what the recorder sends included, up to the finished canvas. Prints one line of JSON:
 * {"frames":N,"mean_ms":...,"max_ms":...,"all_ms":...,"filter_ms":...}: with one alarm that changes in each frame, `all_ms`
 * for one in which all of them have changed, `filter_ms` with one that changes and a filter of two words.
 *
 *   alarm_frame [FRAMES] */
#include "plant/alarm_state.h"
#include "plant/tagdef.h"
#include "tests/unit/mirror_fixture.h"
#include "ui/alarm_banner.h"
#include "ui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_ALARMS  10000
#define FRAME_COLUMNS 200
#define FRAME_ROWS    60

struct bench {
    struct mirror mirror;
    struct canvas canvas;
    struct screen_host host;
    struct alarm_banner banner;
    void *screen;
    unsigned salt;
};

static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void put_alarm(struct buf *bytes, uint32_t id, unsigned salt)
{
    char address[64];
    snprintf(address, sizeof address, "area%02u.unit%05u/hi", id % 40, id);
    wire_put(bytes, WIRE_ALARM,
             &(struct wire_alarm){.alarm = id,
                                  .tag = id,
                                  .state = (id + salt) % 3 ? ALARM_UNACKNOWLEDGED : ALARM_ACKNOWLEDGED,
                                  .address = address,
                                  .type = ALARM_HI,
                                  .priority = PRIORITY_LOW + (id * 7 + salt) % 4,
                                  .active = 1,
                                  .activated_us = FIXTURE_NOW_US - (int64_t)(id * 7919u % 100000u) * 1000,
                                  .changed_us = FIXTURE_NOW_US,
                                  .value = 95.5,
                                  .limit = 90,
                                  .area = "boiler",
                                  .message = "The value is too high"});
}

/* So many of the alarms change, as the recorder tells it. */
static void change(struct bench *bench, uint32_t first, uint32_t count)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    bench->salt++;
    for (uint32_t i = 0; i < count; i++)
        put_alarm(&bytes, 1 + (first + i) % FRAME_ALARMS, bench->salt);
    if (!fixture_apply_bytes(&bench->mirror, &bytes, FIXTURE_NOW_US))
        exit(1);
    buf_free(&bytes);
}

static void draw(struct bench *bench)
{
    const struct pane whole = {&bench->canvas, 0, 0, FRAME_COLUMNS, FRAME_ROWS};
    struct pane line = pane_part(&whole, 0, 1, -1, 1), rest = pane_part(&whole, 0, 2, -1, FRAME_ROWS - 3);
    canvas_clear(&bench->canvas);
    if (alarm_banner_update(&bench->banner, &bench->mirror))
        alarm_banner_draw(&line, &bench->banner, &bench->mirror, 0);
    SCREEN_CLASS_ALARMS.draw(bench->screen, &bench->host, &rest);
    bench->host.wall_us += 50000;
    bench->host.mono_us += 50000;
}

/* What was measured was a picture: its last row is one of an alarm. */
static void check(const struct bench *bench)
{
    size_t words = 0;
    for (int row = 5; row < FRAME_ROWS - 2; row++)
        for (int column = 0; column < FRAME_COLUMNS / 2; column++)
            words += canvas_cell(&bench->canvas, column, row)->code_point == '/';
    if (words < FRAME_ROWS - 10) {
        fprintf(stderr, "alarm_frame: the picture does not hold the alarms (%zu)\n", words);
        exit(1);
    }
}

/* The mean of pictures in each of which one alarm has changed, in ms; the longest in *most_ms. */
static double measure(struct bench *bench, int frames, double *most_ms)
{
    int64_t most_us = 0, all_us = 0;
    for (int i = 0; i < frames; i++) {
        int64_t start_us = cpu_us();
        change(bench, (uint32_t)i * 37, 1);
        draw(bench);
        int64_t took_us = cpu_us() - start_us;
        all_us += took_us;
        most_us = took_us > most_us ? took_us : most_us;
    }
    *most_ms = (double)most_us / 1000;
    return (double)all_us / 1000 / (frames > 0 ? frames : 1);
}

static double measure_all(struct bench *bench)
{
    int64_t start_us = cpu_us();
    change(bench, 0, FRAME_ALARMS);
    draw(bench);
    return (double)(cpu_us() - start_us) / 1000;
}

static void filter(struct bench *bench, const char *words)
{
    SCREEN_CLASS_ALARMS.act(bench->screen, &bench->host, ACTION_FILTER);
    for (; *words; words++)
        SCREEN_CLASS_ALARMS.input(bench->screen, &bench->host,
                                  &(struct input){.type = INPUT_KEY, .key = (unsigned char)*words});
}

int main(int count, char **arguments)
{
    int frames = count > 1 ? atoi(arguments[1]) : 300;
    struct bench bench = {.host = {.wall_us = FIXTURE_NOW_US, .mono_us = FIXTURE_NOW_US}};
    setenv("TZ", "UTC", 1);
    mirror_init(&bench.mirror);
    canvas_init(&bench.canvas, FRAME_COLUMNS, FRAME_ROWS, GLYPH_BRAILLE);
    bench.host.mirror = &bench.mirror;
    fixture_welcome(&bench.mirror);
    for (uint32_t id = 1; id <= FRAME_ALARMS; id++) {
        char name[32];
        snprintf(name, sizeof name, "area%02u.unit%05u", id % 40, id);
        fixture_tag(&bench.mirror, id, name);
        fixture_number(&bench.mirror, id, 95.5, 0, FIXTURE_NOW_US);
    }
    change(&bench, 0, FRAME_ALARMS);
    fixture_snapshot_end(&bench.mirror);
    bench.screen = SCREEN_CLASS_ALARMS.open(&bench.host, 0);
    draw(&bench);
    double max_ms, filter_max_ms, mean_ms = measure(&bench, frames, &max_ms), all_ms = measure_all(&bench);
    filter(&bench, "high area:boil");
    double filter_ms = measure(&bench, frames, &filter_max_ms);
    check(&bench);
    printf("{\"frames\":%d,\"mean_ms\":%.3f,\"max_ms\":%.3f,\"all_ms\":%.1f,\"filter_ms\":%.3f}\n", frames,
           mean_ms, max_ms, all_ms, filter_ms);
    SCREEN_CLASS_ALARMS.close(bench.screen);
    mirror_free(&bench.mirror);
    canvas_free(&bench.canvas);
    return 0;
}
