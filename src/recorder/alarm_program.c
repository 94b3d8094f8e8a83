#include "recorder/alarm_program.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/alarm_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM_STOP_US (PROGRAM_GRACE_US + 100 * CLOCK_US_PER_MS) /* how long the end waits for a run */

/* What is run: a copy of the configuration, which may be another one before the run is over. */
struct program_plan {
    char **argv; /* owned; NULL: nothing is to be run */
    int64_t timeout_us;
    int per_minute;
};

struct alarm_program {
    bool priorities[PRIORITY_CRITICAL + 1]; /* the loop's own: which are told */
    pthread_t thread;
    bool started; /* the loop's own */
    int stop_fd;  /* readable once `stop` */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* under the mutex */
    struct program_plan plan;
    bool is_new; /* the plan, and nobody has looked whether its program is there */
    struct alarm_queue queue;
    uint64_t dropped_told; /* of queue.dropped, those that a run was told of */
    struct alarm_program_figures figures;
    bool stop, ended, abandoned;
};

/* ---- plans ---- */

static void plan_free(struct program_plan *plan)
{
    config_free_list(plan->argv);
    *plan = (struct program_plan){0};
}

static struct program_plan plan_of(const struct config_notify *notify)
{
    struct program_plan plan = {.timeout_us = notify->timeout_us, .per_minute = notify->per_minute};
    if (!notify->program)
        return plan;
    plan.argv = mem_new(notify->arguments.count + 2, sizeof *plan.argv);
    plan.argv[0] = mem_copy_text(notify->program);
    for (size_t i = 0; i < notify->arguments.count; i++)
        plan.argv[i + 1] = mem_copy_text(notify->arguments.names[i]);
    return plan;
}

static struct program_plan plan_copy(const struct program_plan *plan)
{
    struct program_plan copy = *plan;
    size_t count = 0;
    while (plan->argv[count])
        count++;
    copy.argv = mem_new(count + 1, sizeof *copy.argv);
    for (size_t i = 0; i < count; i++)
        copy.argv[i] = mem_copy_text(plan->argv[i]);
    return copy;
}

/* ---- the thread ---- */

static void program_release(struct alarm_program *program)
{
    plan_free(&program->plan);
    alarm_queue_clear(&program->queue);
    close(program->stop_fd);
    pthread_cond_destroy(&program->wake);
    pthread_mutex_destroy(&program->mutex);
    free(program);
}

/* Waits until there is something to do, `due_us` at the latest; with the mutex held. */
static void program_wait(struct alarm_program *program, int64_t due_us)
{
    const struct timespec until = {.tv_sec = due_us / CLOCK_US_PER_SECOND,
                                   .tv_nsec = due_us % CLOCK_US_PER_SECOND * 1000};
    if (due_us == INT64_MAX)
        pthread_cond_wait(&program->wake, &program->mutex);
    else
        pthread_cond_timedwait(&program->wake, &program->mutex, &until);
}

/* The next three are called and left with the mutex held, and let it go while they wait for the world. */

/* A program that is not there is told before the first alarm needs it. */
static void program_look(struct alarm_program *program)
{
    struct program_plan plan = plan_copy(&program->plan);
    program->is_new = false;
    pthread_mutex_unlock(&program->mutex);
    int error = access(plan.argv[0], X_OK) ? errno : 0;
    plan_free(&plan);
    pthread_mutex_lock(&program->mutex);
    program->figures.failure[0] = '\0';
    if (error && !program->is_new)
        snprintf(program->figures.failure, PROGRAM_TEXT_MAX, "it cannot be run: %s", strerror(error));
}

static void program_run_next(struct alarm_program *program)
{
    char why[PROGRAM_TEXT_MAX];
    struct buf input;
    struct program_plan plan = plan_copy(&program->plan);
    uint64_t untold = program->queue.dropped - program->dropped_told;
    char *object = alarm_queue_take(&program->queue);
    program->dropped_told = program->queue.dropped;
    alarm_queue_note_start(&program->queue, clock_mono_us());
    pthread_mutex_unlock(&program->mutex);
    buf_init(&input, 0);
    buf_printf(&input, "{\"untold\":%" PRIu64 ",%s\n", untold, object + 1);
    const struct program run = {
        .argv = plan.argv,
        .input = buf_text(&input),
        .input_length = input.length,
        .timeout_us = plan.timeout_us,
        .stop_fd = program->stop_fd,
    };
    bool good = program_run(&run, why);
    plan_free(&plan);
    buf_free(&input);
    free(object);
    pthread_mutex_lock(&program->mutex);
    program->figures.runs += good;
    program->figures.failed += !good;
    if (!program->is_new) /* else it is not the plan's program any more */
        memcpy(program->figures.failure, why, sizeof why);
}

static void program_turn(struct alarm_program *program)
{
    bool waits = program->plan.argv && program->queue.count > 0;
    int64_t due_us = waits ? alarm_queue_due_us(&program->queue, program->plan.per_minute) : INT64_MAX;
    if (program->plan.argv && program->is_new)
        program_look(program);
    else if (due_us <= clock_mono_us())
        program_run_next(program);
    else
        program_wait(program, due_us);
}

static void *program_thread(void *argument)
{
    struct alarm_program *program = argument;
    pthread_mutex_lock(&program->mutex);
    while (!program->stop)
        program_turn(program);
    program->ended = true;
    bool abandoned = program->abandoned;
    pthread_cond_signal(&program->wake);
    pthread_mutex_unlock(&program->mutex);
    if (abandoned)
        program_release(program);
    return NULL;
}

/* ---- the loop's side ---- */

struct alarm_program *alarm_program_new(void)
{
    struct alarm_program *program = mem_new(1, sizeof *program);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&program->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&program->mutex, NULL);
    program->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return program;
}

static void program_choose(struct alarm_program *program, const struct config_notify *notify)
{
    for (int i = 0; i <= PRIORITY_CRITICAL; i++)
        program->priorities[i] = notify->program && !notify->priorities.count && i >= PRIORITY_HIGH;
    for (size_t i = 0; i < notify->priorities.count; i++)
        for (int n = 0; n <= PRIORITY_CRITICAL; n++)
            if (notify->program && !strcmp(notify->priorities.names[i], ALARM_PRIORITY_WORDS[n]))
                program->priorities[n] = true;
}

void alarm_program_set(struct alarm_program *program, const struct config_notify *notify)
{
    program_choose(program, notify);
    pthread_mutex_lock(&program->mutex);
    plan_free(&program->plan);
    program->plan = plan_of(notify);
    program->is_new = true;
    program->figures.failure[0] = '\0';
    if (!program->plan.argv)
        alarm_queue_clear(&program->queue);
    pthread_cond_signal(&program->wake);
    pthread_mutex_unlock(&program->mutex);
    if (program->started || !notify->program)
        return;
    int error = pthread_create(&program->thread, NULL, program_thread, program);
    program->started = !error;
    if (error)
        log_error("cannot start the thread of notify: %s", strerror(error));
}

bool alarm_program_wants(struct alarm_program *program, enum alarm_priority priority)
{
    if (!program->priorities[priority] || !program->started)
        return false;
    pthread_mutex_lock(&program->mutex);
    bool room = alarm_queue_has_room(&program->queue, priority);
    program->queue.dropped += !room;
    pthread_mutex_unlock(&program->mutex);
    return room;
}

void alarm_program_tell(struct alarm_program *program, enum alarm_priority priority, const char *object)
{
    char *text = mem_copy_text(object);
    pthread_mutex_lock(&program->mutex);
    alarm_queue_put(&program->queue, priority, text);
    pthread_cond_signal(&program->wake);
    pthread_mutex_unlock(&program->mutex);
}

void alarm_program_get_figures(struct alarm_program *program, struct alarm_program_figures *figures)
{
    pthread_mutex_lock(&program->mutex);
    *figures = program->figures;
    figures->waiting = program->queue.count;
    figures->dropped = program->queue.dropped;
    pthread_mutex_unlock(&program->mutex);
}

void alarm_program_stop(struct alarm_program *program)
{
    pthread_mutex_lock(&program->mutex);
    program->stop = true;
    eventfd_write(program->stop_fd, 1);
    pthread_cond_signal(&program->wake);
    pthread_mutex_unlock(&program->mutex);
}

bool alarm_program_free(struct alarm_program *program)
{
    if (!program)
        return false;
    alarm_program_stop(program);
    int64_t end_us = clock_mono_us() + PROGRAM_STOP_US;
    const struct timespec until = {.tv_sec = end_us / CLOCK_US_PER_SECOND,
                                   .tv_nsec = end_us % CLOCK_US_PER_SECOND * 1000};
    int code = 0;
    pthread_mutex_lock(&program->mutex);
    while (program->started && !program->ended && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&program->wake, &program->mutex, &until);
    bool left = program->started && !program->ended;
    program->abandoned = left;
    pthread_mutex_unlock(&program->mutex);
    if (left) {
        pthread_detach(program->thread);
        return true;
    }
    if (program->started)
        pthread_join(program->thread, NULL);
    program_release(program);
    return false;
}
