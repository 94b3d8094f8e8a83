/* A console on a pty, read by a terminal emulator, attached to a recorder that says what the test wants. */
#ifndef TESTS_UI_CONSOLE_FIXTURE_H
#define TESTS_UI_CONSOLE_FIXTURE_H

#include "base/clock.h"
#include "tests/ui/fake_recorder.h"
#include "tests/ui/vt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_MS 10000

struct console {
    struct fake_recorder recorder;
    struct vt *vt;
};

/* `setting` is one more variable of the environment, such as "HMI_GLYPHS=ascii"; may be NULL. */
static inline void start(struct console *console, int rows, int cols, const char *setting)
{
    char program[512], socket[128];
    const char *build = getenv("HMI_BUILD");
    snprintf(program, sizeof program, "%s/hmi", build ? build : "build");
    fake_recorder_open(&console->recorder);
    snprintf(socket, sizeof socket, "HMI_SOCKET=%s", console->recorder.path);
    const char *const argv[] = {program, NULL};
    const char *const env[] = {socket, "NO_COLOR=", "COLORFGBG=", setting, NULL};
    struct err err = {0};
    struct vt_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    console->vt = vt_start(&options, &err);
    if (!console->vt)
        fail_msg("%s", err.text);
    if (!fake_recorder_accept(&console->recorder, console->vt, WAIT_MS))
        fail_msg("the console does not attach:\n%s", vt_text(console->vt));
}

static inline void start_plant(struct console *console, int rows, int cols, const char *setting,
                               uint32_t tags)
{
    start(console, rows, cols, setting);
    fake_recorder_plant(&console->recorder, tags);
    assert_true(fake_recorder_send(&console->recorder, console->vt));
    char place[32];
    snprintf(place, sizeof place, " 1/%u", tags); /* the list is whole */
    assert_true(vt_wait_text(console->vt, place, WAIT_MS));
}

/* Nothing but printable text and what a screen program needs may ever have reached the terminal. */
static inline void check_output(struct console *console)
{
    struct err fault = {0};
    size_t length;
    assert_true(vt_wait_quiet(console->vt, 100, WAIT_MS)); /* no half sequence at the end */
    const uint8_t *raw = vt_raw(console->vt, &length);
    if (!vt_scan(raw, length, &fault))
        fail_msg("%s", fault.text);
}

static inline void finish(struct console *console)
{
    check_output(console);
    assert_true(vt_close(console->vt, WAIT_MS));
    fake_recorder_close(&console->recorder);
}

static inline void expect(struct console *console, const char *text)
{
    if (!vt_wait_text(console->vt, text, WAIT_MS))
        fail_msg("\"%s\" is not on the screen:\n%s", text, vt_text(console->vt));
}

static inline void expect_gone(struct console *console, const char *text)
{
    if (!vt_wait_gone(console->vt, text, WAIT_MS))
        fail_msg("\"%s\" is still on the screen:\n%s", text, vt_text(console->vt));
}

static inline void key(struct console *console, const char *name)
{
    assert_true(vt_key(console->vt, name));
}

static inline int row_of(struct console *console, const char *text)
{
    int row, col;
    if (!vt_find(console->vt, text, &row, &col))
        fail_msg("\"%s\" is not on the screen:\n%s", text, vt_text(console->vt));
    return row;
}

/* A frame may arrive in pieces: the row is read until it holds the part. */
static inline void expect_row(struct console *console, const char *anchor, const char *part)
{
    int64_t until_us = clock_mono_us() + WAIT_MS * CLOCK_US_PER_MS;
    expect(console, anchor);
    while (!strstr(vt_row(console->vt, row_of(console, anchor)), part)) {
        if (clock_mono_us() > until_us)
            fail_msg("\"%s\" is not in the row \"%s\"", part, vt_row(console->vt, row_of(console, anchor)));
        vt_run(console->vt, 20);
    }
}

#endif
