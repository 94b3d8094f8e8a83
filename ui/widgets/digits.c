#include "ui/widgets/digits.h"

#include "ui/widgets/raster.h"

#include <string.h>

#define DIGITS_DOTS 5 /* rows of dots of the form for blocks */

struct digits_form {
    char letter;
    int columns;
    const char *dots;    /* five rows of dots, '#' is set */
    const char *strokes; /* three rows of letters */
};

static const struct digits_form DIGITS_FORMS[] = {
    {'0', 3, "####.##.##.####", " _ | ||_|"},
    {'1', 3, "..#..#..#..#..#", "     |  |"},
    {'2', 3, "###..#####..###", " _  _||_ "},
    {'3', 3, "###..####..####", " _  _| _|"},
    {'4', 3, "#.##.####..#..#", "   |_|  |"},
    {'5', 3, "####..###..####", " _ |_  _|"},
    {'6', 3, "####..####.####", " _ |_ |_|"},
    {'7', 3, "###..#..#..#..#", " _   |  |"},
    {'8', 3, "####.#####.####", " _ |_||_|"},
    {'9', 3, "####.####..####", " _ |_| _|"},
    {'-', 3, "......###......", "    _    "},
    {'+', 3, "....#.###.#....", "   _|_ | "},
    {'.', 1, "....#", "  ."},
    {'e', 3,
     "###"
     "#.#"
     "###"
     "#.."
     "###",
     " _ |_ |_ "},
    {' ', 1, ".....", "   "},
};

static const struct digits_form *digits_form_of(char letter)
{
    for (size_t i = 0; i < sizeof DIGITS_FORMS / sizeof *DIGITS_FORMS; i++)
        if (DIGITS_FORMS[i].letter == letter)
            return &DIGITS_FORMS[i];
    return NULL;
}

bool digits_can_show(const char *text)
{
    for (; *text; text++)
        if (!digits_form_of(*text))
            return false;
    return true;
}

int digits_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++) {
        const struct digits_form *form = digits_form_of(*text);
        columns += form ? form->columns + 1 : 0;
    }
    return columns > 0 ? columns - 1 : 0;
}

static uint32_t digits_sign(const struct digits_form *form, enum glyph_level level, int x, int y)
{
    if (level < GLYPH_BLOCKS)
        return (unsigned char)form->strokes[y * form->columns + x];
    unsigned bits = form->dots[2 * y * form->columns + x] == '#';
    if (2 * y + 1 < DIGITS_DOTS)
        bits |= form->dots[(2 * y + 1) * form->columns + x] == '#' ? 2u : 0;
    return raster_sign(GLYPH_BLOCKS, bits);
}

int digits_draw(const struct pane *pane, int x, int y, enum meaning meaning, const char *text)
{
    enum glyph_level level = pane_level(pane);
    int start = x;
    for (; *text; text++) {
        const struct digits_form *form = digits_form_of(*text);
        if (!form)
            continue;
        for (int row = 0; row < DIGITS_ROWS; row++)
            for (int column = 0; column < form->columns; column++)
                pane_put(pane, x + column, y + row, meaning, digits_sign(form, level, column, row));
        x += form->columns + 1;
    }
    return x > start ? x - start - 1 : 0;
}
