/* Between the files of the recorder only: its state, and the parts that they call of each other. */
#ifndef RECORDER_RECORDER_INTERNAL_H
#define RECORDER_RECORDER_INTERNAL_H

#include "db/history.h"
#include "plant/alarm.h"
#include "plant/commands.h"
#include "plant/plant.h"
#include "recorder/alarm_board.h"
#include "recorder/alarm_program.h"
#include "recorder/answers.h"
#include "recorder/buttons.h"
#include "recorder/command_board.h"
#include "recorder/foreign.h"
#include "recorder/pipeline.h"
#include "recorder/recorder.h"
#include "recorder/server.h"
#include "recorder/session_limit.h"
#include "recorder/status.h"
#include "recorder/uplink.h"
#include "recorder/writer.h"

#include <stdbool.h>
#include <stdint.h>

struct recorder {
    struct config *config;
    bool from_console, look;
    char *socket_path, *client_id;
    int lock_fd, signal_fd;
    struct history *history; /* the writer's once it runs */
    struct writer *writer;
    struct plant plant;
    struct alarms alarms;
    struct alarm_board board;
    struct alarm_program *program; /* of notify; NULL: not made yet */
    struct alarm_program_figures program_figures;
    uint64_t lost_entries;    /* of the journal, that alarms were stored anew for */
    struct commands commands; /* under way */
    struct command_board command_board;
    struct reservations reservations;
    struct session_limit session_limit, refusal_limit;
    struct foreign foreign;
    struct answers answers;
    struct buttons buttons;      /* that may stand pressed */
    struct batch *open_commands; /* entries that the file misses, until the start has made them */
    uint64_t last_command;       /* the number of the last one */
    struct pipeline pipeline;
    struct uplink *uplink;
    struct server *server;
    struct status status;
    bool plant_made, pipeline_made;

    struct plant_time time;     /* of the current pass */
    uint64_t pass_qos_messages; /* QoS 1 and 2 in the current read pass */
    uint64_t qos_messages;      /* since the start */
    struct rate qos_rate;
    bool draining; /* a partial write: nothing is read until the rest has left */
    bool stop, reload;
    char reload_station[64];             /* who sent the signal */
    int64_t started_us, last_message_us; /* wall */
    int64_t last_stored_us;              /* wall: the latest sample that the file knew at the start */
    int64_t away_since_us;               /* wall: plant data stopped; 0: it flows */
    int64_t gap_noted_us;                /* mono: the open gap was last noted */
    int64_t gap_until_us;                /* wall: and until then it is */
    int64_t alive_limit_us;              /* wall: what the writer was told last */
    int64_t stopping_us;                 /* mono; 0: not yet */
    bool all_written;                    /* at the stop nothing was left in memory */
    bool had_session;
    int64_t second_us, kept_alive_us, alone_us; /* mono */
    int64_t watchdog_us, watchdog_every_us;     /* mono; 0: none */
    int64_t clock_offset_us;                    /* wall minus mono */
    int64_t clock_step_us, clock_stepped_us;    /* the last step; wall, when */
    char reload_fault[STATUS_TEXT_MAX];
    bool status_due;
};

/* What the uplink and the server tell the loop (recorder.c). */
extern const struct uplink_handler RECORDER_UPLINK_EVENTS;
extern const struct server_handler RECORDER_SERVER_EVENTS;

/* What a batch says may be shown and sent now (a pipeline_committed_function; recorder.c). */
void recorder_on_committed(void *context, const struct batch *batch);

/* Takes the time of the pass that begins: `time`; tells of a clock that was set. */
void recorder_read_clocks(struct recorder *recorder);

/* recorder_start.c: makes everything, in the order in which it depends on each other;
 * false with `err` set. What was made is released by recorder_free()
 * in any case, which returns whether a thread was left behind. */
bool recorder_start(struct recorder *recorder, const struct recorder_options *options, struct err *err);
bool recorder_free(struct recorder *recorder);
struct plant_options recorder_plant_options(const struct config *config);

/* The subscriptions and tags of the configuration into the plant; new or changed tags into the batch. */
void recorder_configure_plant(struct recorder *recorder, struct batch *batch);

/* recorder_reload.c: reads the configuration again; validated whole, then swapped. False: nothing was
 * changed, `text` says why. Either is entered in the journal: who asked (`user` NULL: a signal) and what changed. */
bool recorder_reload(struct recorder *recorder, const char *user, const char *station, char *text,
                     size_t size);

#endif
