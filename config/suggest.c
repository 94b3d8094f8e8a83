#include "config/suggest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SUGGEST_LENGTH_MAX 63

static size_t suggest_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_LENGTH_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > SUGGEST_LENGTH_MAX || length_b > SUGGEST_LENGTH_MAX)
        return SUGGEST_LENGTH_MAX;
    for (size_t j = 0; j <= length_b; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            int left = tolower((unsigned char)a[i - 1]), right = tolower((unsigned char)b[j - 1]);
            row[j] = suggest_least(suggest_least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (left != right));
            if (i > 1 && j > 1 && left == tolower((unsigned char)b[j - 2]) &&
                right == tolower((unsigned char)a[i - 2]))
                row[j] = suggest_least(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[length_b];
}

bool suggest_is_near(const char *word, const char *candidate)
{
    size_t length = strlen(word), other = strlen(candidate);
    size_t edits = length < 2 ? 0 : length < 6 ? 1 : length / 3;
    if (length > other + edits || other > length + edits)
        return false; /* as many edits as that: not worth the work */
    return suggest_distance(word, candidate) <= edits;
}

bool suggest_is_nearer(const char *word, const char *candidate, const char *best)
{
    return suggest_is_near(word, candidate) &&
           (!best || suggest_distance(word, candidate) < suggest_distance(word, best));
}

const char *suggest_choice(const char *word, const char *const *choices)
{
    const char *near = NULL, *begins = NULL;
    for (; *choices; choices++) {
        size_t length = strlen(*choices);
        if (suggest_is_nearer(word, *choices, near))
            near = *choices;
        if (length > 1 && !strncasecmp(word, *choices, length) && (!begins || length > strlen(begins)))
            begins = *choices;
    }
    return near ? near : begins;
}
