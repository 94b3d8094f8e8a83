#include "recorder/answers.h"

#include "base/utf8.h"
#include "db/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_CLIENT_MAX 64 /* bytes of the client id in the topic */

/* BLAKE2b with the secret before the message, which is a good key for it: its length cannot be extended. */
static uint64_t answers_hash(const struct answers *answers, const char *purpose, uint64_t number)
{
    struct chain_row row;
    uint64_t digits;
    chain_begin(&row, &(struct chain_hash){0});
    chain_add_text(&row, answers->secret, strlen(answers->secret));
    chain_add_text(&row, purpose, strlen(purpose));
    chain_add_integer(&row, (int64_t)number);
    const struct chain_hash hash = chain_end(&row);
    memcpy(&digits, hash.bytes, sizeof digits);
    return digits;
}

void answers_init(struct answers *answers, const char *secret, const char *client_id)
{
    char client[ANSWERS_CLIENT_MAX + 1];
    snprintf(answers->secret, sizeof answers->secret, "%s", secret);
    utf8_make_safe(client, sizeof client, client_id, strlen(client_id));
    for (char *at = client; (at = strpbrk(at, "/+#")); at++)
        *at = '_';
    snprintf(answers->topic, sizeof answers->topic, "hmi/%s/answer/%016" PRIx64, client,
             answers_hash(answers, client_id, 0));
}

void answers_print_correlation(const struct answers *answers, uint64_t command,
                               char out[ANSWERS_CORRELATION_MAX])
{
    snprintf(out, ANSWERS_CORRELATION_MAX, "hmi-%" PRIu64 "-%016" PRIx64, command,
             answers_hash(answers, "command", command));
}

uint64_t answers_find_command(const struct answers *answers, const void *correlation, size_t length)
{
    char given[ANSWERS_CORRELATION_MAX], expected[ANSWERS_CORRELATION_MAX];
    if (!correlation || length >= sizeof given)
        return 0;
    memcpy(given, correlation, length);
    given[length] = '\0';
    if (strncmp(given, "hmi-", 4) != 0)
        return 0;
    uint64_t command = strtoull(given + 4, NULL, 10);
    answers_print_correlation(answers, command, expected);
    return strlen(given) == length && !strcmp(given, expected) ? command : 0;
}
