/* The order of the rows of the Tags screen: by group, then by the chosen column, then by name. */
#include "ui/tag_list_order.h"

#include "base/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

double tag_list_place(const struct mirror_tag *tag)
{
    if (!tag->has_range || tag->type != VALUE_NUMBER)
        return NAN;
    return (tag->number - tag->low) / (tag->high - tag->low);
}

struct sort_item {
    double number; /* NaN sorts last either way */
    const char *text;
    struct mirror_tag *tag;
    const char *area; /* NULL: not grouped */
    bool reverse;
};

static struct sort_item item_of(const struct tag_list *list, struct mirror_tag *tag, int64_t wall_us)
{
    struct sort_item item = {
        .tag = tag, .area = list->grouped ? tag->area : NULL, .reverse = list->reverse, .number = 0};
    switch (list->sort) {
    case TAG_COLUMN_VALUE:
        item.number = tag->type == VALUE_NUMBER ? tag->number : NAN;
        item.text = tag->type == VALUE_TEXT ? tag->text : "";
        break;
    case TAG_COLUMN_RANGE:
        item.number = -tag_list_place(tag);
        break;
    case TAG_COLUMN_AGE:
        item.number = tag->ts_us ? (double)(wall_us - tag->ts_us) : NAN;
        break;
    case TAG_COLUMN_QUALITY:
        item.number = mirror_tag_trust(tag);
        break;
    case TAG_COLUMN_DESCRIPTION:
        item.text = tag->description;
        item.number = *tag->description ? 0 : NAN;
        break;
    case TAG_COLUMN_NAME:
    case TAG_COLUMN_TREND:
    case TAG_COLUMN_COUNT:
        item.text = tag->name;
        break;
    }
    return item;
}

/* Names as people order them:
 * numbers inside by their size ("pump2" before "pump10"), case does not matter. */
static int compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            char *end_a, *end_b;
            unsigned long long number_a = strtoull(a, &end_a, 10), number_b = strtoull(b, &end_b, 10);
            if (number_a != number_b)
                return number_a < number_b ? -1 : 1;
            a = end_a;
            b = end_b;
            continue;
        }
        int letter_a = tolower((unsigned char)*a), letter_b = tolower((unsigned char)*b);
        if (letter_a != letter_b)
            return letter_a < letter_b ? -1 : 1;
        a++;
        b++;
    }
    return *a ? 1 : *b ? -1 : 0;
}

/* Areas level by level: '/' sorts before all other letters, so that a tree can be read off in order. */
static int compare_areas(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++) {
    }
    if (*a == *b)
        return 0;
    if (!*a || !*b)
        return *a ? 1 : -1;
    if (*a == '/' || *b == '/')
        return *a == '/' ? -1 : 1;
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_items(const void *left, const void *right)
{
    const struct sort_item *a = left, *b = right;
    int order = a->area ? compare_areas(a->area, b->area) : 0;
    if (order)
        return order;
    if (isnan(a->number) != isnan(b->number))
        return isnan(a->number) ? 1 : -1;
    if (a->number < b->number || a->number > b->number)
        order = a->number < b->number ? -1 : 1;
    else if (a->text && b->text)
        order = compare_names(a->text, b->text);
    if (order)
        return a->reverse ? -order : order;
    order = compare_names(a->tag->name, b->tag->name);
    return order ? order : a->tag->id < b->tag->id ? -1 : a->tag->id > b->tag->id;
}

bool tag_list_order(struct tag_list *list, int64_t wall_us)
{
    struct sort_item *items = mem_new(list->tag_count + 1, sizeof *items);
    bool moved = false;
    for (size_t i = 0; i < list->tag_count; i++)
        items[i] = item_of(list, list->shown[i], wall_us);
    qsort(items, list->tag_count, sizeof *items, compare_items);
    for (size_t i = 0; i < list->tag_count; i++) {
        moved |= list->shown[i] != items[i].tag;
        list->shown[i] = items[i].tag;
    }
    free(items);
    return moved;
}
