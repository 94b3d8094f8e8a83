/* Payloads as plants send them, and what is read from them. Each row gives the payload and all values in the
 * order in which they are told, as "path=value" by ' ': numbers bare, booleans as false:0 or on:1, texts in
 * quotes and escaped, null, notfinite; "@" before the path marks the member that is the time stamp,
 * "@seconds" behind a value its source time. "!" and a beginning: the payload is refused for this reason.
 * "+n" at the end: n values were left out. */
#include "plant/decode.h"

#include "base/buf.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct row {
    const char *payload;
    const char *values;
};

static const struct row PLAIN_ROWS[] = {
    {"0", "=0"},
    {"12", "=12"},
    {"-12", "=-12"},
    {"+1", "=1"},
    {"1.", "=1"},
    {".5", "=0.5"},
    {"-.5", "=-0.5"},
    {"007", "=7"},
    {"21.5", "=21.5"},
    {"21.50000000000001", "=21.50000000000001"},
    {"1e3", "=1000"},
    {"-1.5E-3", "=-0.0015"},
    {"6.02e+23", "=6.02e+23"},
    {"  21.5", "=21.5"},
    {"21.5\n", "=21.5"},
    {"21.5\r\n", "=21.5"},
    {"\t21.5 \t", "=21.5"},
    {"1e-400", "=0"},
    {"\xEF\xBB\xBF"
     "21.5",
     "=21.5"},
    {"1e400", "=notfinite"},
    {"-1e400", "=notfinite"},
    {"nan", "=notfinite"},
    {"NaN", "=notfinite"},
    {"-nan", "=notfinite"},
    {"inf", "=notfinite"},
    {"-Infinity", "=notfinite"},
    {"+INF\n", "=notfinite"},
    {"true", "=true:1"},
    {"True", "=true:1"},
    {"TRUE", "=true:1"},
    {"false", "=false:0"},
    {"False\n", "=false:0"},
    {"on", "=on:1"},
    {"ON", "=on:1"},
    {" Off ", "=off:0"},
    {"yes", "=yes:1"},
    {"NO", "=no:0"},
    {"", "=null"},
    {" \r\n", "=null"},
    {"null", "=null"},
    {"NULL", "=null"},
    {"None", "=\"None\""},
    {"1,5", "=\"1,5\""},
    {"1.234,5", "=\"1.234,5\""},
    {"1 000", "=\"1 000\""},
    {"0x1F", "=\"0x1F\""},
    {"0b1", "=\"0b1\""},
    {"1e", "=\"1e\""},
    {"--5", "=\"--5\""},
    {"5-", "=\"5-\""},
    {"21.5 C", "=\"21.5 C\""},
    {"21.5\xC2\xB0", "=\"21.5\xC2\xB0\""},
    {"50%", "=\"50%\""},
    {"12:30", "=\"12:30\""},
    {"2024-01-01T00:00:00Z", "=\"2024-01-01T00:00:00Z\""},
    {"10;20;30", "=\"10;20;30\""},
    {"b'12.5'", "=\"b'12.5'\""},
    {"'12.5'", "=\"'12.5'\""},
    {"(1, 2)", "=\"(1, 2)\""},
    {"{'temp': 20.5}", "!not valid JSON at byte 3"},
    {"online", "=\"online\""},
    {"unavailable", "=\"unavailable\""},
    {"trueish", "=\"trueish\""},
    {"onn", "=\"onn\""},
    {"o", "=\"o\""},
    {"P\xC3\xBCmpe l\xC3\xA4uft", "=\"P\xC3\xBCmpe l\xC3\xA4uft\""},
    {"\xE6\xB0\xB4", "=\"\xE6\xB0\xB4\""},
    {"a\nb", "=\"a\\nb\""},
    {"\x1b[2J", "=\"\\x1b[2J\""},
    {"\xff\xfe", "!not text: byte 0xff at 1"},
    {"ok\x80", "!not text: byte 0x80 at 3"},
    {"20\xB0", "!not text: byte 0xb0 at 3"},
    {"\xED\xA0\x80", "!not text"},
    {"\xC0\xAF", "!not text"},
    {"<xml/>", "=\"<xml/>\""},
};

static const struct row JSON_ROWS[] = {
    {"{}", ""},
    {"[]", ""},
    {"{\"a\":1}", "a=1"},
    {" {\"a\" : 1 }\r\n", "a=1"},
    {"\xEF\xBB\xBF{\"a\":1}", "a=1"},
    {"\"12.5\"", "=12.5"},
    {"\"on\"", "=on:1"},
    {"\"\"", "=\"\""},
    {"\"run \\u00b0\"", "=\"run \xC2\xB0\""},
    {"[1,2.5,-3]", "[0]=1 [1]=2.5 [2]=-3"},
    {"[[1,2],[3]]", "[0][0]=1 [0][1]=2 [1][0]=3"},
    {"[{\"a\":1},{\"a\":2}]", "[0].a=1 [1].a=2"},
    {"{\"motor\":{\"temp\":[20.5,21]}}", "motor.temp[0]=20.5 motor.temp[1]=21"},
    {"{\"a\":\"12.5\"}", "a=12.5"},
    {"{\"a\":\" 12.5 \"}", "a=12.5"},
    {"{\"a\":\"1,5\"}", "a=\"1,5\""},
    {"{\"a\":\"nan\"}", "a=notfinite"},
    {"{\"a\":\"\"}", "a=\"\""},
    {"{\"a\":\"null\"}", "a=null"},
    {"{\"a\":\"  \"}", "a=\"\""},
    {"{\"a\":true,\"b\":false}", "a=true:1 b=false:0"},
    {"{\"a\":\"ON\",\"b\":\"off\"}", "a=on:1 b=off:0"},
    {"{\"a\":null}", "a=null"},
    {"{\"a\":1e3,\"b\":-2.5E-1}", "a=1000 b=-0.25"},
    {"{\"a\":1e400,\"b\":2}", "a=notfinite b=2"},
    {"{\"a\":9007199254740993}", "a=9007199254740992"},
    {"{\"a\":1,\"a\":2}", "a=1 a=2"},
    {"{\"a\":{},\"b\":[],\"c\":3}", "c=3"},
    {"{\"\":5}", "\"\"=5"},
    {"{\"\":{\"a\":5}}", "\"\".a=5"},
    {"{\"a\":{\"\":5}}", "a.\"\"=5"},
    {"{\"a.b\":1,\"a\":{\"b\":2}}", "a.b=1 a.b=2"},
    {"{\"a[0]\":1}", "a[0]=1"},
    {"{\"a b\":1}", "a b=1"},
    {"{\"\\u001b[31m\":1}", "\x1b[31m=1"},
    {"{\"\\u00e4\":1}", "\xC3\xA4=1"},
    {"{\"a\":\"\\ud83d\\ude80\"}", "a=\"\xF0\x9F\x9A\x80\""},
    {"{\"a\":\"\\u001b[2J\"}", "a=\"\\x1b[2J\""},
    {"{\"a\":\"line\\nnext\\t\\\"\\\\\\/\"}", "a=\"line\\nnext\\t\"\\/\""},
    {"{\"a\":\"x\\u0000y\"}", "a=\"x\""},
    /* time stamps */
    {"{\"a\":1,\"ts\":1700000000}", "a=1@1700000000 @ts=1700000000@1700000000"},
    {"{\"ts\":1700000000.25,\"a\":1}", "@ts=1700000000.25@1700000000.25 a=1@1700000000.25"},
    {"{\"ts\":1700000000123,\"a\":1}", "@ts=1700000000123@1700000000.123 a=1@1700000000.123"},
    {"{\"ts\":1700000000123456,\"a\":1}", "@ts=1700000000123456@1700000000.123456 a=1@1700000000.123456"},
    {"{\"ts\":\"1700000000\",\"a\":1}", "@ts=1700000000@1700000000 a=1@1700000000"},
    {"{\"TIME\":1700000000,\"a\":1}", "@TIME=1700000000@1700000000 a=1@1700000000"},
    {"{\"Timestamp\":\"2023-11-14T22:13:20Z\",\"a\":1}",
     "@Timestamp=\"2023-11-14T22:13:20Z\"@1700000000 a=1@1700000000"},
    {"{\"time\":\"2023-11-14T23:13:20.5+01:00\",\"a\":1}",
     "@time=\"2023-11-14T23:13:20.5+01:00\"@1700000000.5 a=1@1700000000.5"},
    {"{\"time\":\"2023-11-14 22:13:20\",\"a\":1}", "@time=\"2023-11-14 22:13:20\"@1700000000 a=1@1700000000"},
    {"{\"a\":{\"b\":1},\"ts\":1700000000}", "a.b=1@1700000000 @ts=1700000000@1700000000"},
    {"[{\"ts\":1700000000,\"a\":1},{\"ts\":1700000001,\"a\":2},{\"a\":3}]",
     "[0].@ts=1700000000@1700000000 [0].a=1@1700000000 [1].@ts=1700000001@1700000001 [1].a=2@1700000001 "
     "[2].a=3"},
    {"{\"ts\":1700000000,\"x\":{\"ts\":1700000001,\"a\":1},\"b\":2}",
     "@ts=1700000000@1700000000 x.@ts=1700000001@1700000001 x.a=1@1700000001 b=2@1700000000"},
    {"{\"time\":12.5,\"a\":1}", "time=12.5 a=1"},
    {"{\"time\":\"12:30\",\"a\":1}", "time=\"12:30\" a=1"},
    {"{\"time\":true,\"a\":1}", "time=true:1 a=1"},
    {"{\"time\":null,\"a\":1}", "time=null a=1"},
    {"{\"time\":-1700000000,\"a\":1}", "time=-1700000000 a=1"},
    {"{\"time\":1700000000123456789,\"a\":1}", "time=1.70000000012346e+18 a=1"},
    {"{\"time\":1e400,\"a\":1}", "time=notfinite a=1"},
    {"{\"time\":\"nan\",\"a\":1}", "time=notfinite a=1"},
    {"{\"time\":{\"a\":1}}", "time.a=1"},
    {"{\"ts\":\"2023-02-30T00:00:00Z\",\"a\":1}", "ts=\"2023-02-30T00:00:00Z\" a=1"},
    {"{\"uptime\":1700000000,\"a\":1}", "uptime=1700000000 a=1"},
    /* json.dumps() of Python */
    {"{\"temp\": NaN, \"hum\": 45}", "temp=notfinite hum=45"},
    {"{\"temp\": Infinity, \"t2\": -Infinity, \"hum\": 45.0}", "temp=notfinite t2=notfinite hum=45"},
    {"[NaN]", "[0]=notfinite"},
    {"{\"a NaN\": \"NaN of \\\"NaN\\\"\", \"b\": NaN}", "a NaN=\"NaN of \"NaN\"\" b=notfinite"},
    {"{\"name\": \"\\u6c34\", \"v\": [1.0, 2]}", "name=\"\xE6\xB0\xB4\" v[0]=1 v[1]=2"},
    /* refused whole */
    {"{\"a\":1", "!not valid JSON at byte 6"},
    {"{\"a\":1}x", "!not valid JSON at byte 8"},
    {"{\"a\":1}{\"a\":2}", "!not valid JSON at byte 8"},
    {"{\"a\":1,}", "!not valid JSON"},
    {"{a:1}", "!not valid JSON"},
    {"{\"a\" 1}", "!not valid JSON"},
    {"{\"a\":}", "!not valid JSON"},
    {"{\"a\":tru}", "!not valid JSON"},
    {"{\"a\":1,5}", "!not valid JSON"},
    {"{\"a\":0x10}", "!not valid JSON"},
    {"{\"a\":+1}", "!not valid JSON"},
    {"{\"a\":NaN", "!not valid JSON at byte 6"},
    {"{\"a\":NaNa}", "!not valid JSON"},
    {"[1,2", "!not valid JSON"},
    {"[1 2]", "!not valid JSON"},
    {"[", "!not valid JSON"},
    {"{", "!not valid JSON"},
    {"\"", "!not valid JSON"},
    {"\"open", "!not valid JSON"},
    {"{\"a\":\"\\x\"}", "!not valid JSON"},
    {"{\"a\":\"\\ud800\"}", "!not valid JSON"},
    {"{\"a\":\"\\udc00\"}", "!not valid JSON"},
    {"{\"a\":\"\\ud800\\u0041\"}", "!not valid JSON"},
    {"{\"a\":\"\\u12\"}", "!not valid JSON"},
    {"{\"a\":\"\xff\"}", "!JSON with bytes that are not UTF-8"},
    {"{\"a\":\"\xED\xA0\x80\"}", "!JSON with bytes that are not UTF-8"},
    {"{\"\xC0\xAF\":1}", "!JSON with bytes that are not UTF-8"},
};

/* Shapes of well-known senders. */
static const struct row SENDER_ROWS[] = {
    {"{\"Time\":\"2023-11-14T22:13:20\",\"AM2301\":{\"Temperature\":21.5,\"Humidity\":45.1},\"TempUnit\":"
     "\"C\"}",
     "@Time=\"2023-11-14T22:13:20\"@1700000000 AM2301.Temperature=21.5@1700000000 "
     "AM2301.Humidity=45.1@1700000000 TempUnit=\"C\"@1700000000"},
    {"{\"Time\":\"2023-11-14T22:13:20\",\"Uptime\":\"0T00:01:02\",\"POWER\":\"ON\",\"Wifi\":{\"RSSI\":78}}",
     "@Time=\"2023-11-14T22:13:20\"@1700000000 Uptime=\"0T00:01:02\"@1700000000 POWER=on:1@1700000000 "
     "Wifi.RSSI=78@1700000000"},
    {"{\"battery\":97,\"contact\":true,\"linkquality\":120,\"update\":{\"state\":\"idle\"},"
     "\"last_seen\":\"2023-11-14T22:13:20.000Z\",\"action\":null}",
     "battery=97 contact=true:1 linkquality=120 update.state=\"idle\" "
     "last_seen=\"2023-11-14T22:13:20.000Z\" action=null"},
    {"{\"state\":\"OFF\",\"brightness\":0,\"color\":{\"x\":0.3,\"y\":0.4}}",
     "state=off:0 brightness=0 color.x=0.3 color.y=0.4"},
    {"{\"payload\":{\"value\":3.3,\"quality\":\"Good\"},\"timestamp\":1700000000000}",
     "payload.value=3.3@1700000000 payload.quality=\"Good\"@1700000000 "
     "@timestamp=1700000000000@1700000000"},
    {"{\"fields\":{\"usage\":1.5},\"name\":\"cpu\",\"tags\":{\"host\":\"a\"},\"timestamp\":1700000000}",
     "fields.usage=1.5@1700000000 name=\"cpu\"@1700000000 tags.host=\"a\"@1700000000 "
     "@timestamp=1700000000@1700000000"},
    {"{\"d\":[{\"tag\":\"P1\",\"value\":1.00}],\"ts\":\"2023-11-14T22:13:20+0000\"}",
     "d[0].tag=\"P1\"@1700000000 d[0].value=1@1700000000 @ts=\"2023-11-14T22:13:20+0000\"@1700000000"},
};

static void say_item(void *context, const struct decode_item *item)
{
    struct buf *out = context;
    char shown[512];
    const char *last = strrchr(item->path, '.');
    size_t head = item->is_time && last ? (size_t)(last + 1 - item->path) : 0;
    buf_printf(out, "%s%.*s%s%s=", out->length ? " " : "", (int)head, item->path, item->is_time ? "@" : "",
               item->path + head);
    switch (item->kind) {
    case DECODE_NUMBER:
        assert_true(isfinite(item->number));
        buf_printf(out, fabs(item->number) < 1e17 ? "%.16g" : "%.15g", item->number);
        break;
    case DECODE_BOOLEAN:
        assert_true(item->number == 0 || item->number == 1);
        buf_printf(out, "%s:%.0f", item->spelling[(int)item->number], item->number);
        break;
    case DECODE_TEXT:
        decode_escape(shown, sizeof shown, (const uint8_t *)item->text, item->text_length);
        buf_printf(out, "\"%s\"", shown);
        break;
    case DECODE_NULL:
        buf_append_text(out, "null");
        break;
    case DECODE_NOT_FINITE:
        buf_append_text(out, "notfinite");
        break;
    }
    if (item->source_us)
        buf_printf(out, "@%.16g", (double)item->source_us / 1e6);
}

static const struct payload_rule AUTO = {.format = FORMAT_AUTO}, JSON = {.format = FORMAT_JSON};

/* What the payload says, as in the rows above. It lies in memory of exactly its length, so that the sanitizer
 * sees a byte read too many. The caller frees `out`. */
static const char *say_payload(struct buf *out, struct payload_rule rule, const char *payload, size_t length)
{
    char reason[DECODE_REASON_MAX] = "";
    size_t left_out = 0;
    uint8_t *exact = length ? malloc(length) : NULL;
    if (length)
        memcpy(exact, payload, length);
    buf_init(out, 0);
    if (!decode_payload(rule, exact, length, say_item, out, &left_out, reason)) {
        assert_int_equal(out->length, 0);
        assert_true(*reason && strlen(reason) < DECODE_REASON_MAX - 1);
        buf_printf(out, "!%s", reason);
    } else if (left_out) {
        buf_printf(out, " +%zu", left_out);
    }
    free(exact);
    return buf_text(out);
}

static void check_row(struct payload_rule rule, const char *payload, size_t length, const char *values)
{
    struct buf out;
    const char *said = say_payload(&out, rule, payload, length);
    if (*values == '!' ? strncmp(said, values, strlen(values)) != 0 : strcmp(said, values) != 0)
        fail_msg("%s\n  said     %s\n  expected %s", payload, said, values);
    buf_free(&out);
}

static void check_rows(enum payload_format format, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row((struct payload_rule){.format = format}, rows[i].payload, strlen(rows[i].payload),
                  rows[i].values);
}

static void test_plain(void **state)
{
    (void)state;
    check_rows(FORMAT_AUTO, PLAIN_ROWS, COUNT(PLAIN_ROWS));
}

static void test_json(void **state)
{
    (void)state;
    check_rows(FORMAT_AUTO, JSON_ROWS, COUNT(JSON_ROWS));
    check_rows(FORMAT_JSON, JSON_ROWS, COUNT(JSON_ROWS));
}

static void test_senders(void **state)
{
    (void)state;
    check_rows(FORMAT_AUTO, SENDER_ROWS, COUNT(SENDER_ROWS));
}

static void test_format_decides(void **state)
{
    static const struct row AS_PLAIN[] = {{"{\"a\":1}", "=\"{\"a\":1}\""},
                                          {"[1,2]", "=\"[1,2]\""},
                                          {"\"12.5\"", "=\"\"12.5\"\""},
                                          {"12.5", "=12.5"}};
    static const struct row AS_JSON[] = {{"12.5", "=12.5"},
                                         {"true", "=true:1"},
                                         {"null", "=null"},
                                         {"", "=null"},
                                         {" 7 ", "=7"},
                                         {"NaN", "=notfinite"},
                                         {"on", "!not valid JSON"},
                                         {"12,5", "!not valid JSON"},
                                         {"1.2.3", "!not valid JSON"}};
    (void)state;
    check_rows(FORMAT_PLAIN, AS_PLAIN, COUNT(AS_PLAIN));
    check_rows(FORMAT_JSON, AS_JSON, COUNT(AS_JSON));
}

static void test_bytes_with_nul(void **state)
{
    (void)state;
    check_row(AUTO, "\0", 1, "!not text: byte 0x00 at 1");
    check_row(AUTO, "12\0", 3, "!not text: byte 0x00 at 3");
    check_row(AUTO, "on\0", 3, "!not text: byte 0x00 at 3");
    check_row(AUTO, "{\"a\":1}\0", 8, "a=1"); /* as C programs send: sizeof instead of strlen */
    check_row(AUTO, "{\"a\":1}\0x", 9, "!JSON with bytes that are not UTF-8 text");
    check_row(AUTO, "{\"a\0\":1}", 8, "!JSON with bytes that are not UTF-8 text");
}

/* Every spelling of a decimal that Python's str(), repr() and json.dumps() write. */
static void test_python_floats(void **state)
{
    uint64_t seed = 13;
    (void)state;
    for (int round = 0; round < 5000; round++) {
        char text[64], expected[80];
        double value;
        uint64_t bits = unit_random(&seed);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value) || round & 1)
            value = (double)(int64_t)(bits % 20000000) / 1000 - 10000;
        snprintf(text, sizeof text, "%.17g", value);
        snprintf(expected, sizeof expected, fabs(value) < 1e17 ? "=%.16g" : "=%.15g", value);
        check_row(AUTO, text, strlen(text), expected);
        check_row(JSON, text, strlen(text), expected);
    }
}

static void repeat(struct buf *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_append_text(out, text);
}

static void test_deep_nesting(void **state)
{
    static const size_t DEPTHS[] = {1, DECODE_DEPTH_MAX, DECODE_DEPTH_MAX + 1, 900, 1001, 100000};
    (void)state;
    for (size_t i = 0; i < COUNT(DEPTHS); i++) {
        struct buf payload, out;
        buf_init(&payload, 0);
        repeat(&payload, "[", DEPTHS[i]);
        buf_append_text(&payload, "5");
        repeat(&payload, "]", DEPTHS[i]);
        const char *said = say_payload(&out, AUTO, buf_text(&payload), payload.length);
        if (DEPTHS[i] <= DECODE_DEPTH_MAX)
            assert_non_null(strstr(said, "[0]=5"));
        else if (DEPTHS[i] <= 1000)
            assert_string_equal(said, " +1");
        else
            assert_int_equal(*said, '!');
        buf_free(&out);
        buf_free(&payload);
    }
}

static void count_item(void *context, const struct decode_item *item)
{
    (void)item;
    ++*(size_t *)context;
}

static void test_many_members(void **state)
{
    char reason[DECODE_REASON_MAX];
    size_t count = 0, left_out = 0;
    struct buf payload;
    (void)state;
    buf_init(&payload, 0);
    for (int i = 0; i < 3000; i++)
        buf_printf(&payload, "%s\"m%d\":%d", i ? "," : "{", i, i);
    buf_append_text(&payload, "}");
    assert_true(decode_payload((struct payload_rule){.format = FORMAT_AUTO}, payload.data, payload.length,
                               count_item, &count, &left_out, reason));
    assert_int_equal(count, DECODE_MEMBERS_MAX);
    assert_int_equal(left_out, 3000 - DECODE_MEMBERS_MAX);
    buf_free(&payload);
}

/* A path that fits whole is told, one byte more is left out and counted; its neighbours are not harmed. */
static void test_long_paths(void **state)
{
    (void)state;
    for (size_t length = DECODE_PATH_MAX - 3; length <= DECODE_PATH_MAX + 2; length++) {
        struct buf payload, out;
        buf_init(&payload, 0);
        buf_append_text(&payload, "{\"a\":1,\"");
        repeat(&payload, "x", length);
        buf_append_text(&payload, "\":2,\"b\":{\"");
        repeat(&payload, "y", length - 2);
        buf_append_text(&payload, "\":3},\"c\":4}");
        const char *said = say_payload(&out, AUTO, buf_text(&payload), payload.length);
        bool fits = length < DECODE_PATH_MAX;
        assert_int_equal(strstr(said, "x=2") != NULL, fits);
        assert_int_equal(strstr(said, "y=3") != NULL, fits);
        assert_non_null(strstr(said, "c=4"));
        assert_int_equal(strstr(said, " +2") != NULL, !fits);
        buf_free(&out);
        buf_free(&payload);
    }
}

/* Every beginning of a good JSON payload is refused, and every one with a byte spoilt is survived. */
static void test_truncated_and_spoilt(void **state)
{
    static const char WHOLE[] =
        "{\"ts\":1700000000,\"m\":{\"t\":[20.5,-1e3,\"\\u00b0\"],\"on\":true,\"x\":null}}";
    uint64_t seed = 17;
    (void)state;
    for (size_t length = 1; length < sizeof WHOLE - 1; length++)
        check_row(AUTO, WHOLE, length, "!not valid JSON");
    for (int round = 0; round < 20000; round++) {
        char spoilt[sizeof WHOLE];
        struct buf out;
        memcpy(spoilt, WHOLE, sizeof WHOLE);
        for (size_t n = 1 + unit_random_below(&seed, 3); n--;)
            spoilt[unit_random_below(&seed, sizeof WHOLE - 1)] = (char)unit_random(&seed);
        say_payload(&out, AUTO, spoilt, sizeof WHOLE - 1);
        buf_free(&out);
    }
}

static void test_huge_text(void **state)
{
    char reason[DECODE_REASON_MAX];
    size_t count = 0, left_out = 0, length = 4u << 20;
    uint8_t *payload = malloc(length);
    (void)state;
    memset(payload, 'x', length);
    assert_true(decode_payload((struct payload_rule){.format = FORMAT_AUTO}, payload, length, count_item,
                               &count, &left_out, reason));
    assert_int_equal(count, 1);
    memset(payload, '[', length);
    assert_false(decode_payload((struct payload_rule){.format = FORMAT_AUTO}, payload, length, count_item,
                                &count, &left_out, reason));
    memset(payload, '9', length);
    assert_true(decode_payload((struct payload_rule){.format = FORMAT_AUTO}, payload, length, count_item,
                               &count, &left_out, reason));
    free(payload);
}

struct time_row {
    double number;
    int64_t ts_us; /* 0: no time */
};

static void test_time_numbers(void **state)
{
    static const struct time_row ROWS[] = {
        {0, 0},
        {-1, 0},
        {99999999, 0},
        {1e8, INT64_C(100000000000000)},
        {1700000000, INT64_C(1700000000000000)},
        {1700000000.123456, INT64_C(1700000000123456)},
        {99999999999.0, INT64_C(99999999999000000)},
        {1e11, INT64_C(100000000000000)},
        {1700000000123.0, INT64_C(1700000000123000)},
        {1e14, INT64_C(100000000000000)},
        {1700000000123456.0, INT64_C(1700000000123456)},
        {1e17, 0},
        {1.7e18, 0},
        {INFINITY, 0},
        {-INFINITY, 0},
        {NAN, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        int64_t ts_us = 0;
        bool good = decode_time_number(ROWS[i].number, &ts_us);
        if (good != (ROWS[i].ts_us != 0) || (good && ts_us != ROWS[i].ts_us))
            fail_msg("%.17g: %lld", ROWS[i].number, (long long)ts_us);
    }
}

static void test_escape(void **state)
{
    static const char PAYLOAD[] = "a\n\t\r\x1b\x9b\xC2\x9B\xE2\x80\xAE\xC2\xB0\xff\0z";
    static const char WHOLE[] = "a\\n\\t\\r\\x1b\\x9b\\xc2\\x9b\\xe2\\x80\\xae\xC2\xB0\\xff\\x00z";
    char out[128];
    (void)state;
    decode_escape(out, sizeof out, (const uint8_t *)PAYLOAD, sizeof PAYLOAD - 1);
    assert_string_equal(out, WHOLE);
    for (size_t size = 1; size <= sizeof WHOLE; size++) { /* cut at a piece, never past the end */
        memset(out, '#', sizeof out);
        decode_escape(out, size, (const uint8_t *)PAYLOAD, sizeof PAYLOAD - 1);
        assert_true(strlen(out) < size);
        assert_memory_equal(out, WHOLE, strlen(out));
        assert_int_equal(out[size], '#');
    }
    decode_escape(out, sizeof out, NULL, 0);
    assert_string_equal(out, "");
}

static void test_local_times(void **state)
{
    static const struct row UTC[] = {{"{\"ts\":\"2023-11-14T22:13:20\",\"a\":1}",
                                      "@ts=\"2023-11-14T22:13:20\"@1700000000 a=1@1700000000"}};
    static const struct row LOCAL[] = {
        {"{\"ts\":\"2023-11-14T23:13:20\",\"a\":1}",
         "@ts=\"2023-11-14T23:13:20\"@1700000000 a=1@1700000000"}, /* winter: an hour before UTC */
        {"{\"time\":\"2023-07-14 14:00:00.250\",\"a\":1}",
         "@time=\"2023-07-14 14:00:00.250\"@1689336000.25 a=1@1689336000.25"}, /* summer: two */
        {"{\"ts\":\"2023-11-14T22:13:20Z\",\"a\":1}",
         "@ts=\"2023-11-14T22:13:20Z\"@1700000000 a=1@1700000000"}, /* a zone is believed */
        {"{\"ts\":1700000000,\"a\":1}", "@ts=1700000000@1700000000 a=1@1700000000"},
    };
    (void)state;
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
    check_rows(FORMAT_AUTO, UTC, COUNT(UTC));
    for (size_t i = 0; i < COUNT(LOCAL); i++)
        check_row((struct payload_rule){.format = FORMAT_JSON, .local_times = true}, LOCAL[i].payload,
                  strlen(LOCAL[i].payload), LOCAL[i].values);
    unsetenv("TZ");
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),          cmocka_unit_test(test_json),
        cmocka_unit_test(test_senders),        cmocka_unit_test(test_format_decides),
        cmocka_unit_test(test_bytes_with_nul), cmocka_unit_test(test_python_floats),
        cmocka_unit_test(test_deep_nesting),   cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_long_paths),     cmocka_unit_test(test_truncated_and_spoilt),
        cmocka_unit_test(test_huge_text),      cmocka_unit_test(test_time_numbers),
        cmocka_unit_test(test_escape),         cmocka_unit_test(test_local_times),
    };
    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
