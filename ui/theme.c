#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

const char *const THEME_WORDS[THEME_COUNT + 1] = {
    [THEME_DARK] = "dark",
    [THEME_LIGHT] = "light",
    [THEME_MONO] = "mono",
};

bool theme_of_word(const char *word, enum theme *theme)
{
    for (int i = 0; i < THEME_COUNT; i++)
        if (word && strcmp(word, THEME_WORDS[i]) == 0) {
            *theme = (enum theme)i;
            return true;
        }
    return false;
}

/* COLORFGBG is "foreground;background" in the eight old colours: 7 and 15 are light backgrounds. */
enum theme theme_for(int colours, const char *no_color, const char *colorfgbg)
{
    if (colours < 8 || (no_color && *no_color))
        return THEME_MONO;
    const char *background = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
    int number = background ? atoi(background + 1) : 0;
    return number == 7 || number == 15 ? THEME_LIGHT : THEME_DARK;
}

/* The eight old colours. */
enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, DEFAULT = THEME_DEFAULT_COLOUR };
enum { B = THEME_BOLD, R = THEME_REVERSE, U = THEME_UNDERLINE, F = THEME_FAINT };

/* One row: foreground and background with 256 colours, the same with 8, and the attributes with 256 and with
 * 8. PAPER is the background of the theme, which selection replaces. */
struct look {
    int16_t fg256, bg256, fg8, bg8;
    uint8_t more256, more8;
};

#define PAPER (-2)

struct palette {
    int16_t paper256, paper8, selected256, selected8;
    struct look looks[MEANING_COUNT];
};

static const struct palette DARK =
    {
        .paper256 = 234,
        .paper8 = BLACK,
        .selected256 = 238,
        .selected8 = BLUE,
        .looks =
            {
                [MEANING_TEXT] = {250, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_DIM] = {243, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_STRONG] = {255, PAPER, WHITE, PAPER, B, B},
                [MEANING_HEADING] = {245, PAPER, CYAN, PAPER, 0, 0},
                [MEANING_SORTED] = {253, PAPER, CYAN, PAPER, B, B},
                [MEANING_GROUP] = {253, PAPER, WHITE, PAPER, B, B},
                [MEANING_FRAME] = {239, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_HEADER] = {251, 237, BLACK, WHITE, 0, 0},
                [MEANING_HEADER_DIM] = {246, 237, BLACK, WHITE, 0, 0},
                [MEANING_HEADER_STRONG] = {255, 237, BLACK, WHITE, B, 0},
                [MEANING_KEY] = {253, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_KEY_LABEL] = {248, 237, BLACK, CYAN, 0, 0},
                [MEANING_VALUE] = {254, PAPER, WHITE, PAPER, 0, B},
                [MEANING_VALUE_UNCERTAIN] = {137, PAPER, YELLOW, PAPER, 0, 0},
                [MEANING_VALUE_BAD] = {209, PAPER, RED, PAPER, B, B},
                [MEANING_LIGHT_GOOD] = {108, 237, BLACK, WHITE, 0, 0},
                [MEANING_LIGHT_WARNING] = {221, 237, BLACK, YELLOW, B, 0},
                [MEANING_LIGHT_BAD] = {231, 160, WHITE, RED, B, B},
                [MEANING_BANNER] = {231, 160, WHITE, RED, B, B},
                [MEANING_MESSAGE] = {253, 238, BLACK, CYAN, 0, 0},
                [MEANING_WARNING] = {221, PAPER, YELLOW, PAPER, 0, B},
                [MEANING_ERROR] = {210, PAPER, RED, PAPER, B, B},
                [MEANING_INPUT] = {255, 236, WHITE, PAPER, 0, B},
                [MEANING_MATCH] = {117, PAPER, CYAN, PAPER, 0, B},
                [MEANING_SPARK] = {66, PAPER, CYAN, PAPER, 0, 0},
                [MEANING_SPARK_UNCERTAIN] = {240, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_BAR] = {247, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_BAR_EMPTY] = {238, PAPER, BLUE, PAPER, 0, 0},
                [MEANING_BAR_LIMIT] = {179, PAPER, YELLOW, PAPER, 0, 0},
                [MEANING_BAR_OUT] = {215, PAPER, YELLOW, PAPER, B, B},
                [MEANING_CHART] = {109, PAPER, CYAN, PAPER, 0, 0},
                [MEANING_CHART_AXIS] = {242, PAPER, WHITE, PAPER, 0, 0},
                [MEANING_CHART_LIMIT] = {137, PAPER, YELLOW, PAPER, 0, 0},
                [MEANING_CHART_GAP] = {95, PAPER, MAGENTA, PAPER, 0, 0},
                [MEANING_PEN_1] = {117, PAPER, CYAN, PAPER, 0, B},
                [MEANING_PEN_2] = {114, PAPER, GREEN, PAPER, 0, 0},
                [MEANING_PEN_3] = {183, PAPER, MAGENTA, PAPER, 0, B},
                [MEANING_PEN_4] = {253, PAPER, WHITE, PAPER, 0, B},
                [MEANING_ALARM_CRITICAL] = {231, 124, WHITE, RED, B, B},
                [MEANING_ALARM_HIGH] = {232, 208, BLACK, YELLOW, B, 0},
                [MEANING_ALARM_MEDIUM] = {232, 220, BLACK, YELLOW, 0, 0},
                [MEANING_ALARM_LOW] = {232, 80, BLACK, CYAN, 0, 0},
            },
};

static const struct palette LIGHT =
    {
        .paper256 = 255,
        .paper8 = WHITE,
        .selected256 = 252,
        .selected8 = CYAN,
        .looks =
            {
                [MEANING_TEXT] = {238, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_DIM] = {244, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_STRONG] = {232, PAPER, BLACK, PAPER, B, B},
                [MEANING_HEADING] = {243, PAPER, BLUE, PAPER, 0, 0},
                [MEANING_SORTED] = {234, PAPER, BLUE, PAPER, B, B},
                [MEANING_GROUP] = {234, PAPER, BLACK, PAPER, B, B},
                [MEANING_FRAME] = {250, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_HEADER] = {237, 251, WHITE, BLACK, 0, 0},
                [MEANING_HEADER_DIM] = {241, 251, WHITE, BLACK, 0, 0},
                [MEANING_HEADER_STRONG] = {232, 251, WHITE, BLACK, B, B},
                [MEANING_KEY] = {235, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_KEY_LABEL] = {238, 251, BLACK, CYAN, 0, 0},
                [MEANING_VALUE] = {233, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_VALUE_UNCERTAIN] = {94, PAPER, MAGENTA, PAPER, 0, 0},
                [MEANING_VALUE_BAD] = {160, PAPER, RED, PAPER, B, B},
                [MEANING_LIGHT_GOOD] = {28, 251, WHITE, BLACK, 0, 0},
                [MEANING_LIGHT_WARNING] = {232, 221, BLACK, YELLOW, B, 0},
                [MEANING_LIGHT_BAD] = {231, 160, WHITE, RED, B, B},
                [MEANING_BANNER] = {231, 160, WHITE, RED, B, B},
                [MEANING_MESSAGE] = {235, 250, BLACK, CYAN, 0, 0},
                [MEANING_WARNING] = {130, PAPER, RED, PAPER, B, 0},
                [MEANING_ERROR] = {160, PAPER, RED, PAPER, B, B},
                [MEANING_INPUT] = {232, 253, BLACK, PAPER, 0, B},
                [MEANING_MATCH] = {25, PAPER, BLUE, PAPER, 0, B},
                [MEANING_SPARK] = {67, PAPER, BLUE, PAPER, 0, 0},
                [MEANING_SPARK_UNCERTAIN] = {248, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_BAR] = {242, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_BAR_EMPTY] = {251, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_BAR_LIMIT] = {130, PAPER, RED, PAPER, 0, 0},
                [MEANING_BAR_OUT] = {166, PAPER, RED, PAPER, B, B},
                [MEANING_CHART] = {67, PAPER, BLUE, PAPER, 0, 0},
                [MEANING_CHART_AXIS] = {246, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_CHART_LIMIT] = {130, PAPER, RED, PAPER, 0, 0},
                [MEANING_CHART_GAP] = {138, PAPER, MAGENTA, PAPER, 0, 0},
                [MEANING_PEN_1] = {26, PAPER, BLUE, PAPER, 0, 0},
                [MEANING_PEN_2] = {29, PAPER, GREEN, PAPER, 0, 0},
                [MEANING_PEN_3] = {91, PAPER, MAGENTA, PAPER, 0, 0},
                [MEANING_PEN_4] = {234, PAPER, BLACK, PAPER, 0, 0},
                [MEANING_ALARM_CRITICAL] = {231, 124, WHITE, RED, B, B},
                [MEANING_ALARM_HIGH] = {232, 208, BLACK, YELLOW, B, 0},
                [MEANING_ALARM_MEDIUM] = {232, 220, BLACK, YELLOW, 0, 0},
                [MEANING_ALARM_LOW] = {232, 80, BLACK, CYAN, 0, 0},
            },
};

/* Attributes alone; what is not named here is plain. */
static const uint8_t MONO[MEANING_COUNT] = {
    [MEANING_STRONG] = B,
    [MEANING_SORTED] = B | U,
    [MEANING_HEADING] = U,
    [MEANING_GROUP] = B,
    [MEANING_HEADER] = R,
    [MEANING_HEADER_DIM] = R,
    [MEANING_HEADER_STRONG] = R | B,
    [MEANING_KEY] = B,
    [MEANING_KEY_LABEL] = R,
    [MEANING_VALUE] = 0,
    [MEANING_VALUE_BAD] = B,
    [MEANING_LIGHT_GOOD] = R,
    [MEANING_LIGHT_WARNING] = B,
    [MEANING_LIGHT_BAD] = B,
    [MEANING_BANNER] = R | B,
    [MEANING_MESSAGE] = R,
    [MEANING_WARNING] = B,
    [MEANING_ERROR] = B,
    [MEANING_INPUT] = U,
    [MEANING_MATCH] = B,
    [MEANING_BAR_OUT] = B,
    [MEANING_ALARM_CRITICAL] = R | B,
    [MEANING_ALARM_HIGH] = R | B,
    [MEANING_ALARM_MEDIUM] = R,
    [MEANING_ALARM_LOW] = R,
};

struct style theme_style(enum theme theme, enum meaning meaning, bool selected, int colours)
{
    if (theme == THEME_MONO || colours < 8)
        return (struct style){DEFAULT, DEFAULT, (uint8_t)(selected ? MONO[meaning] ^ R : MONO[meaning])};
    const struct palette *palette = theme == THEME_LIGHT ? &LIGHT : &DARK;
    const struct look *look = &palette->looks[meaning];
    bool many = colours >= 256;
    struct style style = {
        .fg = many ? look->fg256 : look->fg8,
        .bg = many ? look->bg256 : look->bg8,
        .attributes = many ? look->more256 : look->more8,
    };
    if (style.bg == PAPER && selected)
        style.bg = many ? palette->selected256 : palette->selected8;
    else if (style.bg == PAPER)
        style.bg = many ? palette->paper256 : palette->paper8;
    if (selected && style.fg == style.bg)
        style.fg = many ? palette->looks[MEANING_TEXT].fg256 : palette->looks[MEANING_TEXT].fg8;
    return style;
}
