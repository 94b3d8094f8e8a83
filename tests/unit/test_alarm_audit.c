/* What the journal tells of a configuration that was changed: while the recorder was stopped, and by a reload. */
#include "alarm_fixture.h"

/* Another recorder on the file that the first one has left: with the terms of its last batch. */
static void start_again(struct alarm_fixture *old, struct alarm_fixture *new)
{
    fixture_make(new);
    for (int i = 0; i < TAGS; i++) {
        tag_def_free(&new->defs[i]);
        tag_def_copy(&new->defs[i], &old->defs[i]);
    }
    for (size_t i = 0; i < old->batch->terms_count; i++) {
        const struct batch_terms *row = &old->batch->terms[i];
        const char *terms = batch_word(old->batch, row->terms);
        const struct tag *tag = plant_tag_by_id(&old->plant, row->tag_id);
        if (terms)
            alarms_adopt_terms(&new->alarms, row->tag_id, tag ? tag->def.name : NULL,
                               batch_word(old->batch, row->word), terms);
    }
}

/* The next entry as "tag alarm event type priority: detail", "" when there is none. */
static const char *next_entry(struct alarm_fixture *f)
{
    static char text[1024];
    if (f->seen == f->batch->event_count)
        return "";
    struct alarm_event event = batch_event(f->batch, f->seen++);
    assert_int_equal(event.kind, JOURNAL_CONFIG);
    assert_null(event.operator);
    snprintf(text, sizeof text, "%s %s %s %s %s: %s", event.tag, event.alarm, event.event,
             alarm_type_word(event.type), ALARM_PRIORITY_WORDS[event.priority], event.detail);
    return text;
}

static void expect_nothing(struct alarm_fixture *f)
{
    assert_string_equal(next_entry(f), "");
    assert_int_equal(f->batch->terms_count, 0);
}

static struct alarm_def *alarm_of(struct alarm_fixture *f, int tag, enum alarm_type type, double limit)
{
    struct tag_def *def = &f->defs[tag];
    def->alarms = mem_resize(def->alarms, def->alarm_count + 1, sizeof *def->alarms);
    def->alarms[def->alarm_count] =
        (struct alarm_def){.type = type, .has_limit = true, .limit = limit, .priority = PRIORITY_MEDIUM};
    return &def->alarms[def->alarm_count++];
}

static void test_first_start_tells_nothing(void **state)
{
    (void)state;
    struct alarm_fixture f, g, h;
    fixture_make(&f);
    alarm_of(&f, 0, ALARM_HI, 90);
    fixture_configure(&f);
    assert_string_equal(fixture_events(&f), "");
    assert_int_equal(f.batch->terms_count, 2); /* of the alarm, and of all */
    start_again(&f, &g);
    fixture_configure(&g);
    expect_nothing(&g);
    fixture_end(&f);
    /* A configuration without alarms is known, too. */
    fixture_make(&f);
    fixture_configure(&f);
    start_again(&f, &h);
    alarm_of(&h, 0, ALARM_HI, 90);
    fixture_configure(&h);
    assert_string_equal(fixture_events(&h), "a/hi added");
    fixture_end(&f);
    fixture_end(&g);
    fixture_end(&h);
}

static void test_changed_while_stopped(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    fixture_make(&f);
    alarm_of(&f, 0, ALARM_HI, 90)->latching = true;
    alarm_of(&f, 0, ALARM_LO, 10)->priority = PRIORITY_HIGH;
    alarm_of(&f, 1, ALARM_HIHI, 95);
    fixture_configure(&f);
    start_again(&f, &g);
    g.defs[0].alarms[0].limit = 91;
    g.defs[0].alarms[0].latching = false;
    g.defs[0].alarms[0].message = mem_copy_text("Too\thot");
    g.defs[0].alarm_count = 1;
    g.defs[1].alarm_count = 0;
    alarm_of(&g, 2, ALARM_LOLO, 5)->on_delay_us = 5 * SECOND;
    fixture_configure(&g);
    assert_string_equal(next_entry(&g),
                        "a a/hi changed hi medium: limit 90 -> 91; latching yes -> no; message none"
                        " -> Too hot (while the recorder was stopped)");
    assert_string_equal(
        next_entry(&g),
        "a a/lo removed lo high: the configuration does not name it any more; it was: type lo;"
        " limit 10; deadband 0; priority high (while the recorder was stopped)");
    assert_string_equal(
        next_entry(&g),
        "b b/hihi removed hihi medium: the configuration does not name it any more; it was: type"
        " hihi; limit 95; deadband 0; priority medium (while the recorder was stopped)");
    assert_string_equal(next_entry(&g),
                        "c c/lolo added lolo medium: type lolo; limit 5; deadband 0; on_delay 5 s;"
                        " priority medium (while the recorder was stopped)");
    assert_string_equal(next_entry(&g), "");
    assert_int_equal(g.batch->terms_count, 4);
    g.defs[0].alarm_count = 2; /* as they were copied */
    g.defs[1].alarm_count = 1;
    fixture_end(&f);
    fixture_end(&g);
}

/* A tag that is gone with its alarms is named as the file knew it. */
static void test_removed_with_its_tag(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    alarms_adopt_terms(&f.alarms, 77, "mixer.speed", "hi", "type\thi\nlimit\t1500\npriority\tlow\n");
    alarms_adopt_terms(&f.alarms, 78, NULL, "hi", "type\thi\nlimit\t2\npriority\tlow\n");
    fixture_configure(&f);
    assert_string_equal(next_entry(&f), "mixer.speed mixer.speed/hi removed hi low: the configuration does"
                                        " not name it any more; it was: type hi; limit 1500; priority low"
                                        " (while the recorder was stopped)");
    next_entry(&f);
    assert_string_equal(next_entry(&f), "");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(f.batch->terms[i].tag_id, 77 + i);
        assert_int_equal(f.batch->terms[i].terms, 0);
    }
    fixture_end(&f);
}

/* Terms of a version that wrote down more: nothing has changed. */
static void test_other_words_for_the_same(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    alarm_of(&f, 0, ALARM_HI, 90);
    alarms_adopt_terms(&f.alarms, 1, "a", "hi",
                       "exclusive\tno\nbygone\t7\ntype\thi\nlimit\t90\ndeadband\t0\npriority\tmedium\n");
    fixture_configure(&f);
    assert_string_equal(next_entry(&f), "");
    assert_int_equal(f.batch->terms_count, 1);
    assert_string_equal(batch_word(f.batch, f.batch->terms[0].terms),
                        "type\thi\nlimit\t90\ndeadband\t0\npriority\tmedium\n");
    fixture_end(&f);
}

/* A reload tells the same, without the words about the stop; and a spool that has lost all of it is made good. */
static void test_reload(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    alarm_of(&f, 0, ALARM_HI, 90);
    alarm_of(&f, 0, ALARM_LO, 10);
    fixture_start(&f);
    f.defs[0].alarms[0].limit = 91;
    f.defs[0].alarm_count = 1;
    alarm_of(&f, 1, ALARM_HI, 5);
    batch_clear(f.batch);
    fixture_reload(&f);
    assert_string_equal(next_entry(&f), "a a/hi changed hi medium: limit 90 -> 91");
    assert_string_equal(next_entry(&f), "a a/lo removed lo medium: the configuration does not name it any"
                                        " more; it was: type lo; limit 10; deadband 0; priority medium");
    assert_string_equal(next_entry(&f),
                        "b b/hi added hi medium: type hi; limit 5; deadband 0; priority medium");
    assert_string_equal(next_entry(&f), "");
    size_t stored = f.batch->terms_count;
    assert_int_equal(stored, 3);
    batch_drop_journal(f.batch);
    assert_int_equal(f.batch->terms_count, 0);
    struct alarm_pass pass = fixture_now(&f);
    alarms_store_all(&pass);
    assert_int_equal(f.batch->terms_count, stored);
    size_t gone = 0;
    for (size_t i = 0; i < stored; i++)
        gone += !f.batch->terms[i].terms;
    assert_int_equal(gone, 1);
    batch_clear(f.batch);
    f.seen = 0;
    fixture_reload(&f);
    expect_nothing(&f);
    f.defs[0].alarm_count = 2;
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start_tells_nothing),
        cmocka_unit_test(test_changed_while_stopped),
        cmocka_unit_test(test_removed_with_its_tag),
        cmocka_unit_test(test_other_words_for_the_same),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests_name("alarm_audit", tests, NULL, NULL);
}
