/* Who may command what, and when: each check of the gate with what the operator is told. */
#include "plant/command_gate.h"
#include "plant_fixture.h"

#include <math.h>

static char *copy(const char *text)
{
    return mem_copy_text(text);
}

static struct tag *configure(struct fixture *f, const char *name, const char *topic, enum tag_kind kind,
                             struct setpoint_def *setpoint)
{
    struct tag_def def;
    tag_def_init(&def);
    def.name = copy(name);
    def.topic = copy(topic);
    def.path = copy("");
    def.area = copy("");
    def.unit = kind == TAG_ANALOG ? copy("°C") : NULL;
    def.kind = kind;
    def.kind_fixed = true;
    def.decimals = kind == TAG_ANALOG ? 1 : -1;
    def.setpoint = setpoint;
    struct tag *tag = plant_add_configured(&f->plant, &def, f->batch);
    tag_def_free(&def);
    return tag;
}

static struct setpoint_def *setpoint(const char *readback, double min, double max)
{
    struct setpoint_def *setpoint = mem_new(1, sizeof *setpoint);
    setpoint->topic = copy("plant/set");
    setpoint->payload = copy("{value}");
    setpoint->readback = readback ? copy(readback) : NULL;
    setpoint->min = min;
    setpoint->max = max;
    setpoint->role = ROLE_OPERATOR;
    setpoint->tolerance = 0.1;
    return setpoint;
}

struct gate {
    struct fixture *f;
    struct tag *temp, *temp_sp, *pump, *recipe;
    struct command_request request;
    struct command_surroundings around;
};

/* A request that passes: 42.5 for boiler.temp by an operator who saw 40. */
static struct gate gate_ready(struct fixture *f)
{
    struct gate gate = {.f = f};
    gate.temp_sp = configure(f, "boiler.temp_sp", "plant/temp_sp", TAG_ANALOG, NULL);
    gate.temp = configure(f, "boiler.temp", "plant/temp", TAG_ANALOG, setpoint("boiler.temp_sp", 20, 110));
    gate.pump = configure(f, "pump", "plant/pump", TAG_DISCRETE, setpoint(NULL, 0, 1));
    gate.recipe = configure(f, "recipe", "plant/recipe", TAG_TEXT, setpoint(NULL, NAN, NAN));
    configure(f, "door", "plant/door", TAG_DISCRETE, NULL);
    fixture_say(f, "plant/temp", "39.7");
    fixture_say(f, "plant/temp_sp", "40");
    fixture_say(f, "plant/pump", "0");
    fixture_say(f, "plant/recipe", "Standard");
    fixture_say(f, "plant/door", "1");
    gate.request = (struct command_request){.role = ROLE_OPERATOR,
                                            .user = "bob",
                                            .tag = gate.temp,
                                            .tag_name = "boiler.temp",
                                            .value = {.type = VALUE_NUMBER, .number = 42.5},
                                            .shown = {.type = VALUE_NUMBER, .number = 40},
                                            .has_shown = true};
    gate.around =
        (struct command_surroundings){.plant = &f->plant, .link_up = true, .recording = true, .room = true};
    return gate;
}

static void passes(const struct gate *gate)
{
    struct err err = {0};
    if (!command_gate(&gate->request, &gate->around, &err))
        fail_msg("%s", err.text);
}

static void refused(const struct gate *gate, const char *reason)
{
    struct err err = {0};
    assert_false(command_gate(&gate->request, &gate->around, &err));
    assert_string_equal(err.text, reason);
}

static void test_who(void **state)
{
    struct gate gate = gate_ready(*state);
    passes(&gate);
    for (enum role role = ROLE_OPERATOR; role <= ROLE_ENGINEER; role++) {
        gate.request.role = role;
        passes(&gate);
    }
    gate.request.role = ROLE_VIEWER;
    refused(&gate,
            "this needs the role operator; bob is viewer. In the configuration: access = { operator = [ "
            "\"bob\" ]; };");
    gate.request.role = ROLE_ENGINEER;
    gate.request.barred = "this console only looks";
    refused(&gate, "this console only looks");
    gate.request.barred = NULL;
    gate.temp->def.setpoint->role = ROLE_SUPERVISOR;
    gate.request.role = ROLE_OPERATOR;
    refused(&gate,
            "this needs the role supervisor; bob is operator. In the configuration: access = { supervisor "
            "= [ \"bob\" ]; };");
}

static void test_what(void **state)
{
    struct gate gate = gate_ready(*state);
    gate.request.tag = gate.temp_sp;
    refused(&gate, "boiler.temp_sp is read-only: it has no setpoint in the configuration");
    gate.request.tag = NULL;
    gate.request.tag_name = "boiler.tmp";
    refused(&gate, "there is no tag \"boiler.tmp\"; hmi tags lists them");
}

static void test_type_and_range(void **state)
{
    struct gate gate = gate_ready(*state);
    static const struct {
        double value;
        const char *reason; /* NULL: passes */
    } ROWS[] = {{20, NULL},
                {110, NULL},
                {19.999, "boiler.temp takes 20 to 110 °C"},
                {110.001, "boiler.temp takes 20 to 110 °C"},
                {NAN, "boiler.temp takes a number that is finite"},
                {INFINITY, "boiler.temp takes a number that is finite"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        gate.request.value.number = ROWS[i].value;
        if (ROWS[i].reason)
            refused(&gate, ROWS[i].reason);
        else
            passes(&gate);
    }
    gate.request.value = (struct value){.type = VALUE_TEXT, .text = "hot", .text_length = 3};
    refused(&gate, "boiler.temp takes a number");
    gate.request.value = (struct value){.type = VALUE_NONE};
    refused(&gate, "boiler.temp takes a number");
    gate.request.tag = gate.recipe;
    gate.request.has_shown = false;
    refused(&gate, "recipe takes a text");
    gate.request.value = (struct value){.type = VALUE_TEXT, .text = "Winter", .text_length = 6};
    passes(&gate);
    gate.request.value = (struct value){.type = VALUE_TEXT, .text = "a\x1b[31m", .text_length = 6};
    refused(&gate, "recipe takes texts without control characters");
    char long_text[COMMAND_VALUE_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    gate.request.value =
        (struct value){.type = VALUE_TEXT, .text = long_text, .text_length = sizeof long_text};
    refused(&gate, "recipe takes texts of at most 1024 bytes");
}

static void test_when(void **state)
{
    struct gate gate = gate_ready(*state);
    gate.around.link_up = false;
    refused(&gate, "the broker is not connected: a command now would come late or never");
    gate.around.link_up = true;
    gate.around.recording = false;
    refused(&gate, "the disk takes no records now, and no command leaves without one");
    gate.around.recording = true;
    gate.around.under_way = true;
    refused(&gate, "another command for boiler.temp is under way");
    gate.around.under_way = false;
    gate.around.room = false;
    refused(&gate, "too many commands are under way");
    gate.around.room = true;
    const struct reservation row = {.tag_id = gate.temp->id, .name = "alice"};
    gate.around.reserved = &row;
    refused(&gate, "boiler.temp is being edited by alice");
}

static void test_the_plant_has_to_be_known(void **state)
{
    struct gate gate = gate_ready(*state);
    fixture_say(gate.f, "plant/temp_sp", "nan");
    refused(&gate, "boiler.temp_sp is not known now (bad: not a number, or infinite)");
    fixture_say(gate.f, "plant/temp_sp", "40");
    passes(&gate);
    fixture_say(gate.f, "plant/temp", "{");
    assert_false(command_gate(&gate.request, &gate.around, NULL));
    fixture_say(gate.f, "plant/temp", "39");
    passes(&gate);
    plant_link_down(&gate.f->plant);
    assert_false(command_gate(&gate.request, &gate.around, NULL));
}

/* The history knows the tag and its last value, which may be of any age. */
static void test_a_value_from_before_the_start_is_not_known(void **state)
{
    struct fixture *f = *state;
    const struct value old = {.type = VALUE_NUMBER, .number = 40};
    plant_adopt(&f->plant, 7, "boiler.temp_sp", "plant/temp_sp", "", TAG_ANALOG, &old, T0 - HOUR);
    struct gate gate = {.f = f};
    gate.temp_sp = configure(f, "boiler.temp_sp", "plant/temp_sp", TAG_ANALOG, NULL);
    gate.temp = configure(f, "boiler.temp", "plant/temp", TAG_ANALOG, setpoint("boiler.temp_sp", 20, 110));
    gate.request = (struct command_request){.role = ROLE_OPERATOR,
                                            .user = "bob",
                                            .tag = gate.temp,
                                            .tag_name = "boiler.temp",
                                            .value = {.type = VALUE_NUMBER, .number = 42.5}};
    gate.around =
        (struct command_surroundings){.plant = &f->plant, .link_up = true, .recording = true, .room = true};
    assert_int_equal(gate.temp_sp->type, VALUE_NUMBER);
    refused(&gate,
            "boiler.temp_sp has not reported since the recorder was started: its value is from before");
    fixture_say(f, "plant/temp_sp", "40");
    passes(&gate);
    plant_link_down(&f->plant);
    plant_link_up(&f->plant, &f->now);
    passes(&gate); /* heard since the start; what changed meanwhile comes with the backlog */
}

static void test_what_was_shown_has_to_be_true(void **state)
{
    struct gate gate = gate_ready(*state);
    fixture_say(gate.f, "plant/temp_sp", "40.05"); /* within the tolerance */
    passes(&gate);
    fixture_say(gate.f, "plant/temp_sp", "42");
    refused(&gate, "it changed from 40.0 °C to 42.0 °C while you typed");
    gate.request.has_shown = false; /* the command line */
    passes(&gate);
    gate.request.has_shown = true;
    gate.request.tag = gate.pump;
    gate.request.value.number = 1;
    gate.request.shown.number = 0;
    passes(&gate);
    fixture_say(gate.f, "plant/pump", "1");
    refused(&gate, "it changed from 0 to 1 while you typed");
    /* A text was shown made safe, and is compared so. */
    gate.request.tag = gate.recipe;
    gate.request.value = (struct value){.type = VALUE_TEXT, .text = "Winter", .text_length = 6};
    fixture_say(gate.f, "plant/recipe", "a\x1b[2Jb");
    gate.request.shown = (struct value){.type = VALUE_TEXT, .text = "a\xef\xbf\xbd[2Jb", .text_length = 8};
    passes(&gate);
    fixture_say(gate.f, "plant/recipe", "c\x1b[2Jb");
    refused(&gate, "it changed from a\xef\xbf\xbd[2Jb to c\xef\xbf\xbd[2Jb while you typed");
}

static void test_gently(void **state)
{
    struct gate gate = gate_ready(*state);
    struct setpoint_def *setpoint = gate.temp->def.setpoint;
    setpoint->max_step = 2.5;
    passes(&gate);
    gate.request.value.number = 42.6;
    refused(&gate, "boiler.temp may be changed by at most 2.5 °C at once");
    setpoint->max_step = 0;
    setpoint->max_rate = 5;
    gate.around.moved = 2.4;
    passes(&gate);
    gate.around.moved = 2.5;
    refused(&gate, "boiler.temp may be changed by at most 5 °C a minute");
}

/* From nowhere any move may be too far; without a bound there are devices that only report what they were told. */
static void test_gently_from_a_value_that_was_never_heard(void **state)
{
    struct gate gate = gate_ready(*state);
    gate.request.tag = configure(gate.f, "damper", "plant/damper", TAG_ANALOG, setpoint(NULL, 0, 100));
    gate.request.has_shown = false;
    passes(&gate);
    struct setpoint_def *setpoint = gate.request.tag->def.setpoint;
    setpoint->max_step = 5;
    refused(&gate, "damper has never reported a number, and max_step bounds how far damper may move");
    setpoint->max_step = 0;
    setpoint->max_rate = 5;
    refused(&gate, "damper has never reported a number, and max_rate bounds how far damper may move");
    fixture_say(gate.f, "plant/damper", "40");
    passes(&gate);
}

static void test_interlock(void **state)
{
    struct gate gate = gate_ready(*state);
    gate.temp->def.setpoint->permit = copy("door");
    passes(&gate);
    fixture_say(gate.f, "plant/door", "0");
    refused(&gate, "interlock: door does not permit it now");
    fixture_say(gate.f, "plant/door", "");
    refused(&gate, "interlock: whether door permits it is not known");
    fixture_say(gate.f, "plant/door", "1");
    passes(&gate);
}

static const struct reservation *take(struct reservations *rows, uint32_t tag, uint32_t holder,
                                      const char *name, int64_t now_us)
{
    const struct reservation_wish wish = {
        .tag_id = tag, .holder = holder, .name = name, .station = "pts/3", .wall_us = 7000 * SECOND + now_us};
    return reservation_take(rows, &wish, now_us);
}

static void test_reservations(void **unused)
{
    (void)unused;
    struct reservations *rows = mem_new(1, sizeof *rows);
    assert_null(take(rows, 1, 10, "alice", SECOND));
    assert_int_equal(rows->changes, 1);
    const struct reservation *other = take(rows, 1, 11, "bob", 2 * SECOND);
    assert_string_equal(other->name, "alice");
    assert_string_equal(other->station, "pts/3");
    assert_null(take(rows, 1, 10, "alice", 20 * SECOND)); /* prolonged: no news, and since when stays */
    assert_int_equal(rows->changes, 1);
    assert_int_equal(reservation_of(rows, 1, 49 * SECOND)->since_us, 7001 * SECOND);
    assert_null(reservation_of(rows, 1, 50 * SECOND));
    assert_null(take(rows, 1, 11, "bob", 50 * SECOND));
    assert_null(take(rows, 2, 11, "bob", 51 * SECOND)); /* one each */
    assert_null(reservation_of(rows, 1, 51 * SECOND));
    assert_int_equal(reservation_release(rows, 11), 2);
    assert_int_equal(reservation_release(rows, 11), 0);
    for (uint32_t i = 0; i < 3 * RESERVATION_MAX; i++)
        assert_null(take(rows, 100 + i, 100 + i, "x", 52 * SECOND + i));
    assert_non_null(reservation_of(rows, 100 + 3 * RESERVATION_MAX - 1, 52 * SECOND + 1000));
    free(rows);
}

static void test_reservations_end_by_themselves(void **unused)
{
    (void)unused;
    struct reservations *rows = mem_new(1, sizeof *rows);
    assert_int_equal(reservation_tick(rows, 0), INT64_MAX);
    take(rows, 1, 10, "alice", 1 * SECOND);
    take(rows, 2, 11, "bob", 5 * SECOND);
    assert_int_equal(reservation_tick(rows, 30 * SECOND), 31 * SECOND);
    assert_int_equal(rows->changes, 2);
    assert_int_equal(reservation_tick(rows, 31 * SECOND), 35 * SECOND);
    assert_int_equal(rows->changes, 3);
    /* One that looks at another tag gives up the first, also where that one is somebody else's. */
    take(rows, 3, 12, "carol", 32 * SECOND);
    assert_string_equal(take(rows, 2, 12, "carol", 33 * SECOND)->name, "bob");
    assert_null(reservation_of(rows, 3, 33 * SECOND));
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_type_and_range, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_when, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_plant_has_to_be_known, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_value_from_before_the_start_is_not_known, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_gently_from_a_value_that_was_never_heard, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_was_shown_has_to_be_true, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_gently, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_interlock, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_reservations),
        cmocka_unit_test(test_reservations_end_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
