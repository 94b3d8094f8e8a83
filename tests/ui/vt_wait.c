#include "base/clock.h"
#include "tests/ui/vt_internal.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

static int vt_left_ms(int64_t until_us)
{
    int64_t left_us = until_us - clock_mono_us();
    return left_us <= 0 ? 0 : (int)(left_us / CLOCK_US_PER_MS) + 1;
}

/* Nothing can appear on the screen any more. */
static bool vt_is_over(const struct vt *terminal)
{
    return terminal->master < 0;
}

/* Pumps until `holds` does, or the time is over.
 * The condition is looked at before the first byte, and after each. */
static bool vt_wait(struct vt *terminal, bool (*holds)(struct vt *, const void *), const void *about,
                    int timeout_ms)
{
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    while (!holds(terminal, about)) {
        int left_ms = vt_left_ms(until_us);
        bool came = vt_pump(terminal, left_ms);
        if (!came && (left_ms == 0 || vt_is_over(terminal) || terminal->ended))
            return holds(terminal, about);
    }
    return true;
}

static bool vt_shows(struct vt *terminal, const void *text)
{
    return strstr(vt_text(terminal), text) != NULL;
}

static bool vt_shows_not(struct vt *terminal, const void *text)
{
    return !vt_shows(terminal, text);
}

static bool vt_matches(struct vt *terminal, const void *regex)
{
    return regexec(regex, vt_text(terminal), 0, NULL, 0) == 0;
}

bool vt_wait_text(struct vt *terminal, const char *text, int timeout_ms)
{
    return vt_wait(terminal, vt_shows, text, timeout_ms);
}

bool vt_wait_gone(struct vt *terminal, const char *text, int timeout_ms)
{
    return vt_wait(terminal, vt_shows_not, text, timeout_ms);
}

bool vt_wait_regex(struct vt *terminal, const char *regex, int timeout_ms, struct err *err)
{
    regex_t compiled;
    int fault = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (fault) {
        char why[200];
        regerror(fault, &compiled, why, sizeof why);
        return err_set(err, EX_USAGE, "bad expression %s: %s", regex, why);
    }
    bool found = vt_wait(terminal, vt_matches, &compiled, timeout_ms);
    regfree(&compiled);
    return found || err_set(err, EX_TEMPFAIL, "no match of %s within %d ms", regex, timeout_ms);
}

bool vt_wait_quiet(struct vt *terminal, int quiet_ms, int timeout_ms)
{
    int64_t start_us = clock_mono_us();
    int64_t until_us = start_us + timeout_ms * CLOCK_US_PER_MS;
    for (;;) {
        int64_t since_us = terminal->output_us > start_us ? terminal->output_us : start_us;
        int64_t quiet_us = since_us + quiet_ms * CLOCK_US_PER_MS;
        int64_t now_us = clock_mono_us();
        if (now_us >= quiet_us || vt_is_over(terminal))
            return true;
        if (now_us >= until_us)
            return false;
        if (!vt_pump(terminal, vt_left_ms(quiet_us < until_us ? quiet_us : until_us)) && terminal->ended)
            return true;
    }
}

void vt_run(struct vt *terminal, int span_ms)
{
    int64_t until_us = clock_mono_us() + span_ms * CLOCK_US_PER_MS;
    int left_ms;
    while ((left_ms = vt_left_ms(until_us)) > 0 && !vt_is_over(terminal))
        if (!vt_pump(terminal, left_ms) && terminal->ended)
            return;
}

bool vt_wait_end(struct vt *terminal, int timeout_ms, int *status)
{
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    int left_ms;
    do {
        left_ms = vt_left_ms(until_us);
        vt_pump(terminal, left_ms);
        vt_reap(terminal);
    } while (!terminal->ended && left_ms > 0);
    if (!terminal->ended)
        return false;
    while (vt_pump(terminal, 0))
        ; /* its last words */
    *status = terminal->status;
    return true;
}
