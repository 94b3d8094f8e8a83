/* alarm_list: the processor time of one picture of the Alarms screen with many alarms standing, at 200×60, up to the
 * finished canvas, from the frame of the recorder on: taking the changes in, filtering, sorting, drawing. Prints one line of
 * JSON, in ms of processor time for a picture:
 *
 *   one     one alarm has changed since the last picture (the usual one)
 *   all     every alarm has changed since the last picture
 *   filter  one has changed, and a filter of two words looks at all of them
 *
 *   alarm_list [ALARMS [FRAMES]] */
#include "base/mem.h"
#include "plant/alarm_state.h"
#include "tests/unit/mirror_fixture.h"
#include "ui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIST_COLUMNS 200
#define LIST_ROWS    60

struct scene {
    struct mirror mirror;
    struct canvas canvas;
    struct screen_host host;
    struct pane pane;
    void *screen;
    uint32_t alarms;
    uint32_t round; /* each picture has other alarms changed */
};

static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* In no order: as a plant has them. */
static void put_alarm(struct scene *scene, struct wire_writer *writer, uint32_t id)
{
    char address[64], area[32], message[64];
    uint32_t mixed = (id + scene->round) * 2654435761u;
    snprintf(address, sizeof address, "area%u.unit%u.tag%u/hi", id % 20, id % 7, id);
    snprintf(area, sizeof area, "plant/area%u/unit%u", id % 20, id % 7);
    snprintf(message, sizeof message, "Point %u is out of its band", id);
    wire_add_record(writer,
                    &(struct wire_alarm){.alarm = id,
                                         .tag = id,
                                         .state = mixed & 1 ? ALARM_UNACKNOWLEDGED : ALARM_ACKNOWLEDGED,
                                         .priority = PRIORITY_LOW + (mixed >> 8) % 4,
                                         .type = ALARM_HI,
                                         .active = 1,
                                         .address = address,
                                         .area = area,
                                         .message = message,
                                         .value = 97.5,
                                         .limit = 90,
                                         .activated_us = FIXTURE_NOW_US - mixed});
}

static void change(struct scene *scene, uint32_t first, uint32_t count)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    scene->round++;
    struct wire_writer writer = wire_begin(&bytes, WIRE_ALARM);
    for (uint32_t id = first; id < first + count; id++)
        put_alarm(scene, &writer, id % scene->alarms + 1);
    wire_end(&writer);
    fixture_apply_bytes(&scene->mirror, &bytes, FIXTURE_NOW_US);
    buf_free(&bytes);
}

static void draw(struct scene *scene)
{
    scene->host.mono_us += 25000;
    canvas_clear(&scene->canvas);
    SCREEN_CLASS_ALARMS.draw(scene->screen, &scene->host, &scene->pane);
}

/* The mean of a picture, and the longest. */
static void measure(struct scene *scene, const char *name, int frames, uint32_t changes, const char *end)
{
    int64_t all_us = 0, most_us = 0;
    for (int i = 0; i < frames; i++) {
        int64_t start_us = cpu_us();
        change(scene, (uint32_t)i * 7919, changes);
        draw(scene);
        int64_t took_us = cpu_us() - start_us;
        all_us += took_us;
        most_us = took_us > most_us ? took_us : most_us;
    }
    printf("\"%s\":{\"mean_ms\":%.3f,\"max_ms\":%.3f}%s", name, (double)all_us / 1000 / (frames ? frames : 1),
           (double)most_us / 1000, end);
}

static void press(struct scene *scene, uint32_t key)
{
    SCREEN_CLASS_ALARMS.input(scene->screen, &scene->host, &(struct input){.type = INPUT_KEY, .key = key});
}

/* What was measured was a picture with rows in it. */
static void check(const struct scene *scene)
{
    char *row = canvas_row_text(&scene->canvas, LIST_ROWS / 2);
    if (!strstr(row, "/hi")) {
        fprintf(stderr, "alarm_list: there is no alarm in the picture: %s\n", row);
        exit(1);
    }
    free(row);
}

static void begin(struct scene *scene, uint32_t alarms)
{
    *scene = (struct scene){.alarms = alarms};
    mirror_init(&scene->mirror);
    canvas_init(&scene->canvas, LIST_COLUMNS, LIST_ROWS, GLYPH_BRAILLE);
    fixture_welcome(&scene->mirror);
    for (uint32_t id = 1; id <= alarms; id++) {
        char name[32];
        snprintf(name, sizeof name, "tag%u", id);
        fixture_tag(&scene->mirror, id, name);
        fixture_number(&scene->mirror, id, 97.5, 0, FIXTURE_NOW_US);
    }
    change(scene, 0, alarms);
    fixture_snapshot_end(&scene->mirror);
    scene->host =
        (struct screen_host){.mirror = &scene->mirror, .wall_us = FIXTURE_NOW_US, .mono_us = FIXTURE_NOW_US};
    scene->pane =
        pane_part(&(struct pane){&scene->canvas, 0, 0, LIST_COLUMNS, LIST_ROWS}, 0, 2, -1, LIST_ROWS - 3);
    scene->screen = SCREEN_CLASS_ALARMS.open(&scene->host, 0);
    draw(scene);
    check(scene);
}

static void end(struct scene *scene)
{
    SCREEN_CLASS_ALARMS.close(scene->screen);
    mirror_free(&scene->mirror);
    canvas_free(&scene->canvas);
}

int main(int count, char **arguments)
{
    uint32_t alarms = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 10000;
    int frames = count > 2 ? atoi(arguments[2]) : 100;
    struct scene scene;
    setenv("TZ", "UTC", 1);
    begin(&scene, alarms);
    printf("{\"alarms\":%u,\"frames\":%d,", alarms, frames);
    measure(&scene, "one", frames, 1, ",");
    measure(&scene, "all", frames, alarms, ",");
    SCREEN_CLASS_ALARMS.act(scene.screen, &scene.host, ACTION_FILTER);
    for (const char *letter = "band area:unit"; *letter; letter++)
        press(&scene, (unsigned char)*letter);
    measure(&scene, "filter", frames, 1, "}\n");
    check(&scene);
    end(&scene);
    return 0;
}
