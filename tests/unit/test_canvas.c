/* The surface of the screens: clipping, unsafe text, wide characters, ASCII, themes, keys. */
#include "ui/canvas.h"

#include "base/utf8.h"
#include "ui/action.h"
#include "ui/input.h"
#include "ui/line_editor.h"
#include "unit.h"

#include <stdio.h>

static void assert_row(const struct canvas *canvas, int y, const char *expected)
{
    char *text = canvas_row_text(canvas, y);
    assert_string_equal(text, expected);
    free(text);
}

static void test_text_is_cut_and_marked(void **state)
{
    static const struct {
        const char *text;
        int columns;
        enum glyph_level level;
        const char *expected;
    } CASES[] = {
        {"boiler", 10, GLYPH_BRAILLE, "boiler"},
        {"boiler", 6, GLYPH_BRAILLE, "boiler"},
        {"boiler", 5, GLYPH_BRAILLE, "boil…"},
        {"boiler", 5, GLYPH_ASCII, "boil~"},
        {"boiler", 1, GLYPH_ASCII, "~"},
        {"boiler", 0, GLYPH_ASCII, ""},
        {"85 °C", 10, GLYPH_BRAILLE, "85 °C"},
        {"85 °C", 10, GLYPH_ASCII, "85 degC"},
        {"85 °C", 5, GLYPH_ASCII, "85 ~"}, /* a transliteration is never cut in two */
        {"12 µm", 10, GLYPH_ASCII, "12 um"},
        {"Füllstand", 20, GLYPH_ASCII, "Fuellstand"},
        {"水位", 10, GLYPH_BRAILLE, "水位"},
        {"水位", 3, GLYPH_BRAILLE, "水…"},
        {"水位", 10, GLYPH_ASCII, "????"},
        {"a\033[31mb\aA", 20, GLYPH_BRAILLE,
         "a\xEF\xBF\xBD[31mb\xEF\xBF\xBD"
         "A"},
        {"a\033[31mb", 20, GLYPH_ASCII, "a?[31mb"},
        {"\xC2\x9B"
         "2J",
         20, GLYPH_ASCII, "?2J"},                                /* C1 */
        {"x\xE2\x80\xAEy", 20, GLYPH_BRAILLE, "x\xEF\xBF\xBDy"}, /* right-to-left override */
        {"x\xFFy", 20, GLYPH_ASCII, "x?y"},                      /* not UTF-8 */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct canvas canvas;
        canvas_init(&canvas, 20, 1, CASES[i].level);
        struct pane pane = pane_whole(&canvas);
        pane_text(&pane, 0, 0, CASES[i].columns, MEANING_TEXT, CASES[i].text);
        assert_row(&canvas, 0, CASES[i].expected);
        canvas_free(&canvas);
    }
}

static void test_half_of_a_wide_character_becomes_a_blank(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 6, 1, GLYPH_BRAILLE);
    struct pane pane = pane_whole(&canvas);
    pane_text(&pane, 0, 0, -1, MEANING_TEXT, "水位計");
    pane_put(&pane, 1, 0, MEANING_TEXT, 'x');
    pane_put(&pane, 2, 0, MEANING_TEXT, 'y');
    assert_row(&canvas, 0, " xy 計");
    canvas_free(&canvas);
}

/* Whatever is drawn wherever: no cell outside, no unsafe code point inside. */
static void test_nothing_escapes(void **state)
{
    uint64_t random = 3;
    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct canvas canvas;
        int columns = (int)unit_random_below(&random, 40), rows = (int)unit_random_below(&random, 12);
        canvas_init(&canvas, columns, rows, (enum glyph_level)unit_random_below(&random, GLYPH_LEVEL_COUNT));
        struct pane whole = pane_whole(&canvas);
        struct pane pane = pane_part(
            &whole, (int)unit_random_below(&random, 60) - 10, (int)unit_random_below(&random, 20) - 5,
            (int)unit_random_below(&random, 60) - 10, (int)unit_random_below(&random, 20) - 5);
        assert_true(pane.x >= 0 && pane.y >= 0 && pane.columns >= 0 && pane.rows >= 0);
        assert_true(pane.x + pane.columns <= columns && pane.y + pane.rows <= rows);
        char text[24];
        for (size_t i = 0; i < sizeof text - 1; i++)
            text[i] = (char)(unit_random_below(&random, 255) + 1);
        text[sizeof text - 1] = '\0';
        int x = (int)unit_random_below(&random, 60) - 20, y = (int)unit_random_below(&random, 20) - 5;
        int taken = pane_text(&pane, x, y, (int)unit_random_below(&random, 40) - 2, MEANING_TEXT, text);
        assert_true(taken >= 0 && (taken == 0 || x + taken <= pane.columns));
        pane_text_right(&pane, x, y, 12, MEANING_DIM, text);
        pane_paragraph(&pane, x, y, 7, 4, MEANING_TEXT, text);
        pane_put(&pane, y, x, MEANING_TEXT, (uint32_t)unit_random_below(&random, 0x110000));
        struct pane inside = pane_box(&pane, text);
        pane_fill(&inside, -1, -1, 5, 5, MEANING_BANNER);
        pane_select_row(&pane, y);
        for (int i = 0; i < columns * rows; i++) {
            const struct cell *cell = &canvas.cells[i];
            bool right_half = cell->code_point == 0;
            assert_true(right_half ? i % columns > 0 : !utf8_is_unsafe(cell->code_point));
            if (canvas.ascii)
                assert_true(cell->code_point < 0x80);
        }
        canvas_free(&canvas);
    }
}

static void test_paragraph_breaks_at_blanks(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 12, 4, GLYPH_BRAILLE);
    struct pane pane = pane_whole(&canvas);
    assert_int_equal(pane_paragraph(&pane, 0, 0, -1, 4, MEANING_TEXT, "Open the spray valve, then wait."), 3);
    assert_row(&canvas, 0, "Open the");
    assert_row(&canvas, 1, "spray valve,");
    assert_row(&canvas, 2, "then wait.");
    canvas_clear(&canvas);
    assert_int_equal(pane_paragraph(&pane, 0, 0, -1, 2, MEANING_TEXT, "Open the spray valve, then wait."), 2);
    assert_row(&canvas, 1, "spray valve…");
    canvas_free(&canvas);
}

static void test_every_sign_has_one_column_at_every_level(void **state)
{
    (void)state;
    for (int level = 0; level < GLYPH_LEVEL_COUNT; level++)
        for (int sign = 0; sign < SIGN_COUNT; sign++) {
            const char *text = glyph_sign((enum sign)sign, (enum glyph_level)level);
            assert_non_null(text);
            assert_int_equal(utf8_columns(text), 1);
            if (level == GLYPH_ASCII)
                assert_true((unsigned char)text[0] < 0x80);
        }
    for (uint32_t c = 0x80; c < 0x30000; c++) {
        const char *ascii = glyph_ascii(c);
        assert_true(*ascii && strlen(ascii) <= 3);
        for (; *ascii; ascii++)
            assert_in_range((unsigned char)*ascii, 0x20, 0x7E);
    }
}

static void test_levels_suit_terminals(void **state)
{
    (void)state;
    assert_int_equal(glyph_level_for(true, "xterm-256color"), GLYPH_BRAILLE);
    assert_int_equal(glyph_level_for(true, "tmux-256color"), GLYPH_BRAILLE);
    assert_int_equal(glyph_level_for(true, "linux"), GLYPH_BLOCKS);
    assert_int_equal(glyph_level_for(true, "vt100"), GLYPH_ASCII);
    assert_int_equal(glyph_level_for(true, "dumb"), GLYPH_ASCII);
    assert_int_equal(glyph_level_for(false, "xterm-256color"), GLYPH_ASCII);
    assert_int_equal(glyph_level_for(true, NULL), GLYPH_ASCII);
}

/* What must be told apart must look different, in colour and without. */
static void test_themes_tell_apart(void **state)
{
    static const enum meaning APART[][2] = {
        {MEANING_VALUE, MEANING_VALUE_BAD},      {MEANING_TEXT, MEANING_BANNER},
        {MEANING_HEADING, MEANING_SORTED},       {MEANING_KEY, MEANING_KEY_LABEL},
        {MEANING_LIGHT_GOOD, MEANING_LIGHT_BAD}, {MEANING_LIGHT_GOOD, MEANING_LIGHT_WARNING},
    };
    static const int COLOURS[] = {0, 8, 256};
    (void)state;
    for (int theme = 0; theme < THEME_COUNT; theme++)
        for (size_t c = 0; c < COUNT(COLOURS); c++) {
            for (size_t i = 0; i < COUNT(APART); i++) {
                struct style a = theme_style((enum theme)theme, APART[i][0], false, COLOURS[c]);
                struct style b = theme_style((enum theme)theme, APART[i][1], false, COLOURS[c]);
                assert_true(a.fg != b.fg || a.bg != b.bg || a.attributes != b.attributes);
            }
            for (int meaning = 0; meaning < MEANING_COUNT; meaning++)
                for (int selected = 0; selected < 2; selected++) {
                    struct style style =
                        theme_style((enum theme)theme, (enum meaning)meaning, selected, COLOURS[c]);
                    assert_true(style.fg != style.bg || style.fg == THEME_DEFAULT_COLOUR);
                    assert_true(style.fg < (COLOURS[c] ? COLOURS[c] : 1) && style.fg >= THEME_DEFAULT_COLOUR);
                    assert_true(style.bg < (COLOURS[c] ? COLOURS[c] : 1) && style.bg >= THEME_DEFAULT_COLOUR);
                }
        }
    assert_int_equal(theme_for(256, NULL, NULL), THEME_DARK);
    assert_int_equal(theme_for(256, NULL, "0;15"), THEME_LIGHT);
    assert_int_equal(theme_for(256, "1", NULL), THEME_MONO);
    assert_int_equal(theme_for(0, NULL, NULL), THEME_MONO);
}

static void test_late_pieces_of_a_key_are_swallowed(void **state)
{
    const int64_t ms = 1000;
    struct input_pieces pieces = {0};
    (void)state;
    assert_false(input_pieces_swallow(&pieces, INPUT_ESCAPE, 1000 * ms));
    assert_true(input_pieces_swallow(&pieces, '[', 1300 * ms));
    assert_true(input_pieces_swallow(&pieces, 'A', 1400 * ms));
    assert_false(input_pieces_swallow(&pieces, 'A', 1401 * ms));
    assert_false(input_pieces_swallow(&pieces, INPUT_ESCAPE, 2000 * ms));
    assert_true(input_pieces_swallow(&pieces, '[', 2010 * ms));
    assert_true(input_pieces_swallow(&pieces, '5', 2020 * ms));
    assert_true(input_pieces_swallow(&pieces, '~', 2030 * ms));
    assert_false(input_pieces_swallow(&pieces, 'q', 2031 * ms));
    assert_false(input_pieces_swallow(&pieces, INPUT_ESCAPE, 3000 * ms));
    assert_false(input_pieces_swallow(&pieces, '[', 3501 * ms)); /* too late: a key of its own */
    assert_false(input_pieces_swallow(&pieces, INPUT_ESCAPE, 4000 * ms));
    assert_false(input_pieces_swallow(&pieces, 'q', 4100 * ms));
    assert_false(input_pieces_swallow(&pieces, '[', 4200 * ms));
}

static void test_key_names_round_trip(void **state)
{
    char name[16];
    (void)state;
    for (uint32_t key = 1; key < INPUT_KEY_END; key = key == 0x1B ? 0x20 : key == 0x7E ? INPUT_UP : key + 1)
        assert_int_equal(input_key_of_name(input_key_name(key, name, sizeof name)), key);
    assert_int_equal(input_key_of_name("F13"), 0);
    assert_int_equal(input_key_of_name("Nonsense"), 0);
}

/* No key may mean two things on one screen, and every key of the table must exist. */
static void test_action_table_is_sound(void **state)
{
    (void)state;
    for (unsigned where = 1; where < ACTION_ON_ALL; where <<= 1)
        for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
            const struct action_row *row = action_row((enum action)i);
            if (!(row->where & where))
                continue;
            char keys[64], *rest = keys;
            snprintf(keys, sizeof keys, "%s", row->keys);
            for (char *name; (name = strsep(&rest, " "));) {
                uint32_t key = input_key_of_name(name);
                assert_true(key != 0);
                assert_int_equal(action_of_key(key, where), i);
            }
        }
}

static void test_line_editor(void **state)
{
    struct line_editor editor;
    bool changed;
    (void)state;
    line_editor_clear(&editor);
    static const uint32_t KEYS[] = {'a',          0xE4, 'c',       INPUT_LEFT, INPUT_LEFT,
                                    INPUT_DELETE, 'b',  INPUT_END, '!'};
    for (size_t i = 0; i < COUNT(KEYS); i++)
        assert_true(line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = KEYS[i]}, &changed));
    assert_string_equal(editor.text, "abc!");
    assert_false(
        line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = INPUT_ESCAPE}, &changed));
    assert_false(line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = INPUT_F1}, &changed));
    for (int i = 0; i < 1000; i++)
        line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = 0x6C34}, &changed);
    assert_false(changed);
    assert_true(editor.length < LINE_EDITOR_MAX && strlen(editor.text) == editor.length);
    for (int i = 0; i < 1000; i++)
        line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = INPUT_BACKSPACE}, &changed);
    assert_string_equal(editor.text, "");
    line_editor_input(&editor, &(struct input){.type = INPUT_KEY, .key = 0x202E}, &changed);
    assert_string_equal(editor.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_cut_and_marked),
        cmocka_unit_test(test_half_of_a_wide_character_becomes_a_blank),
        cmocka_unit_test(test_nothing_escapes),
        cmocka_unit_test(test_paragraph_breaks_at_blanks),
        cmocka_unit_test(test_every_sign_has_one_column_at_every_level),
        cmocka_unit_test(test_levels_suit_terminals),
        cmocka_unit_test(test_themes_tell_apart),
        cmocka_unit_test(test_late_pieces_of_a_key_are_swallowed),
        cmocka_unit_test(test_key_names_round_trip),
        cmocka_unit_test(test_action_table_is_sound),
        cmocka_unit_test(test_line_editor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
