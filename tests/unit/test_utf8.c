/* Bytes from outside, made safe for a terminal. */
#include "base/utf8.h"

#include "unit.h"

#define R "\xEF\xBF\xBD" /* U+FFFD */

struct safe_row {
    const char *name;
    const char *bytes;
    const char *safe;
};

static const struct safe_row SAFE_ROWS[] = {
    {"nothing", "", ""},
    {"ASCII", "Boiler 1 ~", "Boiler 1 ~"},
    {"degrees", "20.5 \xC2\xB0\x43", "20.5 \xC2\xB0\x43"},
    {"three bytes", "\xE2\x82\xAC", "\xE2\x82\xAC"},
    {"four bytes", "\xF0\x9F\x9A\xB0", "\xF0\x9F\x9A\xB0"},
    {"replacement character itself", R, R},
    {"ESC sequence", "\x1b[31mred", R "[31mred"},
    {"operating system command", "\x1b]0;title\x07", R "]0;title" R},
    {"bell, backspace, form feed", "\x07\x08\x0c", R R R},
    {"carriage return and line feed", "a\r\nb", "a" R R "b"},
    {"tab", "a\tb", "a" R "b"},
    {"DEL", "a\x7f", "a" R},
    {"C1 as UTF-8: CSI", "\xC2\x9B\x33\x31m", R "31m"},
    {"C1 as UTF-8: NEL", "\xC2\x85", R},
    {"C1 as a byte", "\x9b\x33\x31m", R "31m"},
    {"right-to-left override", "a\xE2\x80\xAEgpj", "a" R "gpj"},
    {"left-to-right embedding", "\xE2\x80\xAA", R},
    {"isolates", "\xE2\x81\xA6\xE2\x81\xA9", R R},
    {"right-to-left mark", "\xE2\x80\x8F", R},
    {"Arabic letter mark", "\xD8\x9C", R},
    {"zero width joiner and space", "\xE2\x80\x8D\xE2\x80\x8B", R R},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a",
     R "a"},
    {"soft hyphen", "\xC2\xAD", R},
    {"no-break space stays", "1\xC2\xA0kg", "1\xC2\xA0kg"},
    {"line and paragraph separator", "\xE2\x80\xA8\xE2\x80\xA9", R R},
    {"invisible operators", "\xE2\x81\xA2", R},
    {"combining grapheme joiner", "\xCD\x8F", R},
    {"variation selector", "\xEF\xB8\x8F", R},
    {"private use", "\xEE\x80\x80", R},
    {"tag characters", "\xF3\xA0\x80\x81", R},
    {"non-character U+FFFF", "\xEF\xBF\xBF", R},
    {"non-character U+1FFFE", "\xF0\x9F\xBF\xBE", R},
    {"non-character U+2FFFF", "\xF0\xAF\xBF\xBF", R},
    {"Hangul filler", "\xE3\x85\xA4", R},
    {"Braille blank stays", "\xE2\xA0\x80", "\xE2\xA0\x80"},
    {"overlong slash, two bytes", "\xC0\xAF", R R},
    {"overlong slash, three bytes", "\xE0\x80\xAF", R R R},
    {"overlong slash, four bytes", "\xF0\x80\x80\xAF", R R R R},
    {"overlong DEL", "\xC1\xBF", R R},
    {"high surrogate", "\xED\xA0\x80", R R R},
    {"surrogate pair", "\xED\xA0\xBD\xED\xB8\x80", R R R R R R},
    {"over U+10FFFF", "\xF4\x90\x80\x80", R R R R},
    {"five bytes", "\xF8\x88\x80\x80\x80", R R R R R},
    {"FE and FF", "\xFE\xFF", R R},
    {"lone continuation", "a\x80z", "a" R "z"},
    {"truncated two", "a\xC3", "a" R},
    {"truncated three", "a\xE2\x82", "a" R R},
    {"truncated four", "a\xF0\x9F\x9A", "a" R R R},
    {"cut by ASCII", "\xE2\x82z", R R "z"},
    {"cut by another start", "\xE2\xC2\xB0", R "\xC2\xB0"},
    {"Latin-1 degrees", "20\xB0\x43", "20" R "C"},
};

static void test_make_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(SAFE_ROWS); i++) {
        const struct safe_row *row = &SAFE_ROWS[i];
        char out[64];
        assert_true(utf8_make_safe(out, sizeof out, row->bytes, strlen(row->bytes)));
        if (strcmp(out, row->safe) != 0)
            fail_msg("%s: got \"%s\"", row->name, out);
    }
}

static void test_nul_inside(void **state)
{
    (void)state;
    char out[16];
    assert_true(utf8_make_safe(out, sizeof out, "a\0b", 3));
    assert_string_equal(out, "a" R "b");
}

/* Cut at every size: never inside a character, never past the end, and told. */
static void test_cut_at_limit(void **state)
{
    static const char TEXT[] = "a\xC2\xB0\xE2\x82\xAC\xF0\x9F\x9A\xB0z\x1b";
    static const size_t FITS[] = {0, 1, 3, 6, 10, 11, 14}; /* lengths after each character */
    (void)state;
    for (size_t size = 1; size <= 16; size++) {
        char out[32];
        memset(out, '#', sizeof out);
        bool whole = utf8_make_safe(out, size, TEXT, sizeof TEXT - 1);
        size_t expected = 0;
        for (size_t i = 0; i < COUNT(FITS); i++)
            if (FITS[i] < size)
                expected = FITS[i];
        assert_int_equal(strlen(out), expected);
        assert_int_equal(out[size], '#');
        assert_int_equal(whole, expected == 14);
    }
}

/* Valid by a reading of its own: the shortest form, no surrogate, nothing over U+10FFFF. */
static bool is_valid_and_safe(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    while (*b) {
        uint32_t c, least;
        int more;
        if (*b < 0x80)
            c = *b, more = 0, least = 0;
        else if ((*b & 0xE0) == 0xC0)
            c = *b & 0x1F, more = 1, least = 0x80;
        else if ((*b & 0xF0) == 0xE0)
            c = *b & 0x0F, more = 2, least = 0x800;
        else if ((*b & 0xF8) == 0xF0)
            c = *b & 0x07, more = 3, least = 0x10000;
        else
            return false;
        for (b++; more--; b++) {
            if ((*b & 0xC0) != 0x80)
                return false;
            c = c << 6 | (*b & 0x3F);
        }
        if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || c < 0x20 ||
            (c >= 0x7F && c < 0xA0) || utf8_is_unsafe(c))
            return false;
    }
    return true;
}

/* Random bytes of the dangerous kinds, at random sizes of the result. */
static void test_random_bytes_become_safe(void **state)
{
    static const uint8_t KINDS[] = {0x1b, 0x9b, 0x00, 0x80, 0xC2, 0xE2, 0xED,
                                    0xEF, 0xF0, 0xF4, 0xF3, 0xA0, 0xAE, 0xBF};
    uint64_t seed = 7;
    (void)state;
    for (int round = 0; round < 30000; round++) {
        char bytes[40], out[64];
        size_t length = unit_random_below(&seed, sizeof bytes + 1);
        size_t size = 1 + unit_random_below(&seed, sizeof out);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(unit_random(&seed) & 1 ? KINDS[unit_random_below(&seed, sizeof KINDS)]
                                                     : unit_random_below(&seed, 256));
        utf8_make_safe(out, size, bytes, length);
        assert_true(strlen(out) < size);
        assert_true(is_valid_and_safe(out));
    }
}

static void test_encode_and_decode_agree(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char bytes[4];
        uint32_t back;
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size_t length = utf8_encode(bytes, c);
        if (utf8_decode(bytes, length, &back) != length || back != c)
            fail_msg("U+%04X came back as U+%04X", c, back);
        if (length > 1 && (utf8_decode(bytes, length - 1, &back) != 1 || back != UTF8_REPLACEMENT))
            fail_msg("U+%04X without its last byte was taken", c);
    }
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(utf8_columns(""), 0);
    assert_int_equal(utf8_columns("m\xC2\xB3/h"), 4);
    assert_int_equal(utf8_columns("e\xCC\x81"), 1);
    assert_int_equal(utf8_columns("\xE6\xB0\xB4\xE4\xBD\x8D"), 4);
    assert_int_equal(utf8_columns(R), 1);
}

/* Whatever the text, the columns, the mark and the room: it fits, and is cut at a character. */
static void test_fit_never_exceeds(void **state)
{
    static const char *const TEXTS[] = {"", "pump", "\xE6\xB0\xB4\xE4\xBD\x8D", "e\xCC\x81t\xC3\xA9",
                                        "a\xF0\x9F\x9A\xB0z"};
    static const char *const MARKS[] = {"", "~", "\xE2\x80\xA6", "..."};
    (void)state;
    for (size_t t = 0; t < COUNT(TEXTS); t++)
        for (size_t m = 0; m < COUNT(MARKS); m++)
            for (int columns = 0; columns < 8; columns++)
                for (size_t size = 1; size < 16; size++) {
                    char out[32];
                    memset(out, '#', sizeof out);
                    int used = utf8_fit(out, size, TEXTS[t], columns, MARKS[m]);
                    assert_true(used <= columns);
                    assert_true(strlen(out) < size);
                    assert_int_equal(out[size], '#');
                    assert_int_equal(utf8_columns(out), used);
                    assert_true(is_valid_and_safe(out));
                }
}

static void test_fit_marks_what_it_cuts(void **state)
{
    char out[32];
    (void)state;
    assert_int_equal(utf8_fit(out, sizeof out, "boiler.temp", 6, "\xE2\x80\xA6"), 6);
    assert_string_equal(out, "boile\xE2\x80\xA6");
    assert_int_equal(utf8_fit(out, sizeof out, "boiler", 6, "\xE2\x80\xA6"), 6);
    assert_string_equal(out, "boiler");
    assert_int_equal(utf8_fit(out, sizeof out, "\xE6\xB0\xB4\xE4\xBD\x8D", 3, "~"), 3);
    assert_string_equal(out, "\xE6\xB0\xB4~");
    assert_int_equal(utf8_fit(out, 5, "boiler", 20, "~"), 4); /* cut by the room in bytes */
    assert_string_equal(out, "boi~");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_safe),
        cmocka_unit_test(test_nul_inside),
        cmocka_unit_test(test_cut_at_limit),
        cmocka_unit_test(test_random_bytes_become_safe),
        cmocka_unit_test(test_encode_and_decode_agree),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_fit_never_exceeds),
        cmocka_unit_test(test_fit_marks_what_it_cuts),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
