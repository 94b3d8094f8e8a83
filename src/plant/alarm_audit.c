/* What a configuration has changed of alarms, for the journal: by a reload, or at the start against the terms that the file
 * has of the time before. Nobody can tell who edited the configuration of a stopped recorder, or when, so such an entry
 * names no operator, and says that it was then.
 *
 * What must stay true: the entries and the terms that they lead to go into the same batch, so that after a kill either both
 * are in the file or the next start tells the same again. A start with nothing changed puts nothing into the batch. */
#include "plant/alarm_internal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "plant/alarm_terms.h"

#include <stdlib.h>
#include <string.h>

static const char *audit_word(const struct alarm *alarm)
{
    return strchr(alarm->key, '/') + 1;
}

void alarms_adopt_terms(struct alarms *alarms, uint32_t tag_id, const char *tag, const char *word,
                        const char *terms)
{
    alarms->knows_terms = true;
    if (!*word)
        return;
    struct alarm *alarm = alarms_of_key(alarms, tag_id, word);
    free(alarm->terms);
    alarm->terms = mem_copy_text(terms);
    if (!tag || alarm->address)
        return;
    alarm->tag_name = mem_copy_text(tag);
    alarm->address = mem_format("%s/%s", tag, word);
}

void alarm_store_terms(const struct alarm_pass *pass, const struct alarm *alarm)
{
    if (alarm->tag_id) /* hmi's own are not configured */
        batch_add_terms(pass->batch, alarm->tag_id, audit_word(alarm), alarm->terms);
}

/* Takes `terms` over. */
static void audit_keep_terms(const struct alarm_pass *pass, struct alarm *alarm, char *terms)
{
    free(alarm->terms);
    alarm->terms = terms;
    alarm_store_terms(pass, alarm);
}

/* `text` says what differs. When it was comes behind that: a narrow list cuts its end off. */
static void audit_enter(const struct alarm_pass *pass, const char *event, const struct alarm *alarm,
                        struct buf *text)
{
    if (pass->alarms->generation == 1)
        buf_printf(text, " (while the recorder was stopped)");
    alarms_note(pass, JOURNAL_CONFIG, event, alarm, NULL, buf_text(text));
}

static void audit_note_added(const struct alarm_pass *pass, const struct alarm *alarm, const char *terms)
{
    struct buf text;
    if (!pass->alarms->knows_terms)
        return;
    buf_init(&text, 0);
    alarm_terms_tell(terms, &text);
    audit_enter(pass, "added", alarm, &text);
    buf_free(&text);
}

static bool audit_note_changed(const struct alarm_pass *pass, const struct alarm *alarm, const char *terms)
{
    struct buf text;
    buf_init(&text, 0);
    alarm_terms_compare(alarm->terms, terms, &text);
    bool differs = text.length > 0;
    if (differs)
        audit_enter(pass, "changed", alarm, &text);
    buf_free(&text);
    return differs;
}

bool alarm_note_terms(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct buf terms;
    bool differs = true;
    free(alarm->tag_name); /* it has a tag */
    alarm->tag_name = NULL;
    if (!alarm->tag)
        return false;
    buf_init(&terms, 0);
    alarm_terms_write(alarm->def, &terms);
    bool same = alarm->terms && !strcmp(alarm->terms, buf_text(&terms));
    if (!alarm->terms)
        audit_note_added(pass, alarm, buf_text(&terms));
    else
        differs = !same && audit_note_changed(pass, alarm, buf_text(&terms));
    if (!same)
        audit_keep_terms(pass, alarm, mem_copy_text(buf_text(&terms)));
    buf_free(&terms);
    return differs;
}

void alarm_note_removed(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "the configuration does not name it any more");
    if (alarm->terms) {
        buf_printf(&text, "; it was: ");
        alarm_terms_tell(alarm->terms, &text);
    }
    audit_enter(pass, "removed", alarm, &text);
    buf_free(&text);
    audit_keep_terms(pass, alarm, NULL);
}

void alarms_note_terms_known(const struct alarm_pass *pass)
{
    if (!pass->alarms->knows_terms)
        batch_add_terms(pass->batch, 0, "", "");
    pass->alarms->knows_terms = true;
}
