/* From the text to the structures: libconfig makes the tree, the option table says what each of its settings
 * must be and where it goes. A fault never stops the walk, so that one run names them all. */
#include "config/findings.h"
#include "config/options.h"
#include "config/source.h"
#include "config/suggest.h"
#include "config/syntax.h"
#include "config/validate.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#include <libconfig.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loading {
    struct findings *findings;
    const struct source *source;
    const char *folder; /* absolute; files are relative to it */
};

/* One setting on its way to its destination. */
struct load_item {
    struct loading *loading;
    const config_setting_t *setting;
    const struct option_group *group;
    const struct option *option;
    char *at, *more;
};

static struct source_line load_where(const struct loading *loading, const config_setting_t *setting)
{
    return source_where(loading->source, (int)config_setting_source_line(setting));
}

__attribute__((format(printf, 2, 3))) static bool load_fault(const struct load_item *item, const char *format,
                                                             ...)
{
    char text[1024], label[128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct source_line where = load_where(item->loading, item->setting);
    findings_fault_at(item->loading->findings, where.file, where.line, "%s %s",
                      options_label(item->group, item->option->name, label, sizeof label), text);
    return false;
}

static const char *load_type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
    case CONFIG_TYPE_FLOAT:
        return "a number";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_GROUP:
        return "a group";
    default:
        return "a list";
    }
}

static bool load_fault_type(const struct load_item *item, const config_setting_t *setting)
{
    struct buf allowed;
    buf_init(&allowed, 1000);
    options_describe(item->option, &allowed);
    load_fault(item, "is %s; it must be %s", load_type_name(setting), buf_text(&allowed));
    buf_free(&allowed);
    return false;
}

/* Of a list; often a comma was meant as a decimal point. */
static bool load_fault_length(const struct load_item *item, const config_setting_t *setting)
{
    struct buf allowed;
    int length = config_setting_length(setting);
    buf_init(&allowed, 1000);
    options_describe(item->option, &allowed);
    load_fault(item, "has %d value%s; it must be %s, with decimal points", length, length == 1 ? "" : "s",
               buf_text(&allowed));
    buf_free(&allowed);
    return false;
}

static bool load_read_number(const config_setting_t *setting, double *value)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
        *value = config_setting_get_int(setting);
        return true;
    case CONFIG_TYPE_INT64:
        *value = (double)config_setting_get_int64(setting);
        return true;
    case CONFIG_TYPE_FLOAT:
        *value = config_setting_get_float(setting);
        return true;
    default:
        return false;
    }
}

/* A number of the right kind and within the row's range. */
static bool load_number(const struct load_item *item, const config_setting_t *setting, double *value)
{
    const struct option *option = item->option;
    if (!load_read_number(setting, value))
        return load_fault_type(item, setting);
    bool whole = option->type == OPTION_INTEGER || option->type == OPTION_LARGE;
    bool in_range = option->whole_range || (*value >= option->least && *value <= option->most);
    if (isfinite(*value) && in_range && (!whole || *value == floor(*value)))
        return true;
    char number[NUM_TEXT_MAX];
    struct buf allowed;
    num_format_exact(number, sizeof number, *value);
    buf_init(&allowed, 1000);
    options_describe(option, &allowed);
    load_fault(item, "is %s; it must be %s", number, buf_text(&allowed));
    buf_free(&allowed);
    return false;
}

/* A text fit for a terminal and of a length that the row allows. NULL after a fault; borrowed. */
static const char *load_text(const struct load_item *item, const config_setting_t *setting)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        load_fault_type(item, setting);
        return NULL;
    }
    const char *text = config_setting_get_string(setting);
    size_t length = text ? strlen(text) : 0;
    if ((double)length < item->option->least) {
        load_fault(item, "is empty; it must be a text");
        return NULL;
    }
    if (item->option->most > 0 && (double)length > item->option->most) {
        load_fault(item, "is %zu bytes long; at most %.0f are allowed", length, item->option->most);
        return NULL;
    }
    for (size_t i = 0; i < length;) {
        uint32_t code_point;
        size_t used = utf8_decode(text + i, length - i, &code_point);
        if (code_point == UTF8_REPLACEMENT && used == 1) {
            load_fault(item, "is not UTF-8 at its byte %zu; save the file as UTF-8", i + 1);
            return NULL;
        }
        if (utf8_is_unsafe(code_point)) {
            load_fault(item,
                       "holds a control or invisible character (U+%04X) at its byte %zu; only printable text "
                       "is allowed",
                       (unsigned)code_point, i + 1);
            return NULL;
        }
        i += used;
    }
    return text ? text : "";
}

/* The index of the word, -1 after a fault. */
static int load_word(const struct load_item *item)
{
    const struct option *option = item->option;
    const char *text = load_text(item, item->setting);
    if (!text)
        return -1;
    int index = options_find_word(option->choices, text);
    if (index >= option->first_choice)
        return index;
    const char *near = suggest_choice(text, option->choices + option->first_choice);
    struct buf allowed;
    buf_init(&allowed, 1000);
    options_describe(option, &allowed);
    if (near)
        buf_printf(&allowed, "; did you mean \"%s\"?", near);
    load_fault(item, "is \"%s\"; it must be %s", text, buf_text(&allowed));
    buf_free(&allowed);
    return -1;
}

/* A text, of the row's choices where it has any. NULL after a fault; borrowed. */
static const char *load_chosen_text(const struct load_item *item)
{
    if (!item->option->choices)
        return load_text(item, item->setting);
    int index = load_word(item);
    return index < 0 ? NULL : item->option->choices[index];
}

static bool load_into_text(const struct load_item *item)
{
    const char *text = load_chosen_text(item);
    if (!text)
        return false;
    char **destination = (char **)(void *)item->at;
    free(*destination);
    *destination = mem_copy_text(text);
    return true;
}

static bool load_into_number(const struct load_item *item)
{
    double value;
    if (!load_number(item, item->setting, &value))
        return false;
    switch (item->option->type) {
    case OPTION_INTEGER:
        *(int *)(void *)item->at = (int)value;
        break;
    case OPTION_LARGE:
        *(int64_t *)(void *)item->at = (int64_t)value;
        break;
    case OPTION_SECONDS:
        *(int64_t *)(void *)item->at = (int64_t)llround(value * (double)CLOCK_US_PER_SECOND);
        break;
    default:
        *(double *)(void *)item->at = value;
    }
    return true;
}

static bool load_into_boolean(const struct load_item *item)
{
    if (config_setting_type(item->setting) != CONFIG_TYPE_BOOL)
        return load_fault_type(item, item->setting);
    *(bool *)(void *)item->at = config_setting_get_bool(item->setting);
    return true;
}

static bool load_into_choice(const struct load_item *item)
{
    int index = load_word(item);
    if (index < 0)
        return false;
    *(unsigned *)(void *)item->at = (unsigned)index;
    return true;
}

static bool load_is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static const config_setting_t *load_element(const config_setting_t *list, size_t index)
{
    return config_setting_get_elem(list, (unsigned)index);
}

static bool load_into_pair(const struct load_item *item)
{
    double first, second;
    if (!load_is_list(item->setting))
        return load_fault_type(item, item->setting);
    if (config_setting_length(item->setting) != 2)
        return load_fault_length(item, item->setting);
    if (!load_number(item, load_element(item->setting, 0), &first) ||
        !load_number(item, load_element(item->setting, 1), &second))
        return false;
    *(double *)(void *)item->at = first;
    *(double *)(void *)item->more = second;
    return true;
}

static bool load_into_names(const struct load_item *item)
{
    struct config_names *names = (struct config_names *)(void *)item->at;
    if (!load_is_list(item->setting))
        return load_fault_type(item, item->setting);
    size_t count = (size_t)config_setting_length(item->setting);
    names->names = mem_new(count, sizeof *names->names);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        struct load_item element = *item;
        element.setting = load_element(item->setting, i);
        const char *text = load_chosen_text(&element);
        if (text)
            names->names[names->count++] = mem_copy_text(text);
        good = good && text;
    }
    return good;
}

static bool load_state(const struct load_item *item, const config_setting_t *pair, struct tag_state *state)
{
    if (!load_is_list(pair) || config_setting_length(pair) != 2)
        return load_fault_type(item, pair);
    const config_setting_t *value = load_element(pair, 0);
    if (config_setting_type(value) == CONFIG_TYPE_BOOL)
        state->value = config_setting_get_bool(value);
    else if (!load_read_number(value, &state->value) || !isfinite(state->value))
        return load_fault(item, "names a state whose value is %s; it must be a number",
                          load_type_name(value));
    const char *text = load_text(item, load_element(pair, 1));
    if (!text)
        return false;
    state->text = mem_copy_text(text);
    return true;
}

static bool load_into_states(const struct load_item *item)
{
    if (!load_is_list(item->setting))
        return load_fault_type(item, item->setting);
    size_t count = (size_t)config_setting_length(item->setting);
    struct tag_state *states = mem_new(count, sizeof *states);
    size_t *loaded = (size_t *)(void *)item->more;
    *(struct tag_state **)(void *)item->at = states;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        bool state_good = load_state(item, load_element(item->setting, i), &states[*loaded]);
        *loaded += state_good;
        good = good && state_good;
    }
    return good;
}

static bool load_into_limit(const struct load_item *item)
{
    if (config_setting_type(item->setting) != CONFIG_TYPE_STRING) {
        double value;
        if (!load_read_number(item->setting, &value) || !isfinite(value))
            return load_fault_type(item, item->setting);
        *(double *)(void *)item->at = value;
        return true;
    }
    const char *text = load_text(item, item->setting);
    if (text)
        *(char **)(void *)item->more = mem_copy_text(text);
    return text != NULL;
}

static void load_group(struct loading *loading, const config_setting_t *setting,
                       const struct option_group *group, void *structure);

static bool load_into_group(const struct load_item *item)
{
    if (!config_setting_is_group(item->setting))
        return load_fault_type(item, item->setting);
    void *structure = item->at;
    if (item->option->type == OPTION_OPTIONAL) {
        structure = mem_new(1, item->option->group->size);
        options_set_defaults(item->option->group, structure);
        *(void **)(void *)item->at = structure;
    }
    load_group(item->loading, item->setting, item->option->group, structure);
    return true;
}

static bool load_into_list(const struct load_item *item)
{
    const struct option_group *group = item->option->group;
    if (!load_is_list(item->setting))
        return load_fault_type(item, item->setting);
    size_t count = (size_t)config_setting_length(item->setting);
    char *array = mem_new(count, group->size);
    size_t *loaded = (size_t *)(void *)item->more;
    *(void **)(void *)item->at = array;
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *element = load_element(item->setting, i);
        if (!config_setting_is_group(element)) {
            struct load_item wrong = *item;
            wrong.setting = element;
            load_fault_type(&wrong, element);
            continue;
        }
        char *structure = array + *loaded * group->size;
        options_set_defaults(group, structure);
        if (group->offset_line != OPTION_NOWHERE)
            *(int *)(void *)(structure + group->offset_line) = load_where(item->loading, element).line;
        ++*loaded;
        load_group(item->loading, element, group, structure);
    }
    return true;
}

static bool load_option(const struct load_item *item)
{
    static bool (*const LOADERS[])(const struct load_item *) = {
        [OPTION_TEXT] = load_into_text,       [OPTION_FILE] = load_into_text,
        [OPTION_INTEGER] = load_into_number,  [OPTION_LARGE] = load_into_number,
        [OPTION_NUMBER] = load_into_number,   [OPTION_SECONDS] = load_into_number,
        [OPTION_BOOLEAN] = load_into_boolean, [OPTION_CHOICE] = load_into_choice,
        [OPTION_PAIR] = load_into_pair,       [OPTION_NAMES] = load_into_names,
        [OPTION_STATES] = load_into_states,   [OPTION_LIMIT] = load_into_limit,
        [OPTION_GROUP] = load_into_group,     [OPTION_OPTIONAL] = load_into_group,
        [OPTION_LIST] = load_into_list,
    };
    return LOADERS[item->option->type](item);
}

static void load_fault_unknown(struct loading *loading, const config_setting_t *setting,
                               const struct option_group *group)
{
    const char *name = config_setting_name(setting);
    char label[128];
    struct buf hint;
    struct source_line where = load_where(loading, setting);
    buf_init(&hint, 1000);
    options_hint(group, name, &hint);
    findings_fault_at(loading->findings, where.file, where.line, "%s is not an option; %s",
                      options_label(group, name, label, sizeof label), buf_text(&hint));
    buf_free(&hint);
}

/* Files are relative to the configuration's folder,
 * defaults included, also those of a group that is not in the file. */
static void load_make_absolute(const struct loading *loading, const struct option_group *group,
                               char *structure)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct option *option = &group->options[i];
        char *at = structure + option->offset;
        if (option->type == OPTION_GROUP)
            load_make_absolute(loading, option->group, at);
        char **path = (char **)(void *)at;
        if (option->type != OPTION_FILE || !*path || **path == '/')
            continue;
        char *relative = *path;
        *path = mem_format("%s%s%s", loading->folder, loading->folder[1] ? "/" : "", relative);
        free(relative);
    }
}

static void load_group(struct loading *loading, const config_setting_t *setting,
                       const struct option_group *group, void *structure)
{
    struct source_line where = load_where(loading, setting);
    findings_remember(loading->findings, structure, true, where.file, where.line);
    int count = config_setting_length(setting);
    for (int i = 0; i < count; i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        const struct option *option = options_find(group, config_setting_name(member));
        if (!option) {
            load_fault_unknown(loading, member, group);
            continue;
        }
        struct load_item item = {
            .loading = loading,
            .setting = member,
            .group = group,
            .option = option,
            .at = (char *)structure + option->offset,
            .more = (char *)structure + option->offset_more,
        };
        struct source_line place = load_where(loading, member);
        findings_remember(loading->findings, item.at, false, place.file, place.line);
        bool good = load_option(&item);
        if (option->offset_given)
            *(bool *)((char *)structure + option->offset_given) = good;
    }
    for (size_t i = 0; i < group->count; i++)
        if (group->options[i].required && !config_setting_get_member(setting, group->options[i].name))
            findings_fault_at(loading->findings, where.file, where.line,
                              "%s: %s is missing; every one needs it", group->label, group->options[i].name);
    load_make_absolute(loading, group, structure);
}

/* The text is sound by our own check, so this is hardly ever reached. */
static void load_fault_parser(const config_t *tree, const struct source *source, struct findings *findings)
{
    struct source_line where = source_where(source, config_error_line(tree));
    findings_fault_at(findings, where.file, where.line, "%s", config_error_text(tree));
}

static void load_source(struct config *config, const struct source *source, const char *folder,
                        struct findings *findings)
{
    config_t tree;
    config_init(&tree);
    /* Includes are in place already: should one be left, no file has a name below this one. */
    config_set_include_dir(&tree, "/dev/null");
    if (config_read_string(&tree, (const char *)source->text.data)) {
        struct loading loading = {.findings = findings, .source = source, .folder = folder};
        load_group(&loading, config_root_setting(&tree), &OPTIONS_TOP, config);
        derive_config(config, findings);
        validate_config(config, findings);
    } else {
        load_fault_parser(&tree, source, findings);
    }
    config_destroy(&tree);
}

static bool load_file(struct config *config, const char *path, struct config_report *report,
                      void (*further)(const struct config *config, struct findings *findings))
{
    struct findings findings;
    struct source source;
    *report = (struct config_report){0};
    findings_init(&findings);
    source_init(&source);
    config_init_defaults(config);
    config->path = realpath(path, NULL);
    if (!config->path)
        config->path = mem_copy_text(path);
    char *folder = source_folder(config->path);
    if (source_read(&source, path, &findings) && syntax_check(&source, &findings))
        load_source(config, &source, folder, &findings);
    else
        load_make_absolute(&(struct loading){.folder = folder}, &OPTIONS_TOP, (char *)config);
    if (further && (!findings.fault_count || config->tag_count))
        further(config, &findings);
    bool good = !findings.fault_count;
    findings_report(&findings, report);
    findings_free(&findings);
    source_free(&source);
    free(folder);
    return good;
}

bool config_load(struct config *config, const char *path, struct config_report *report)
{
    return load_file(config, path, report, NULL);
}

bool config_check(struct config *config, const char *path, struct config_report *report)
{
    return load_file(config, path, report, validate_surroundings);
}
