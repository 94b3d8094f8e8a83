/* The configuration as the programs use it. Every member exists once in the option table
 * (config/options_table.c), which gives its name, type, unit, range, default and help. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/err.h"
#include "plant/tagdef.h"

#include <stdint.h>

enum config_durability { DURABILITY_FULL, DURABILITY_NORMAL };
enum config_protocol {
    PROTOCOL_MQTT5,
    PROTOCOL_MQTT311
}; /* "5": falls back to 3.1.1 when a broker refuses 5 */

struct config_tls {
    bool enabled;
    char *ca;         /* file; NULL: the system's authorities */
    char *cert, *key; /* client certificate; both or none */
};

#define CONFIG_TLS_PORT 8883 /* where brokers speak TLS */

struct config_broker {
    char *host;
    int port; /* 1883, with tls CONFIG_TLS_PORT */
    char *username;
    char *password_file; /* read by the recorder only */
    char *client_id;     /* NULL: "hmi-" and an id kept in the history file */
    enum config_protocol protocol;
    int keepalive_s;
    int receive_maximum;      /* MQTT 5: unacknowledged messages that we accept */
    int64_t session_expiry_s; /* how long the broker keeps our session */
    bool clean;               /* a look at a broker: nothing is left behind there */
    struct config_tls tls;
};

struct config_subscription {
    char *filter;
    struct payload_rule payload;
    int qos;
    int line;
};

struct config_history {
    char *file; /* absolute, or relative to the working directory when there is no configuration file */
    enum config_durability durability;
    int keep_days;
    int keep_mb;
    int keep_minutes_days, keep_hours_days, keep_journal_days;
    bool temporary; /* a look at a broker: removed at the end */
};

struct config_names { /* users, "uid NUMBER", "@group", "*" */
    char **names;
    size_t count;
};

/* Alarms that one tag suppresses together. */
struct config_alarm_group {
    char *name;
    struct alarm_suppression suppress;
    int line;
};

/* A program that is told of alarms. */
struct config_notify {
    char *program; /* NULL: nobody is told */
    struct config_names arguments;
    struct config_names priorities; /* words of enum alarm_priority; none: critical and high */
    int64_t timeout_us;             /* of one run */
    int per_minute;                 /* runs */
};

struct config_display {
    char *name, *file, *key;
    int line;
};

struct config {
    char *path; /* of the file, absolute; NULL without one */
    char *plant;
    char *timezone; /* NULL: the machine's */
    struct config_broker broker;
    struct config_subscription *subscriptions;
    size_t subscription_count;
    struct config_history history;
    bool has_access;
    struct config_names access[ROLE_ENGINEER + 1]; /* by enum role; [ROLE_NONE] is empty */
    struct tag_def *tags;
    size_t tag_count;
    struct config_alarm_group *alarm_groups;
    size_t alarm_group_count;
    struct config_notify notify;
    struct config_display *displays;
    size_t display_count;
    int max_tags;                  /* configured and discovered ones together */
    int max_payload;               /* bytes; larger ones are refused whole */
    int64_t source_time_past_us;   /* older source times are refused */
    int64_t source_time_future_us; /* later ones too */
    char *theme;                   /* dark, light, mono; NULL: chosen by the terminal */
    int64_t shelve_max_us;         /* no alarm is shelved for longer */
    int64_t lock_after_us;         /* an idle console becomes read-only; 0: never */
    char *glyphs;                  /* braille, blocks, line, ascii; NULL: chosen by locale and terminal */
    char *socket;                  /* NULL: derived from the history file (config_socket_path) */
};

/* The faults found, each "FILE:LINE: what is wrong, what is allowed". */
struct config_report {
    char **faults;
    size_t count, capacity;
    char **warnings; /* of the same shape: what is allowed but hardly meant */
    size_t warning_count, warning_capacity;
};

/* All defaults, no tags, no subscriptions. Release with config_free().
 * (libconfig has a function config_init.) */
void config_init_defaults(struct config *config);
void config_free(struct config *config);

/* Reads and checks a file whole; opens no other file but those it includes,
 * so that a console may load a configuration whose secrets it cannot read.
 * Returns false with at least one fault in `report` when it is not good; `config` then holds what could be read
 * and defaults, which serves to look for a running recorder and for nothing else. Release both. The report need not be initialised before. */
bool config_load(struct config *config, const char *path, struct config_report *report);

/* The same, and further looks at what the file refers to:
 * password, certificates, pictures, users and groups. */
bool config_check(struct config *config, const char *path, struct config_report *report);
void config_report_free(struct config_report *report);

/* Whether a name of `access` is "uid 4711", for a user who has no name on this machine; his number to *uid. */
bool config_is_uid(const char *name, unsigned *uid);

/* The broker's password: the first line of broker.password_file. The file must not be readable by others.
 * NULL with `err` set when it cannot be had; NULL with err->code 0 when none is configured. The caller wipes
 * and frees it. */
char *config_read_password(const struct config *config, struct err *err);

/* Looks for the configuration: `given` (from -c) when not NULL, else the first there is of
 *   ./hmi.cfg
 *   $XDG_CONFIG_HOME/hmi/hmi.cfg (or ~/.config/hmi/hmi.cfg)
 *   /etc/hmi/hmi.cfg
 * Returns an absolute path that the caller frees, or NULL with `err` set: EX_NOINPUT when there is none,
 * EX_NOPERM when it belongs to somebody who is neither oneself nor root. */
char *config_find(const char *given, struct err *err);

/* Where the socket of this history file may lie, best first; a list that ends in NULL (config_free_list).
 * A console tries them all, so that it finds a recorder of another user, too:
 *   `socket` alone when configured, else
 *   $XDG_RUNTIME_DIR/hmi
 *   /run/hmi
 *   /tmp/hmi-UID
 *   /tmp/hmi-THEIRS when somebody else owns the history file
 *   and last what config_note_socket() has left in these folders
 * A directory that is not its owner's alone to write (or a symbolic link) is left out. */
char **config_socket_candidates(const struct config *config);
void config_free_list(char **list);

/* Notes which socket the recorder of this configuration file has, so that it is found when the file has become
 * faulty or names another history. Only a help: a failure is not told. */
void config_note_socket(const struct config *config, const char *socket);

/* Takes the note away, unless another recorder has left its own meanwhile. */
void config_forget_socket(const struct config *config, const char *socket);

/* The path where a recorder binds its socket: the first candidate that this user may make; its directory is
 * made. With `access` others shall reach it, so that $XDG_RUNTIME_DIR (closed to others) is left out. NULL
 * with `err` set when there is none. The caller frees it. */
char *config_socket_path(const struct config *config, struct err *err);

/* Writes the manual page hmi.cfg(5), or the option list alone, from the option table to standard output. */
void config_print_manual(void);

#endif
