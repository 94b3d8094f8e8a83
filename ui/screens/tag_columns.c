#include "ui/screens/tag_columns.h"

#include "base/clock.h"
#include "base/num.h"
#include "ui/alarm_banner.h"
#include "ui/widgets/bar.h"
#include "ui/widgets/spark.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MARK_COLUMNS      2
#define ALARM_COLUMNS     4 /* behind it, where there are alarms: the priority of one that stands */
#define NAME_LEAST        12
#define NAME_MOST         44
#define UNIT_MOST         8
#define WHOLE_MOST        17 /* all digits of what doubles can count, and a sign */
#define WHOLE_MOST_NARROW 12
#define WIDE              110 /* columns of a terminal that has room for them */
#define FRACTION_MOST     7
#define TEXT_MOST         16
#define GROUP_INDENT      2
#define BAR_LIMITS_MAX    16
#define TREND_NOISE       0.02                       /* of the range: smaller movements are drawn flat */
#define AGE_NOW_US        (10 * CLOCK_US_PER_SECOND) /* so long a value is new */

/* Which columns give way first, what they need at least, and what they like. */
static const struct {
    enum tag_list_column column;
    const char *heading;
    int least, most, gap;
} COLUMNS[] = {
    {TAG_COLUMN_QUALITY, "QUAL", 6, 6, 1},
    {TAG_COLUMN_AGE, "AGE", 4, 4, 2},
    {TAG_COLUMN_TREND, "TREND", 8, 30, 2},
    {TAG_COLUMN_RANGE, "RANGE", 8, 20, 2},
    {TAG_COLUMN_DESCRIPTION, "DESCRIPTION", 16, 60, 2},
};
#define OPTIONAL_COUNT (sizeof COLUMNS / sizeof *COLUMNS)

/* Left to right. */
static const enum tag_list_column ORDER[] = {
    TAG_COLUMN_TREND, TAG_COLUMN_RANGE, TAG_COLUMN_AGE, TAG_COLUMN_QUALITY, TAG_COLUMN_DESCRIPTION,
};

static int least_of(int a, int b)
{
    return a < b ? a : b;
}

static int most_of(int a, int b)
{
    return a > b ? a : b;
}

/* ---- what the data needs ---- */

/* A number in fixed notation: one with an exponent has its point anywhere. */
static bool is_numeric(const char *text)
{
    double number;
    return num_parse(text, strlen(text), &number) && !strpbrk(text, "en#");
}

struct tag_value_text tag_columns_value(const struct mirror_tag *tag, const struct pane *pane, int columns)
{
    struct tag_value_text value = {.text = ""};
    mirror_tag_value_fit(tag, value.text, sizeof value.text, columns);
    value.numeric = tag->type == VALUE_NUMBER && is_numeric(value.text);
    int all = pane_text_columns(pane, value.text);
    const char *point = value.numeric ? strchr(value.text, '.') : NULL;
    value.whole = point ? (int)(point - value.text) : all;
    value.fraction = all - value.whole;
    return value;
}

/* Where names begin. */
static int name_from(const struct tag_columns *columns)
{
    return MARK_COLUMNS + (columns->alarm_need ? ALARM_COLUMNS : 0);
}

static int name_indent(const struct tag_row *row)
{
    return row->depth * GROUP_INDENT;
}

void tag_columns_need(struct tag_columns *columns, const struct tag_row *row, const struct pane *pane)
{
    const struct mirror_tag *tag = row->tag;
    if (!tag)
        return;
    struct tag_value_text value = tag_columns_value(tag, pane, NUM_TEXT_MAX - 1);
    if (value.numeric) {
        columns->whole_need = most_of(columns->whole_need, least_of(value.whole, WHOLE_MOST));
        columns->fraction_need = most_of(columns->fraction_need, least_of(value.fraction, FRACTION_MOST));
    } else {
        columns->text_need = most_of(columns->text_need, least_of(value.whole, TEXT_MOST));
    }
    columns->name_need = most_of(columns->name_need, tag->name_columns + name_indent(row));
    int unit = pane_text_columns(pane, tag->unit);
    columns->unit_need = most_of(columns->unit_need, least_of(unit, UNIT_MOST));
    columns->trend_need |= tag->series != NULL;
    columns->alarm_need |= tag->standing.count > 0;
    columns->range_need |= tag->has_range;
    columns->description_need = most_of(columns->description_need, tag->description_columns);
}

/* ---- layout ---- */

/* The value's field: a bracket at each side for what is not live. */
static int value_width(const struct tag_columns *columns, int width)
{
    int whole = least_of(columns->whole_need, width < WIDE ? WHOLE_MOST_NARROW : WHOLE_MOST);
    int numbers = whole + columns->fraction_need;
    return most_of(most_of(numbers, columns->text_need), 5) + 2;
}

static int wanted_width(const struct tag_columns *columns, size_t i)
{
    return COLUMNS[i].column == TAG_COLUMN_DESCRIPTION ? columns->description_need : COLUMNS[i].most;
}

static bool is_wanted(const struct tag_columns *columns, size_t i)
{
    switch (COLUMNS[i].column) {
    case TAG_COLUMN_DESCRIPTION:
        return columns->description_need > 0;
    case TAG_COLUMN_TREND:
        return columns->trend_need;
    case TAG_COLUMN_RANGE:
        return columns->range_need;
    default:
        return true;
    }
}

static void grow(int *width, int wanted, int *left)
{
    int more = least_of(most_of(wanted - *width, 0), *left);
    *width += more;
    *left -= more;
}

/* First every column that fits at its least, in the order of COLUMNS; then what is left: names, descriptions
 * up to 30, trends and ranges in turn, descriptions again. */
void tag_columns_layout(struct tag_columns *columns, int width)
{
    int value = value_width(columns, width), unit = columns->unit_need;
    int name = least_of(most_of(columns->name_need, NAME_LEAST), NAME_LEAST + 10);
    int left = width - name_from(columns) - name - 1 - value - (unit ? unit + 1 : 0);
    memset(columns->at, 0, sizeof columns->at);
    if (left < 0) {
        name = most_of(name + left, 1);
        left = 0;
    }
    for (size_t i = 0; i < OPTIONAL_COUNT; i++) {
        int taken = COLUMNS[i].least + COLUMNS[i].gap;
        if (taken > left || !is_wanted(columns, i))
            continue;
        columns->at[COLUMNS[i].column].width = COLUMNS[i].least;
        left -= taken;
    }
    int *description = &columns->at[TAG_COLUMN_DESCRIPTION].width;
    grow(&name, least_of(columns->name_need, NAME_MOST), &left);
    if (*description)
        grow(description, least_of(columns->description_need, 30), &left);
    for (int step = 9; step <= 30 && left > 0; step++)
        for (size_t i = 0; i < OPTIONAL_COUNT; i++) {
            int *column = &columns->at[COLUMNS[i].column].width;
            bool grows = COLUMNS[i].column == TAG_COLUMN_TREND || COLUMNS[i].column == TAG_COLUMN_RANGE;
            if (*column && grows)
                grow(column, least_of(step, wanted_width(columns, i)), &left);
        }
    if (*description)
        grow(description, columns->description_need, &left);

    columns->at[TAG_COLUMN_NAME].x = name_from(columns);
    columns->at[TAG_COLUMN_NAME].width = name;
    columns->at[TAG_COLUMN_VALUE].x = name_from(columns) + name + 1;
    columns->at[TAG_COLUMN_VALUE].width = value;
    columns->unit_x = columns->at[TAG_COLUMN_VALUE].x + value + 1;
    int x = unit ? columns->unit_x + unit : columns->unit_x - 1;
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        size_t row = 0;
        while (COLUMNS[row].column != ORDER[i])
            row++;
        if (!columns->at[ORDER[i]].width)
            continue;
        columns->at[ORDER[i]].x = x + COLUMNS[row].gap;
        x += COLUMNS[row].gap + columns->at[ORDER[i]].width;
    }
}

enum tag_list_column tag_columns_at(const struct tag_columns *columns, int x)
{
    for (int i = 0; i < TAG_COLUMN_COUNT; i++)
        if (columns->at[i].width && x >= columns->at[i].x && x < columns->at[i].x + columns->at[i].width)
            return (enum tag_list_column)i;
    return TAG_COLUMN_COUNT;
}

/* ---- drawing ---- */

static const char *heading_of(enum tag_list_column column)
{
    for (size_t i = 0; i < OPTIONAL_COUNT; i++)
        if (COLUMNS[i].column == column)
            return COLUMNS[i].heading;
    return column == TAG_COLUMN_NAME ? "TAG" : "VALUE";
}

void tag_columns_draw_heading(const struct tag_columns *columns, const struct pane *pane, int y,
                              const struct tag_list *list)
{
    for (int i = 0; i < TAG_COLUMN_COUNT; i++) {
        int x = columns->at[i].x, width = columns->at[i].width;
        if (!width)
            continue;
        bool sorted = list->sort == (enum tag_list_column)i;
        bool right = i == TAG_COLUMN_AGE || i == TAG_COLUMN_VALUE;
        enum meaning meaning = sorted ? MEANING_SORTED : MEANING_HEADING;
        const char *heading = heading_of((enum tag_list_column)i);
        int length = (int)strlen(heading);
        if (right) {
            /* The value's last column is kept for a bracket. */
            int end = x + width - (i == TAG_COLUMN_VALUE);
            x = most_of(end - length, x);
            pane_text(pane, x, y, least_of(length, width), meaning, heading);
            x = x - 1;
        } else {
            x += pane_text(pane, x, y, width, meaning, heading);
        }
        if (sorted)
            pane_sign(pane, x, y, meaning, list->reverse ? SIGN_DOWN : SIGN_UP);
    }
}

void tag_columns_age(char *out, size_t size, int64_t span_us)
{
    int64_t seconds = span_us / CLOCK_US_PER_SECOND;
    if (span_us < AGE_NOW_US)
        snprintf(out, size, "now");
    else if (seconds < 60)
        snprintf(out, size, "<1m");
    else if (seconds < 3600)
        snprintf(out, size, "%dm", (int)(seconds / 60));
    else if (seconds < 48 * 3600)
        snprintf(out, size, "%dh", (int)(seconds / 3600));
    else if (seconds < INT64_C(999) * 86400)
        snprintf(out, size, "%dd", (int)(seconds / 86400));
    else
        snprintf(out, size, "old");
}

int64_t tag_columns_trend_end_us(int64_t arrival_us, int64_t now_us)
{
    int64_t age_us = now_us - arrival_us;
    if (age_us <= AGE_NOW_US)
        return now_us;
    int64_t minutes_us = age_us / CLOCK_US_PER_MINUTE * CLOCK_US_PER_MINUTE;
    return arrival_us + (minutes_us ? minutes_us : AGE_NOW_US);
}

/* How a value is drawn that can be trusted so far. */
struct trust {
    char mark; /* ' ' when nothing is to be said */
    enum meaning value, mark_meaning, word;
    bool bracketed; /* never a number that looks live */
};

static const struct trust TRUSTS[] = {
    [MIRROR_BAD] = {'!', MEANING_VALUE_BAD, MEANING_VALUE_BAD, MEANING_VALUE_BAD, true},
    [MIRROR_UNCERTAIN] = {'?', MEANING_VALUE_UNCERTAIN, MEANING_VALUE_UNCERTAIN, MEANING_VALUE_UNCERTAIN,
                          true},
    [MIRROR_RETAINED] = {'R', MEANING_TEXT, MEANING_DIM, MEANING_DIM, false},
    [MIRROR_GOOD] = {' ', MEANING_VALUE, MEANING_DIM, MEANING_DIM, false},
    [MIRROR_NO_VALUE] = {' ', MEANING_DIM, MEANING_DIM, MEANING_DIM, false},
};

static void draw_value(const struct tag_columns *columns, const struct pane *pane, int y,
                       const struct mirror_tag *tag, const struct trust *trust)
{
    int x = columns->at[TAG_COLUMN_VALUE].x, width = columns->at[TAG_COLUMN_VALUE].width;
    int room = width - 2;
    struct tag_value_text value = tag_columns_value(tag, pane, room);
    if (value.numeric && value.fraction > columns->fraction_need)
        value = tag_columns_value(tag, pane, least_of(room, value.whole + columns->fraction_need));
    if (!*value.text) {
        pane_sign(pane, x + width - 2 - columns->fraction_need, y, MEANING_DIM, SIGN_DASH);
        return;
    }
    /* Texts end where numbers end; numbers have their points one below the other. */
    int all = least_of(value.whole + value.fraction, room);
    int behind = value.numeric ? most_of(columns->fraction_need - value.fraction, 0) : 0;
    int begin = x + 1 + room - all - behind;
    if (begin < x + 1)
        begin = x + 1;
    int used = pane_text(pane, begin, y, least_of(all, x + 1 + room - begin), trust->value, value.text);
    if (trust->bracketed) {
        pane_put(pane, begin - 1, y, trust->value, '(');
        pane_put(pane, begin + used, y, trust->value, ')');
    }
}

static void draw_trend(const struct tag_columns *columns, const struct pane *pane, int y,
                       struct mirror_tag *tag, const struct trust *trust, int64_t wall_us)
{
    int width = columns->at[TAG_COLUMN_TREND].width;
    if (!width || !tag->series)
        return;
    struct series_span spans[SPARK_SPANS_MAX];
    size_t count = spark_span_count(pane_level(pane), width);
    mirror_tag_columns(tag, tag_columns_trend_end_us(tag->arrival_us, wall_us), spans, count);
    double least = tag->has_range ? (tag->high - tag->low) * TREND_NOISE : 0;
    enum meaning meaning = trust->bracketed ? MEANING_SPARK_UNCERTAIN : MEANING_SPARK;
    spark_draw(pane, columns->at[TAG_COLUMN_TREND].x, y, width, meaning, spans, least);
}

static void draw_range(const struct tag_columns *columns, const struct pane *pane, int y,
                       const struct mirror_tag *tag, const struct trust *trust)
{
    int width = columns->at[TAG_COLUMN_RANGE].width;
    if (!width || !tag->has_range)
        return;
    double limits[BAR_LIMITS_MAX];
    struct bar bar = {.low = tag->low,
                      .high = tag->high,
                      .value = mirror_tag_pointer(tag),
                      .setpoint = NAN,
                      .uncertain = trust->bracketed,
                      .limits = limits,
                      .normal_low = NAN,
                      .normal_high = NAN};
    for (size_t i = 0; i < tag->limit_count && bar.limit_count < BAR_LIMITS_MAX; i++) {
        const struct mirror_limit *limit = &tag->limits[i];
        if (limit->type > ALARM_HIHI)
            continue; /* not a level of the value */
        limits[bar.limit_count++] = limit->limit;
        if (limit->type == ALARM_LO)
            bar.normal_low = limit->limit;
        if (limit->type == ALARM_HI)
            bar.normal_high = limit->limit;
    }
    bar_draw(pane, columns->at[TAG_COLUMN_RANGE].x, y, width, &bar);
}

static void draw_age(const struct tag_columns *columns, const struct pane *pane, int y,
                     const struct mirror_tag *tag, int64_t wall_us)
{
    char age[16] = "";
    if (!mirror_tag_age_is_known(tag))
        snprintf(age, sizeof age, "?");
    else if (tag->ts_us)
        tag_columns_age(age, sizeof age, wall_us - tag->ts_us);
    pane_text_right(pane, columns->at[TAG_COLUMN_AGE].x, y, columns->at[TAG_COLUMN_AGE].width, MEANING_DIM,
                    age);
}

static void draw_quality(const struct tag_columns *columns, const struct pane *pane, int y,
                         const struct mirror_tag *tag, const struct trust *trust)
{
    pane_text(pane, columns->at[TAG_COLUMN_QUALITY].x, y, columns->at[TAG_COLUMN_QUALITY].width, trust->word,
              mirror_tag_word(tag));
}

/* Below its group a tag needs only the rest of its name. */
static const char *short_name(const struct tag_row *row)
{
    const char *name = row->tag->name;
    size_t length = row->group ? strlen(row->group->path) : 0;
    if (length && strncmp(name, row->group->path, length) == 0 && name[length] == '/' && name[length + 1])
        return name + length + 1;
    return name;
}

/* Mark and colour of the priority; of what is acknowledged without the colour. */
static int draw_standing(const struct pane *pane, int x, int y, const struct mirror_standing *standing)
{
    return pane_text(pane, x, y, -1, alarm_banner_meaning(standing->worst, standing->waits),
                     alarm_banner_mark(standing->worst));
}

static void draw_tag(const struct tag_columns *columns, const struct pane *pane, int y,
                     const struct tag_row *row, int64_t wall_us)
{
    struct mirror_tag *tag = row->tag;
    const struct trust *trust = &TRUSTS[mirror_tag_trust(tag)];
    int indent = name_indent(row);
    pane_put(pane, 0, y, trust->mark_meaning, (unsigned char)trust->mark);
    if (tag->edited && !trust->bracketed)
        pane_put(pane, 0, y, MEANING_STRONG, 'e');
    if (tag->standing.count && columns->alarm_need)
        draw_standing(pane, MARK_COLUMNS, y, &tag->standing);
    pane_text(pane, columns->at[TAG_COLUMN_NAME].x + indent, y, columns->at[TAG_COLUMN_NAME].width - indent,
              MEANING_TEXT, short_name(row));
    draw_value(columns, pane, y, tag, trust);
    if (columns->unit_need)
        pane_text(pane, columns->unit_x, y, columns->unit_need, MEANING_DIM, tag->unit);
    draw_trend(columns, pane, y, tag, trust, wall_us);
    draw_range(columns, pane, y, tag, trust);
    if (columns->at[TAG_COLUMN_AGE].width)
        draw_age(columns, pane, y, tag, wall_us);
    if (columns->at[TAG_COLUMN_QUALITY].width)
        draw_quality(columns, pane, y, tag, trust);
    if (columns->at[TAG_COLUMN_DESCRIPTION].width)
        pane_text(pane, columns->at[TAG_COLUMN_DESCRIPTION].x, y, columns->at[TAG_COLUMN_DESCRIPTION].width,
                  MEANING_DIM, tag->description);
}

static void draw_group(const struct tag_columns *columns, const struct pane *pane, int y,
                       const struct tag_row *row)
{
    const struct tag_group *group = row->group;
    int x = name_from(columns) + name_indent(row);
    pane_sign(pane, x, y, MEANING_GROUP, group->folded ? SIGN_FOLDED : SIGN_UNFOLDED);
    x += 2;
    x += pane_text(pane, x, y, pane->columns - x - 16, MEANING_GROUP,
                   *group->name ? group->name : "(no area)");
    x += 1 + pane_printf(pane, x + 1, y, -1, MEANING_DIM, "%zu", group->tags);
    if (group->standing.count) {
        x += 1 + draw_standing(pane, x + 1, y, &group->standing);
        x += 1 + pane_printf(pane, x + 1, y, -1, MEANING_TEXT, "%zu", group->standing.count);
    }
    if (group->not_good)
        pane_printf(pane, x + 1, y, -1, MEANING_WARNING, " ! %zu not good", group->not_good);
}

void tag_columns_draw_row(const struct tag_columns *columns, const struct pane *pane, int y,
                          const struct tag_row *row, int64_t wall_us)
{
    if (row->tag)
        draw_tag(columns, pane, y, row, wall_us);
    else
        draw_group(columns, pane, y, row);
}
