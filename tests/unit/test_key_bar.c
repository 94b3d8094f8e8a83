/* The key bar: what gives way where there is no room, and that a click does what stands there. */
#include "ui/key_bar.h"

#include "unit.h"

#include <stdio.h>

struct bar {
    struct canvas canvas;
    struct pane pane;
    struct key_bar_screen screen;
    char *text;
};

static void bar_draw_screen(struct bar *bar, int columns, struct key_bar_screen screen)
{
    canvas_init(&bar->canvas, columns, 1, GLYPH_ASCII);
    bar->pane = pane_whole(&bar->canvas);
    bar->screen = screen;
    key_bar_draw(&bar->pane, &bar->screen);
    bar->text = canvas_row_text(&bar->canvas, 0);
}

static void bar_draw(struct bar *bar, int columns, unsigned where)
{
    bar_draw_screen(bar, columns, (struct key_bar_screen){.where = where, .top = true});
}

static void bar_free(struct bar *bar)
{
    free(bar->text);
    canvas_free(&bar->canvas);
}

static bool bar_has(const struct bar *bar, enum action action)
{
    char key[16], item[64];
    snprintf(item, sizeof item, "%s%s", action_first_key(action, key, sizeof key), action_row(action)->label);
    return strstr(bar->text, item) != NULL;
}

static void test_a_wide_bar_has_all_keys(void **state)
{
    struct bar bar;
    (void)state;
    bar_draw(&bar, 240, ACTION_ON_TRENDS);
    assert_ptr_equal(strstr(bar.text, "F1Help  :Go"), bar.text);
    assert_non_null(strstr(bar.text, "F10Quit"));
    assert_null(strstr(bar.text, "all keys"));
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++)
        if (*action_row((enum action)i)->label && (action_row((enum action)i)->where & ACTION_ON_TRENDS) &&
            i != ACTION_BACK)
            assert_true(bar_has(&bar, (enum action)i));
    bar_free(&bar);
}

static bool not_the_one(const void *context, enum action action)
{
    return action != *(const enum action *)context;
}

/* A screen's keys cannot be guessed; those to other screens are the same everywhere. */
static void test_80_columns_hold_every_key_of_trends(void **state)
{
    static const enum action KEYS[] = {ACTION_LIVE,     ACTION_EARLIER,    ACTION_ZOOM_IN,
                                       ACTION_ZOOM_OUT, ACTION_NEXT_PEN,   ACTION_SCALE,
                                       ACTION_PICK_PEN, ACTION_REMOVE_PEN, ACTION_OPEN_PEN};
    const enum action left_out = ACTION_EDIT; /* as the console does */
    struct bar bar;
    (void)state;
    bar_draw_screen(&bar, 80,
                    (struct key_bar_screen){
                        .where = ACTION_ON_TRENDS, .top = true, .offers = not_the_one, .context = &left_out});
    for (size_t i = 0; i < COUNT(KEYS); i++)
        assert_true(bar_has(&bar, KEYS[i]));
    assert_non_null(strstr(bar.text, "F10Quit"));
    assert_string_equal(bar.text + strlen(bar.text) - 10, "? all keys");
    bar_free(&bar);
}

static void test_what_does_nothing_now_is_not_offered(void **state)
{
    const enum action left_out = ACTION_ACKNOWLEDGE;
    struct bar bar;
    (void)state;
    bar_draw_screen(
        &bar, 240,
        (struct key_bar_screen){.where = ACTION_ON_ALARMS, .offers = not_the_one, .context = &left_out});
    assert_false(bar_has(&bar, ACTION_ACKNOWLEDGE));
    assert_true(bar_has(&bar, ACTION_ACKNOWLEDGE_PAGE));
    assert_non_null(strstr(bar.text, "F10Back"));
    for (int x = 0; x < 240; x++)
        assert_int_not_equal(key_bar_action_at(&bar.pane, &bar.screen, x), ACTION_ACKNOWLEDGE);
    bar_free(&bar);
}

static void test_a_narrow_bar_drops_the_least_first(void **state)
{
    (void)state;
    for (int columns = 1; columns <= 240; columns++) {
        struct bar bar;
        bar_draw(&bar, columns, ACTION_ON_TRENDS);
        bool screens = bar_has(&bar, ACTION_TAGS) || bar_has(&bar, ACTION_SYSTEM);
        assert_true(!bar_has(&bar, ACTION_SYSTEM) || bar_has(&bar, ACTION_TAGS));
        assert_true(!screens || bar_has(&bar, ACTION_OPEN_PEN));
        assert_true(!bar_has(&bar, ACTION_OPEN_PEN) || bar_has(&bar, ACTION_LIVE));
        assert_true(columns < 18 || strstr(bar.text, "F10Quit"));
        assert_true(columns < 10 || strstr(bar.text, "? all keys") || strstr(bar.text, "F1Help"));
        bar_free(&bar);
    }
}

static void test_a_click_does_what_stands_there(void **state)
{
    static const int COLUMNS[] = {30, 80, 240};
    (void)state;
    for (size_t i = 0; i < COUNT(COLUMNS); i++) {
        struct bar bar;
        bar_draw(&bar, COLUMNS[i], ACTION_ON_TAGS);
        for (int x = 0; x < COLUMNS[i]; x++) {
            enum action action = key_bar_action_at(&bar.pane, &bar.screen, x);
            const struct cell *cell = canvas_cell(&bar.canvas, x, 0);
            assert_int_equal(action != ACTION_NONE,
                             cell->meaning == MEANING_KEY || cell->meaning == MEANING_KEY_LABEL);
        }
        int quit = (int)(strstr(bar.text, "F10Quit") - bar.text);
        assert_int_equal(key_bar_action_at(&bar.pane, &bar.screen, quit), ACTION_BACK);
        assert_int_equal(key_bar_action_at(&bar.pane, &bar.screen, quit + 6), ACTION_BACK);
        bar_free(&bar);
    }
}

static void test_help_stands_at_the_end_where_keys_are_missing(void **state)
{
    struct bar bar;
    (void)state;
    bar_draw(&bar, 30, ACTION_ON_TAGS);
    int help = (int)(strstr(bar.text, "? all keys") - bar.text);
    assert_int_equal(key_bar_action_at(&bar.pane, &bar.screen, help), ACTION_HELP);
    assert_int_equal(key_bar_action_at(&bar.pane, &bar.screen, help + 9), ACTION_HELP);
    bar_free(&bar);
}

static void test_own_keys_are_clicked_where_they_stand(void **state)
{
    static const struct screen_key KEYS[] = {{"Enter", "Go"}, {"Escape", "Back"}, {0}};
    (void)state;
    assert_int_equal(key_bar_own_at(KEYS, 0), INPUT_ENTER);
    assert_int_equal(key_bar_own_at(KEYS, 6), INPUT_ENTER);
    assert_int_equal(key_bar_own_at(KEYS, 7), 0);
    assert_int_equal(key_bar_own_at(KEYS, 9), INPUT_ESCAPE);
    assert_int_equal(key_bar_own_at(KEYS, 60), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wide_bar_has_all_keys),
        cmocka_unit_test(test_80_columns_hold_every_key_of_trends),
        cmocka_unit_test(test_what_does_nothing_now_is_not_offered),
        cmocka_unit_test(test_a_narrow_bar_drops_the_least_first),
        cmocka_unit_test(test_a_click_does_what_stands_there),
        cmocka_unit_test(test_help_stands_at_the_end_where_keys_are_missing),
        cmocka_unit_test(test_own_keys_are_clicked_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
