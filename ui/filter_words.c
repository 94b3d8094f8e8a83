#include "ui/filter_words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

size_t filter_words_next(const char **filter, const char **word)
{
    *word = *filter + strspn(*filter, " ");
    size_t length = strcspn(*word, " ");
    *filter = *word + length;
    return length;
}

size_t filter_words_prefix(const char *word, size_t length, const char *name)
{
    size_t prefix = strlen(name);
    return length >= prefix && strncasecmp(word, name, prefix) == 0 ? prefix : 0;
}

bool filter_words_contains(const char *text, const char *word, size_t length)
{
    if (!length)
        return true;
    /* Most places are ruled out by their first letter: a list of thousands is filtered while somebody types. */
    const char first[] = {(char)tolower((unsigned char)*word), (char)toupper((unsigned char)*word), '\0'};
    for (; *(text += strcspn(text, first)); text++)
        if (strncasecmp(text, word, length) == 0)
            return true;
    return false;
}

bool filter_words_begins(const char *text, const char *word, size_t length)
{
    return strncasecmp(text, word, length) == 0;
}
