/* Why there is no connection: each cause has a cure, and each sign of OpenSSL's leads to its cause. */
#include "recorder/cause.h"
#include "recorder/tls_words.h"
#include "unit.h"

static char host[] = "plant.example", user[] = "hmi", password_file[] = "/etc/hmi/password";
static const struct config CONFIG = {
    .broker = {.host = host, .port = 1884, .username = user, .password_file = password_file},
};

static void test_every_cause_has_cures(void **state)
{
    (void)state;
    for (int cause = 0; cause < CAUSE_COUNT; cause++) {
        for (int look = 0; look < 2; look++) {
            char text[512];
            cause_print_cure((enum cause)cause, &CONFIG, look, text, sizeof text);
            assert_non_null(strstr(text, "; it is tried again by itself")); /* whole: nothing was cut */
            assert_true(text[0] != ';');
            assert_null(strpbrk(text, "{}"));
        }
    }
}

static void test_cures_name_what_is_at_hand(void **state)
{
    (void)state;
    static const struct {
        enum cause cause;
        const char *record, *look;
    } cures[] = {
        {CAUSE_NOTHING_LISTENS, "broker.host and broker.port", "with -H and -p"},
        {CAUSE_NAME_UNKNOWN, "getent hosts plant.example", "check -H"},
        {CAUSE_CLOSED, "set broker.tls", "-L mqtts://plant.example:1884"},
        {CAUSE_PASSWORD, "broker.username ('hmi') and the first line of /etc/hmi/password", "check -u hmi"},
        {CAUSE_PASSWORD_FILE, "let /etc/hmi/password belong", "let /etc/hmi/password"},
        {CAUSE_NO_USER, "set broker.username", "-u"},
        {CAUSE_CERTIFICATE_NAME, "issued for plant.example", "(-H, -L)"},
    };
    for (size_t i = 0; i < COUNT(cures); i++) {
        char text[512];
        cause_print_cure(cures[i].cause, &CONFIG, false, text, sizeof text);
        assert_non_null(strstr(text, cures[i].record));
        cause_print_cure(cures[i].cause, &CONFIG, true, text, sizeof text);
        assert_non_null(strstr(text, cures[i].look));
    }
}

static void test_a_cure_that_does_not_fit_is_cut(void **state)
{
    (void)state;
    char text[8];
    cause_print_cure(CAUSE_OTHER, &CONFIG, false, text, sizeof text);
    assert_string_equal(text, "look at");
}

static void test_tls_words(void **state)
{
    (void)state;
    static const struct {
        struct tls_failure failure;
        enum cause cause;
        const char *words;
    } cases[] = {
        {{true, 62, "a.example", "b.example", ""},
         CAUSE_CERTIFICATE_NAME,
         "is for a.example, not for the host name b.example"},
        {{true, 1, "", "b.example", ""},
         CAUSE_CERTIFICATE_NAME,
         "is for another, not for the host name b.example"},
        {{true, 10, "", "", "certificate verify failed"}, CAUSE_CERTIFICATE_EXPIRED, "has expired"},
        {{true, 20, "", "", "certificate verify failed"}, CAUSE_CERTIFICATE_UNKNOWN, "unknown authority"},
        {{true, 77, "", "", "certificate verify failed"}, CAUSE_CERTIFICATE_OTHER, "verdict 77"},
        {{true, 0, "", "", "error:0A000126:SSL routines::unexpected eof while reading"},
         CAUSE_NO_TLS,
         "does not speak TLS"},
        {{true, 0, "", "", "error:0A00010B:SSL routines::wrong version number"},
         CAUSE_NO_TLS,
         "does not speak TLS"},
        {{true, 0, "", "", "sslv3 alert handshake failure"}, CAUSE_TLS_VERSION, "no TLS that is accepted"},
        {{true, 0, "", "", ""}, CAUSE_TLS_OTHER, "no more is known"},
        {{true, 0, "", "", "something new"}, CAUSE_TLS_OTHER, "something new"},
        {{false, 0, "", "", "tlsv13 alert certificate required"},
         CAUSE_CLIENT_CERTIFICATE,
         "wants a client certificate"},
        {{false, 0, "", "", "tlsv1 alert unknown ca"},
         CAUSE_CLIENT_CERTIFICATE,
         "does not accept our client certificate"},
        {{false, 0, "", "", "unexpected eof while reading"}, CAUSE_TLS_CLOSED, "before it answered"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        assert_int_equal(tls_words_explain(&cases[i].failure, text, sizeof text), cases[i].cause);
        assert_non_null(strstr(text, cases[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cause_has_cures),
        cmocka_unit_test(test_cures_name_what_is_at_hand),
        cmocka_unit_test(test_a_cure_that_does_not_fit_is_cut),
        cmocka_unit_test(test_tls_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
