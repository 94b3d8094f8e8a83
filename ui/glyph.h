/* Levels of drawing and the signs of the screens, with their ASCII forms. Pure.
 *
 * Text on a canvas is always Unicode; at GLYPH_ASCII every code point leaves as ASCII: a sign by its row in
 * the table of signs, any other character by the table of transliterations. So each level is complete. */
#ifndef UI_GLYPH_H
#define UI_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum glyph_level {
    GLYPH_ASCII,   /* 7 bits: vt100 without line drawing, dumb pipes, wrong locales */
    GLYPH_LINE,    /* and lines and boxes */
    GLYPH_BLOCKS,  /* and eighths of blocks: the Linux console */
    GLYPH_BRAILLE, /* and dots, two by four a cell */
    GLYPH_LEVEL_COUNT
};

/* Words of `glyphs` in hmi.cfg, HMI_GLYPHS and --glyphs, by level. */
extern const char *const GLYPH_LEVEL_WORDS[GLYPH_LEVEL_COUNT + 1];

/* The level named by `word`; false when there is no such level. */
bool glyph_level_of_word(const char *word, enum glyph_level *level);

/* The level that suits a terminal: `utf8` is the locale's, `term` the value of TERM (may be NULL). */
enum glyph_level glyph_level_for(bool utf8, const char *term);

enum sign {
    SIGN_ON,   /* a light that is on */
    SIGN_HALF, /* a light between */
    SIGN_OFF,  /* a light that is off */
    SIGN_FAILED,
    SIGN_UNFOLDED, /* a group whose rows are shown */
    SIGN_FOLDED,
    SIGN_UP, /* sorted upwards */
    SIGN_DOWN,
    SIGN_ELLIPSIS, /* something was cut off */
    SIGN_DASH,     /* no value */
    SIGN_BULLET,
    SIGN_ARROW,
    SIGN_HORIZONTAL,
    SIGN_VERTICAL,
    SIGN_TOP_LEFT,
    SIGN_TOP_RIGHT,
    SIGN_BOTTOM_LEFT,
    SIGN_BOTTOM_RIGHT,
    SIGN_TEE_LEFT, /* joins a horizontal line to the left frame */
    SIGN_TEE_RIGHT,
    SIGN_SCROLL, /* the handle of a scroll bar */
    SIGN_COUNT
};

/* The sign at that level, as UTF-8; never NULL. */
const char *glyph_sign(enum sign sign, enum glyph_level level);

/* An ASCII form of a code point: "deg" for °, "u" for µ, "~" for …,
 * "?" where there is none. Never NULL; 1 to 3 letters. */
const char *glyph_ascii(uint32_t code_point);

#endif
