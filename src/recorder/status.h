/* The recorder's health in words and figures: gathers struct wire_status, the list of faults with their
 * cures, and the refused payloads by topic. Reads the others, changes nothing. */
#ifndef RECORDER_STATUS_H
#define RECORDER_STATUS_H

#include "config/config.h"
#include "plant/plant.h"
#include "recorder/alarm_program.h"
#include "recorder/buttons.h"
#include "recorder/uplink.h"
#include "recorder/pipeline.h"
#include "recorder/rates.h"
#include "recorder/server.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATUS_FAULTS_MAX   32
#define STATUS_REFUSALS_MAX 20
#define STATUS_TEXT_MAX     512
#define STATUS_EXCERPT_MAX  256

/* Where the figures come from; all borrowed. */
struct status_sources {
    const struct alarms *alarms;
    const struct alarm_board *board;
    const struct alarm_program_figures *program; /* of notify */
    const struct buttons *buttons;               /* that may stand pressed */
    const struct config *config;
    const struct plant *plant;
    struct pipeline *pipeline;
    struct uplink *uplink;
    struct server *server; /* NULL: none yet */
    const char *client_id;
    int64_t now_mono_us;
    int64_t started_us;       /* wall */
    int64_t no_data_since_us; /* wall; 0: data flows */
    int64_t last_message_us;  /* wall */
    int64_t clock_step_us;    /* the last step of the wall clock, signed */
    int64_t clock_stepped_us; /* wall, when; 0: never */
    const char *reload_fault; /* what was wrong with the configuration at the last reload; NULL: nothing */
};

/* A fault that stands. */
struct status_fault {
    int64_t since_us; /* wall; 0: it does not stand */
    char what[STATUS_TEXT_MAX], cure[STATUS_TEXT_MAX];
};

struct status {
    struct wire_status wire;
    struct wire_fault faults[STATUS_FAULTS_MAX];
    size_t fault_count;
    struct wire_refusal refusals[STATUS_REFUSALS_MAX];
    size_t refusal_count;

    /* what the above point into, and what is remembered between two looks */
    struct status_fault standing[STATUS_FAULTS_MAX]; /* by row of the fault table */
    char broker[300], recording_text[STATUS_TEXT_MAX], excerpts[STATUS_REFUSALS_MAX][STATUS_EXCERPT_MAX];
    struct rate messages, stored, cpu_us;
    uint64_t refused_before, times_before;
    uint64_t untold_before;
    int64_t refused_us, times_us, untold_us; /* wall: when the counters last rose */
    char tidy_error[ERR_TEXT_MAX];
    long wal_holder; /* a process that keeps the history's log from being emptied; 0: none */
    char wal_holder_name[64];
};

/* Once a second: the rates. */
void status_note_second(struct status *status, const struct status_sources *sources, int64_t now_mono_us);

/* Looks at everything and fills in `wire`, `faults` and `refusals`; new and ended faults are logged. The
 * texts are valid until the next call. */
void status_update(struct status *status, const struct status_sources *sources, int64_t now_wall_us);

#endif
