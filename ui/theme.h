/* What colours mean. Screens name meanings, never colours; a theme maps each meaning to a style. Pure.
 *
 * Quiet by design: greys for all that is normal, colour only for what needs a person, and never colour alone:
 * each such thing also has a sign or a word, so that the mono theme says the same. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

enum meaning {
    MEANING_TEXT,
    MEANING_DIM,     /* labels, units, what is read second */
    MEANING_STRONG,  /* the one thing to read first */
    MEANING_HEADING, /* column and section headings */
    MEANING_SORTED,  /* the heading that rows are sorted by */
    MEANING_GROUP,   /* rows of the topic tree */
    MEANING_FRAME,   /* boxes and rules */
    MEANING_HEADER,  /* the line at the top of every screen */
    MEANING_HEADER_DIM,
    MEANING_HEADER_STRONG,
    MEANING_KEY,             /* key bar at the foot: the key */
    MEANING_KEY_LABEL,       /* and what it does */
    MEANING_VALUE,           /* a good live value */
    MEANING_VALUE_UNCERTAIN, /* stale, initial, retained: not live */
    MEANING_VALUE_BAD,
    MEANING_LIGHT_GOOD,
    MEANING_LIGHT_WARNING,
    MEANING_LIGHT_BAD,
    MEANING_BANNER,  /* the full-width line that says the plant is not seen */
    MEANING_MESSAGE, /* an answer to the operator, for a moment */
    MEANING_WARNING, /* text that warns */
    MEANING_ERROR,   /* text that says what failed */
    MEANING_INPUT,   /* where text is typed */
    MEANING_MATCH,   /* what a filter found */
    MEANING_SPARK,
    MEANING_SPARK_UNCERTAIN,
    MEANING_BAR,       /* the value's place in its range */
    MEANING_BAR_EMPTY, /* the rest of the range */
    MEANING_BAR_LIMIT, /* marks of alarm limits */
    MEANING_BAR_OUT,   /* the value is outside its range */
    MEANING_CHART,
    MEANING_CHART_AXIS,
    MEANING_CHART_LIMIT,
    MEANING_CHART_GAP,
    MEANING_PEN_1, /* pens of the Trends screen; each has its digit, too */
    MEANING_PEN_2,
    MEANING_PEN_3,
    MEANING_PEN_4,
    /* Alarms that nobody has acknowledged; used for nothing else. A block, of the priority's colour or reversed, beside
     * the priority's number in its shape and a word in capitals: that is left to the eye on any terminal. Nothing blinks
     * on top of it: not every terminal does, so that it may never be needed, and in a flood nothing could be read. */
    MEANING_ALARM_CRITICAL,
    MEANING_ALARM_HIGH,
    MEANING_ALARM_MEDIUM,
    MEANING_ALARM_LOW,
    MEANING_COUNT
};

enum theme { THEME_DARK, THEME_LIGHT, THEME_MONO, THEME_COUNT };

/* Words of `theme` in hmi.cfg and --theme. */
extern const char *const THEME_WORDS[THEME_COUNT + 1];

/* False when the word is none of THEME_WORDS: *theme stays as it is then. */
bool theme_of_word(const char *word, enum theme *theme);

/* The theme that suits a terminal with so many colours (0: none); `no_color` and `colorfgbg` are the values
 * of the environment's NO_COLOR and COLORFGBG (NULL: not set). */
enum theme theme_for(int colours, const char *no_color, const char *colorfgbg);

enum theme_attribute { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4, THEME_FAINT = 8 };

#define THEME_DEFAULT_COLOUR (-1) /* the terminal's own */

struct style {
    int16_t fg, bg;     /* colour numbers, or THEME_DEFAULT_COLOUR */
    uint8_t attributes; /* enum theme_attribute, or-ed */
};

/* How a meaning looks, on the selected row or not, with so many colours. */
struct style theme_style(enum theme theme, enum meaning meaning, bool selected, int colours);

#endif
