#include "ui/glyph.h"

#include <string.h>

const char *const GLYPH_LEVEL_WORDS[GLYPH_LEVEL_COUNT + 1] = {
    [GLYPH_ASCII] = "ascii",
    [GLYPH_LINE] = "line",
    [GLYPH_BLOCKS] = "blocks",
    [GLYPH_BRAILLE] = "braille",
};

bool glyph_level_of_word(const char *word, enum glyph_level *level)
{
    for (int i = 0; i < GLYPH_LEVEL_COUNT; i++)
        if (word && strcmp(word, GLYPH_LEVEL_WORDS[i]) == 0) {
            *level = (enum glyph_level)i;
            return true;
        }
    return false;
}

/* The Linux console's fonts have blocks but no dots; old hardware and its emulations have neither. */
enum glyph_level glyph_level_for(bool utf8, const char *term)
{
    static const struct {
        const char *prefix;
        enum glyph_level level;
    } TERMS[] = {
        {"dumb", GLYPH_ASCII},    {"vt1", GLYPH_ASCII},         {"vt2", GLYPH_ASCII},
        {"ansi", GLYPH_ASCII},    {"xterm-mono", GLYPH_BLOCKS}, {"linux", GLYPH_BLOCKS},
        {"fbterm", GLYPH_BLOCKS}, {"cons25", GLYPH_ASCII},
    };
    if (!utf8 || !term)
        return GLYPH_ASCII;
    for (size_t i = 0; i < sizeof TERMS / sizeof *TERMS; i++)
        if (strncmp(term, TERMS[i].prefix, strlen(TERMS[i].prefix)) == 0)
            return TERMS[i].level;
    return GLYPH_BRAILLE;
}

/* Every sign in ASCII, and from which level on it has a better form.
 * One column each, so that nothing moves. */
static const struct {
    const char *ascii, *better;
    enum glyph_level from;
} SIGNS[SIGN_COUNT] = {
    [SIGN_ON] = {"*", "●", GLYPH_BLOCKS},        [SIGN_HALF] = {"%", "◐", GLYPH_BRAILLE},
    [SIGN_OFF] = {"o", "○", GLYPH_BLOCKS},       [SIGN_FAILED] = {"X", "✗", GLYPH_BRAILLE},
    [SIGN_UNFOLDED] = {"-", "▾", GLYPH_BRAILLE}, [SIGN_FOLDED] = {"+", "▸", GLYPH_BRAILLE},
    [SIGN_UP] = {"^", "▴", GLYPH_BRAILLE},       [SIGN_DOWN] = {"v", "▾", GLYPH_BRAILLE},
    [SIGN_ELLIPSIS] = {"~", "…", GLYPH_LINE},    [SIGN_DASH] = {"-", "–", GLYPH_LINE},
    [SIGN_BULLET] = {"-", "·", GLYPH_LINE},      [SIGN_ARROW] = {">", "→", GLYPH_LINE},
    [SIGN_HORIZONTAL] = {"-", "─", GLYPH_LINE},  [SIGN_VERTICAL] = {"|", "│", GLYPH_LINE},
    [SIGN_TOP_LEFT] = {"+", "┌", GLYPH_LINE},    [SIGN_TOP_RIGHT] = {"+", "┐", GLYPH_LINE},
    [SIGN_BOTTOM_LEFT] = {"+", "└", GLYPH_LINE}, [SIGN_BOTTOM_RIGHT] = {"+", "┘", GLYPH_LINE},
    [SIGN_TEE_LEFT] = {"+", "├", GLYPH_LINE},    [SIGN_TEE_RIGHT] = {"+", "┤", GLYPH_LINE},
    [SIGN_SCROLL] = {"#", "█", GLYPH_BLOCKS},
};

const char *glyph_sign(enum sign sign, enum glyph_level level)
{
    return level >= SIGNS[sign].from ? SIGNS[sign].better : SIGNS[sign].ascii;
}

/* What a plant in Europe writes; anything else becomes "?". */
static const struct {
    uint16_t code_point;
    const char *ascii;
} ASCII[] = {
    {0x00A0, " "},   {0x00A1, "!"},   {0x00A2, "c"},   {0x00A3, "GBP"}, {0x00A5, "Y"},   {0x00A6, "|"},
    {0x00A7, "S"},   {0x00A8, "\""},  {0x00A9, "(c)"}, {0x00AB, "<<"},  {0x00AC, "not"}, {0x00AE, "(r)"},
    {0x00AF, "-"},   {0x00B0, "deg"}, {0x00B1, "+-"},  {0x00B2, "2"},   {0x00B3, "3"},   {0x00B4, "'"},
    {0x00B5, "u"},   {0x00B7, "."},   {0x00B8, ","},   {0x00B9, "1"},   {0x00BA, "o"},   {0x00BB, ">>"},
    {0x00BC, "1/4"}, {0x00BD, "1/2"}, {0x00BE, "3/4"}, {0x00BF, "?"},   {0x00C0, "A"},   {0x00C1, "A"},
    {0x00C2, "A"},   {0x00C3, "A"},   {0x00C4, "Ae"},  {0x00C5, "A"},   {0x00C6, "AE"},  {0x00C7, "C"},
    {0x00C8, "E"},   {0x00C9, "E"},   {0x00CA, "E"},   {0x00CB, "E"},   {0x00CC, "I"},   {0x00CD, "I"},
    {0x00CE, "I"},   {0x00CF, "I"},   {0x00D0, "D"},   {0x00D1, "N"},   {0x00D2, "O"},   {0x00D3, "O"},
    {0x00D4, "O"},   {0x00D5, "O"},   {0x00D6, "Oe"},  {0x00D7, "x"},   {0x00D8, "O"},   {0x00D9, "U"},
    {0x00DA, "U"},   {0x00DB, "U"},   {0x00DC, "Ue"},  {0x00DD, "Y"},   {0x00DE, "Th"},  {0x00DF, "ss"},
    {0x00E0, "a"},   {0x00E1, "a"},   {0x00E2, "a"},   {0x00E3, "a"},   {0x00E4, "ae"},  {0x00E5, "a"},
    {0x00E6, "ae"},  {0x00E7, "c"},   {0x00E8, "e"},   {0x00E9, "e"},   {0x00EA, "e"},   {0x00EB, "e"},
    {0x00EC, "i"},   {0x00ED, "i"},   {0x00EE, "i"},   {0x00EF, "i"},   {0x00F0, "d"},   {0x00F1, "n"},
    {0x00F2, "o"},   {0x00F3, "o"},   {0x00F4, "o"},   {0x00F5, "o"},   {0x00F6, "oe"},  {0x00F7, "/"},
    {0x00F8, "o"},   {0x00F9, "u"},   {0x00FA, "u"},   {0x00FB, "u"},   {0x00FC, "ue"},  {0x00FD, "y"},
    {0x00FE, "th"},  {0x00FF, "y"},   {0x010C, "C"},   {0x010D, "c"},   {0x0106, "C"},   {0x0107, "c"},
    {0x0118, "E"},   {0x0119, "e"},   {0x011B, "e"},   {0x0141, "L"},   {0x0142, "l"},   {0x0144, "n"},
    {0x0150, "O"},   {0x0151, "o"},   {0x0158, "R"},   {0x0159, "r"},   {0x015A, "S"},   {0x015B, "s"},
    {0x0160, "S"},   {0x0161, "s"},   {0x016E, "U"},   {0x016F, "u"},   {0x0170, "U"},   {0x0171, "u"},
    {0x017A, "z"},   {0x017C, "z"},   {0x017D, "Z"},   {0x017E, "z"},   {0x0394, "D"},   {0x03A3, "S"},
    {0x03A9, "Ohm"}, {0x03B1, "a"},   {0x03B2, "b"},   {0x03B3, "g"},   {0x03B4, "d"},   {0x03B7, "eta"},
    {0x03BB, "l"},   {0x03BC, "u"},   {0x03C0, "pi"},  {0x03C1, "rho"}, {0x03C3, "s"},   {0x03C6, "phi"},
    {0x2002, " "},   {0x2003, " "},   {0x2009, " "},   {0x2010, "-"},   {0x2011, "-"},   {0x2012, "-"},
    {0x2013, "-"},   {0x2014, "-"},   {0x2018, "'"},   {0x2019, "'"},   {0x201C, "\""},  {0x201D, "\""},
    {0x201E, "\""},  {0x2022, "*"},   {0x2026, "~"},   {0x202F, " "},   {0x2030, "o/o"}, {0x2070, "0"},
    {0x2074, "4"},   {0x207A, "+"},   {0x207B, "-"},   {0x2080, "0"},   {0x2081, "1"},   {0x2082, "2"},
    {0x2083, "3"},   {0x2084, "4"},   {0x20AC, "EUR"}, {0x2103, "C"},   {0x2109, "F"},   {0x2126, "Ohm"},
    {0x212A, "K"},   {0x2190, "<-"},  {0x2191, "^"},   {0x2192, "->"},  {0x2193, "v"},   {0x2194, "<->"},
    {0x2206, "D"},   {0x2211, "S"},   {0x2212, "-"},   {0x221A, "rt"},  {0x221E, "inf"}, {0x2248, "~="},
    {0x2260, "!="},  {0x2264, "<="},  {0x2265, ">="},  {0x23BA, "-"},   {0x23BB, "-"},   {0x23BC, "_"},
    {0x23BD, "_"},   {0x25C6, "#"},
};

const char *glyph_ascii(uint32_t code_point)
{
    /* Boxes are drawn by their kind: verticals, horizontals, corners. */
    if (code_point >= 0x2500 && code_point < 0x2580)
        return code_point == 0x2500 || code_point == 0x2501 || code_point == 0x2504 || code_point == 0x2508
                   ? "-"
               : code_point == 0x2502 || code_point == 0x2503 || code_point == 0x2506 ? "|"
                                                                                      : "+";
    if (code_point >= 0x2580 && code_point < 0x25A0)
        return "#";
    size_t count = sizeof ASCII / sizeof *ASCII;
    for (size_t i = 0; i < count; i++)
        if (ASCII[i].code_point == code_point)
            return ASCII[i].ascii;
    return "?";
}
