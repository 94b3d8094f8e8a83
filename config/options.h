/* The option table: every name that hmi.cfg knows, once. Its rows drive loading, validation, defaults,
 * releasing and the manual page; a new option is a member in config.h (or plant/tagdef.h) and a row here. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "base/buf.h"
#include "config/config.h"

#include <stddef.h>

/* How an option is written, and what its destination is. */
enum option_type {
    OPTION_TEXT,     /* char *; with `choices` one of these words */
    OPTION_FILE,     /* char *; relative to the configuration's folder, absolute once loaded */
    OPTION_INTEGER,  /* int */
    OPTION_LARGE,    /* int64_t */
    OPTION_NUMBER,   /* double */
    OPTION_SECONDS,  /* int64_t microseconds, written in seconds */
    OPTION_BOOLEAN,  /* bool */
    OPTION_CHOICE,   /* an enum: the index of the word in `choices` */
    OPTION_PAIR,     /* two double: `offset`, `offset_more` */
    OPTION_NAMES,    /* struct config_names: a list of texts; with `choices` of these words */
    OPTION_STATES,   /* struct tag_state *, and their number at `offset_more`: a list of (number, text) */
    OPTION_LIMIT,    /* a number (double at `offset`) or a name (char * at `offset_more`) */
    OPTION_GROUP,    /* a structure inside the structure */
    OPTION_OPTIONAL, /* a pointer to a structure of its own, NULL when not given */
    OPTION_LIST      /* a pointer to an array of structures, and their number at `offset_more` */
};

#define OPTION_NOWHERE SIZE_MAX

struct option_group;

struct option {
    const char *name;
    enum option_type type;
    bool required;
    bool whole_range; /* numbers: any; else from `least` to `most`; texts: that many bytes */
    double least, most;
    const char *unit;
    const char *const *choices; /* NULL-terminated */
    int first_choice;           /* words before it are not allowed */
    const char *standard;       /* the default as one would type it; NULL: none */
    const char *standard_note;  /* what a default depends on, for people */
    const char *help;
    size_t offset, offset_more;
    size_t offset_given; /* bool set when the option is given; 0: none (never the first member) */
    const struct option_group *group;
};

struct option_group {
    const char *label; /* "tags.alarms"; "" for the top */
    const char *help;
    size_t size;        /* of the structure */
    size_t offset_line; /* int: the line where it begins; OPTION_NOWHERE: none */
    const struct option *options;
    size_t count;
    void (*release)(void *structure); /* NULL: by the table */
};

extern const struct option_group OPTIONS_TOP;

/* All groups, the top first; ends in NULL. */
extern const struct option_group *const OPTIONS_GROUPS[];

/* The row of that name in the group, or NULL. */
const struct option *options_find(const struct option_group *group, const char *name);

/* Sets the defaults in a structure whose bytes are zero. */
void options_set_defaults(const struct option_group *group, void *structure);

/* Releases what a structure of this group owns, not the structure. */
void options_release(const struct option_group *group, void *structure);

/* The index of a word in a NULL-terminated list, or -1. */
int options_find_word(const char *const *words, const char *word);

/* Appends what may be written: "a whole number from 1 to 65535", "one of: full, normal". */
void options_describe(const struct option *option, struct buf *out);

/* Appends what was probably meant by a name that the group does not know: the nearest one, the group where it
 * would be right, or all names that are known here. */
void options_hint(const struct option_group *group, const char *name, struct buf *out);

/* Writes `name` with the label of its group, such as "tags.alarms.limit", to `out` and returns it. */
const char *options_label(const struct option_group *group, const char *name, char *out, size_t size);

#endif
