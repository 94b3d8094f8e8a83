/* RFC 4180: what csv_put() writes, csv_read() reads back; and what is broken is told with its line. */
#include "base/mem.h"
#include "cli/csv.h"

#include "unit.h"

static FILE *open_text(const char *text, size_t length)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    rewind(file);
    return file;
}

/* All records as one text: fields by '|' with "q" before quoted ones, records by '/', "LINE!" for a wrong one. */
static void expect(const char *text, const char *expected)
{
    struct csv_reader reader;
    struct buf found;
    const char *fault;
    FILE *file = open_text(text, strlen(text));
    csv_reader_init(&reader, file, ',');
    buf_init(&found, 0);
    for (enum csv_result result; (result = csv_read(&reader, &fault)) != CSV_END;) {
        assert_int_not_equal(result, CSV_FAILED);
        buf_printf(&found, "%u", reader.line);
        for (size_t i = 0; result == CSV_RECORD && i < reader.count; i++)
            buf_printf(&found, "|%s%s", reader.fields[i].quoted ? "q" : "", reader.fields[i].text);
        buf_append_text(&found, result == CSV_WRONG ? "!/" : "/");
    }
    assert_string_equal(buf_text(&found), expected);
    buf_free(&found);
    csv_reader_free(&reader);
    fclose(file);
}

static void test_records(void **state)
{
    (void)state;
    expect("", "");
    expect("a,b\r\nc,d\r\n", "1|a|b/2|c|d/");
    expect("a,b\nc,d", "1|a|b/2|c|d/");
    expect("\r\n\na,\n,\r\n", "3|a|/4||/");
    expect("\"a,b\",\"c\"\"d\"\r\n\"e\r\nf\",g\nh", "1|qa,b|qc\"d/2|qe\r\nf|g/4|h/");
    expect("\"\"\n\"\",\"\"", "1|q/2|q|q/");
    expect("a\"b,c\rd\n", "1|a\"b|c\rd/");
    expect("\"a\"b\nc\n", "1!/2|c/");
    expect("a\n\"b\nc", "1|a/2!/");
}

static void test_round_trip(void **state)
{
    static const char LETTERS[] = "ab\",;\r\n \0\xff";
    uint64_t random = 7;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char fields[5][12];
        size_t lengths[5], count = 1 + unit_random_below(&random, 5);
        struct buf text;
        buf_init(&text, 0);
        for (size_t i = 0; i < count; i++) {
            lengths[i] = unit_random_below(&random, sizeof fields[i]);
            for (size_t k = 0; k < lengths[i]; k++)
                fields[i][k] = LETTERS[unit_random_below(&random, sizeof LETTERS - 1)];
            buf_append(&text, ",", i > 0);
            csv_put(&text, fields[i], lengths[i], count == 1 || unit_random_below(&random, 2));
        }
        buf_append_text(&text, "\r\n");
        FILE *file = open_text((const char *)text.data, text.length);
        struct csv_reader reader;
        const char *fault;
        csv_reader_init(&reader, file, ',');
        assert_int_equal(csv_read(&reader, &fault), CSV_RECORD);
        assert_int_equal(reader.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(reader.fields[i].length, lengths[i]);
            assert_memory_equal(reader.fields[i].text, fields[i], lengths[i]);
        }
        assert_int_equal(csv_read(&reader, &fault), CSV_END);
        csv_reader_free(&reader);
        fclose(file);
        buf_free(&text);
    }
}

static void test_bounded(void **state)
{
    struct buf text;
    struct csv_reader reader;
    const char *fault;
    (void)state;
    buf_init(&text, 0);
    for (size_t i = 0; i < 3 * CSV_RECORD_MAX; i++)
        buf_append(&text, ",", 1);
    buf_append_text(&text, "\na\n");
    FILE *file = open_text((const char *)text.data, text.length);
    csv_reader_init(&reader, file, ',');
    assert_int_equal(csv_read(&reader, &fault), CSV_WRONG);
    assert_string_equal(fault, "too long a line");
    assert_true(reader.count <= CSV_RECORD_MAX + 1);
    assert_int_equal(csv_read(&reader, &fault), CSV_RECORD);
    assert_int_equal(reader.line, 2);
    csv_reader_free(&reader);
    fclose(file);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
