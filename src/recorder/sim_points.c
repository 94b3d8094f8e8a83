#include "recorder/sim_points.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct sim_device_row SIM_DEVICE_ROWS[SIM_DEVICES] = {
    [SIM_TREATMENT] = {"treatment", "treatment/online", "online", "offline"},
    [SIM_NETWORK] = {"network", "network/online", "1", "0"},
    [SIM_BOILER] = {"boiler", "boiler/online", "true", "false"},
};

static const char *const FILTER_WORDS[] = {"FILTERING", "BACKWASH", "RIPENING"};
static const char *const ON_OFF[] = {"off", "on"};
static const char *const TRUE_FALSE[] = {"false", "true"};
static const char *const YES_NO[] = {"NO", "YES"};
static const char *const SHIFT_WORDS[] = {"Night", "Early", "Late"};
static const char *const RECIPE_WORDS[] = {"Standard", "Turbid water"};

/* clang-format off */
#define REAL(member, digits, sigma) \
    {.offset = offsetof(struct sim_model, member), .decimals = (digits), .noise = (sigma)}
#define INTEGER(member) \
    {.offset = offsetof(struct sim_model, member), .integer = true}
#define WORD(member, list) \
    {.offset = offsetof(struct sim_model, member), .integer = true, .words = (list)}
#define FILTER_POINT(number, index) \
    {"filter/" number, SIM_TREATMENT, 2, false, \
     "{\"flow\":%,\"dp\":%,\"turbidity\":%,\"state\":\"$\",\"ts\":@}", \
     {REAL(filter[index].flow_m3h, 1, 0.6), REAL(filter[index].dp_bar, 3, 0.004), \
      REAL(filter[index].turbidity_ntu, 3, 0.003), WORD(filter[index].state, FILTER_WORDS)}}
#define NETWORK_PUMP_POINT(number, index) \
    {"net/p" number, SIM_NETWORK, 2, false, "{\"state\":%,\"motor\":{\"current\":%,\"winding\":%}}", \
     {INTEGER(network.pump[index].state), REAL(network.pump[index].current_a, 1, 0.3), \
      REAL(network.pump[index].winding_c, 1, 0.1)}}

const struct sim_point SIM_POINTS[] = {
    /* topic                     device          s  state  payload, members */
    {"intake/river",             SIM_TREATMENT, 10, false, "%", {REAL(intake.river_m, 2, 0.005)}},
    {"intake/turbidity",         SIM_TREATMENT,  5, false, "%", {REAL(intake.turbidity_ntu, 2, 0.03)}},
    {"intake/flow",              SIM_TREATMENT,  1, false, "{\"value\":%,\"ts\":@}",
     {REAL(intake.flow_m3h, 1, 1.2)}},
    {"intake/speed",             SIM_TREATMENT,  2, false, "%", {REAL(intake.speed.output, 1, 0)}},
    {"intake/p1/state",          SIM_TREATMENT, 60, true,  "%", {INTEGER(intake.pump[0].state)}},
    {"intake/p1/current",        SIM_TREATMENT,  2, false, "%", {REAL(intake.pump[0].current_a, 1, 0.15)}},
    {"intake/p1/cmd",            SIM_TREATMENT, 60, true,  "%", {INTEGER(intake.pump[0].wanted)}},
    {"intake/p2/state",          SIM_TREATMENT, 60, true,  "%", {INTEGER(intake.pump[1].state)}},
    {"intake/p2/current",        SIM_TREATMENT,  2, false, "%", {REAL(intake.pump[1].current_a, 1, 0.15)}},
    {"intake/p2/cmd",            SIM_TREATMENT, 60, true,  "%", {INTEGER(intake.pump[1].wanted)}},
    {"raw_tank/level",           SIM_TREATMENT,  1, false, "%", {REAL(raw.level_percent, 2, 0.05)}},
    {"raw_tank/level_sp",        SIM_TREATMENT, 60, true,  "%", {REAL(setpoint.raw_level, 1, 0)}},
    FILTER_POINT("1", 0),
    FILTER_POINT("2", 1),
    {"dosing/flow",              SIM_TREATMENT,  2, false, "\"%\"", {REAL(dosing.dose_lh, 3, 0.002)}},
    {"dosing/chlorine",          SIM_TREATMENT,  5, false, "{\"value\":\"%\",\"ts\":!}",
     {REAL(dosing.residual_mgl, 3, 0.003)}},
    {"dosing/chlorine_sp",       SIM_TREATMENT, 60, true,  "%", {REAL(setpoint.chlorine, 2, 0)}},
    {"dosing/ph",                SIM_TREATMENT,  5, false, "%", {REAL(dosing.ph, 2, 0.005)}},
    {"dosing/tank",              SIM_TREATMENT, 10, false, "%", {REAL(dosing.tank_percent, 1, 0)}},
    {"dosing/running",           SIM_TREATMENT, 60, true,  "$", {WORD(dosing.running, ON_OFF)}},
    {"dosing/recipe",            SIM_TREATMENT, 60, true,  "$", {WORD(recipe, RECIPE_WORDS)}},

    {"clear_tank/level",         SIM_NETWORK,    2, false, "{\"level\":{\"m\":%,\"percent\":%},\"time\":\"#\"}",
     {REAL(clear_level_m, 3, 0.002), REAL(clear.level_percent, 1, 0)}},
    {"clear_tank/level_sp",      SIM_NETWORK,   60, true,  "%", {REAL(setpoint.clear_level, 2, 0)}},
    {"net/pressure",             SIM_NETWORK,    1, false, "%", {REAL(network.pressure_bar, 3, 0.006)}},
    {"net/pressure_sp",          SIM_NETWORK,   60, true,  "%", {REAL(setpoint.network_pressure, 2, 0)}},
    {"net/flow",                 SIM_NETWORK,    1, false, "%", {REAL(network.flow_m3h, 1, 1.0)}},
    {"net/speed",                SIM_NETWORK,    2, false, "%", {REAL(network.speed.output, 1, 0)}},
    {"net/zones",                SIM_NETWORK,    5, false, "[%,%,%,%]",
     {REAL(network.zone_bar[0], 2, 0.01), REAL(network.zone_bar[1], 2, 0.01),
      REAL(network.zone_bar[2], 2, 0.01), REAL(network.zone_bar[3], 2, 0.01)}},
    NETWORK_PUMP_POINT("1", 0),
    NETWORK_PUMP_POINT("2", 1),
    {"net/p1/running",           SIM_NETWORK,   60, true,  "$", {WORD(network.running[0], TRUE_FALSE)}},
    {"net/p2/running",           SIM_NETWORK,   60, true,  "$", {WORD(network.running[1], YES_NO)}},
    {"net/p1/cmd",               SIM_NETWORK,   60, true,  "%", {INTEGER(network.pump[0].wanted)}},
    {"net/p2/cmd",               SIM_NETWORK,   60, true,  "%", {INTEGER(network.pump[1].wanted)}},
    {"net/chlorine",             SIM_NETWORK,   10, false, "%", {REAL(network.chlorine_mgl, 3, 0.003)}},
    {"net/vibration",            SIM_NETWORK,    5, false, "%", {REAL(network.vibration_mms, 2, 0.06)}},
    {"site/power",               SIM_NETWORK,    5, false, "%", {REAL(network.power_kw, 1, 0.3)}},
    {"site/energy",              SIM_NETWORK,   10, false, "%", {REAL(network.energy_kwh, 2, 0)}},
    {"site/outdoor",             SIM_NETWORK,   10, false, "%", {REAL(outdoor_c, 1, 0.03)}},
    {"site/shift",               SIM_NETWORK,   60, true,  "$", {WORD(shift, SHIFT_WORDS)}},

    {"boiler/pressure",          SIM_BOILER,     1, false, "%", {REAL(boiler.pressure_bar, 3, 0.01)}},
    {"boiler/pressure_sp",       SIM_BOILER,    60, true,  "%", {REAL(setpoint.boiler_pressure, 2, 0)}},
    {"boiler/drum_temp",         SIM_BOILER,     2, false, "%", {REAL(boiler.drum_c, 1, 0.1)}},
    {"boiler/level",             SIM_BOILER,     1, false, "%", {REAL(boiler.level_percent, 2, 0.15)}},
    {"boiler/steam",             SIM_BOILER,     1, false, "{\"flow\":%,\"ts\":@}",
     {REAL(boiler.steam_th, 2, 0.03)}},
    {"boiler/feedwater",         SIM_BOILER,     2, false, "{\"flow\":%,\"temp\":%,\"ts\":@}",
     {REAL(boiler.feed_th, 2, 0.03), REAL(boiler.feed_c, 1, 0.1)}},
    {"boiler/fuel",              SIM_BOILER,     2, false, "{\"valve\":%,\"flow\":%,\"ts\":@}",
     {REAL(boiler.fuel.output, 1, 0), REAL(boiler.fuel_m3h, 1, 1.5)}},
    {"boiler/flue",              SIM_BOILER,     2, false, "{\"temp\":%,\"o2\":%,\"ts\":@}",
     {REAL(boiler.flue_c, 1, 0.3), REAL(boiler.oxygen_percent, 2, 0.05)}},
    {"boiler/burner/state",      SIM_BOILER,    60, true,  "%", {INTEGER(boiler.burner)}},
    {"boiler/flame",             SIM_BOILER,    60, true,  "%", {INTEGER(boiler.flame)}},
    {"boiler/feed_pump/state",   SIM_BOILER,    60, true,  "%", {INTEGER(boiler.feed_pump.state)}},
    {"boiler/feed_pump/current", SIM_BOILER,     2, false, "%", {REAL(boiler.feed_pump.current_a, 1, 0.1)}},
    {"boiler/temp",              SIM_BOILER,     1, false, "{\"value\":%,\"ts\":@}",
     {REAL(boiler.supply_c, 2, 0.04)}},
    {"boiler/temp_sp",           SIM_BOILER,    60, true,  "%", {REAL(setpoint.boiler_temp, 1, 0)}},
    {"boiler/return_temp",       SIM_BOILER,     5, false, "%", {REAL(boiler.return_c, 1, 0.05)}},
    {"boiler/heat_valve",        SIM_BOILER,     2, false, "%", {REAL(boiler.heat.output, 1, 0)}},
};
/* clang-format on */
const size_t SIM_POINT_COUNT = sizeof SIM_POINTS / sizeof *SIM_POINTS;

#define AT(member) offsetof(struct sim_model, member)
const struct sim_command SIM_COMMANDS[] = {
    {"raw_tank/level/set", SIM_TREATMENT, AT(setpoint.raw_level), false, 20, 90},
    {"dosing/chlorine/set", SIM_TREATMENT, AT(setpoint.chlorine), false, 0.1, 1.0},
    {"intake/p1/set", SIM_TREATMENT, AT(intake.pump[0].wanted), true, 0, 1},
    {"intake/p2/set", SIM_TREATMENT, AT(intake.pump[1].wanted), true, 0, 1},
    {"clear_tank/level/set", SIM_NETWORK, AT(setpoint.clear_level), false, 1.0, 4.5},
    {"net/pressure/set", SIM_NETWORK, AT(setpoint.network_pressure), false, 2.0, 6.0},
    {"net/p1/set", SIM_NETWORK, AT(network.pump[0].wanted), true, 0, 1},
    {"net/p2/set", SIM_NETWORK, AT(network.pump[1].wanted), true, 0, 1},
    {"boiler/pressure/set", SIM_BOILER, AT(setpoint.boiler_pressure), false, 4.0, 9.0},
    {"boiler/temp/set", SIM_BOILER, AT(setpoint.boiler_temp), false, 20, 110},
};
const size_t SIM_COMMAND_COUNT = sizeof SIM_COMMANDS / sizeof *SIM_COMMANDS;

static double member_value(const struct sim_member *member, const struct sim_model *model)
{
    const unsigned char *at = (const unsigned char *)model + member->offset;
    int whole;
    double real;
    if (member->integer) {
        memcpy(&whole, at, sizeof whole);
        return whole;
    }
    memcpy(&real, at, sizeof real);
    return real;
}

double sim_point_value(const struct sim_point *point, const struct sim_model *model)
{
    return member_value(&point->members[0], model);
}

/* The text of one member: its word, its integer, or its number with the sensor's noise. */
static void member_render(const struct sim_member *member, const struct sim_model *model,
                          struct sim_random *random, char *out, size_t size)
{
    double value = member_value(member, model);
    if (member->words) {
        snprintf(out, size, "%s", member->words[(int)value]);
        return;
    }
    if (member->noise > 0)
        value += member->noise * sim_random_bell(random);
    num_format(out, size, value, member->decimals);
}

void sim_point_render(const struct sim_point *point, const struct sim_model *model, struct sim_random *random,
                      int64_t wall_us, char out[SIM_PAYLOAD_MAX])
{
    size_t length = 0;
    const struct sim_member *member = point->members;
    for (const char *c = point->payload; *c && length + 1 < SIM_PAYLOAD_MAX; c++) {
        char *at = out + length;
        size_t room = SIM_PAYLOAD_MAX - length;
        if (*c == '%' || *c == '$')
            member_render(member++, model, random, at, room);
        else if (*c == '@')
            snprintf(at, room, "%" PRId64, wall_us / CLOCK_US_PER_MS);
        else if (*c == '!')
            snprintf(at, room, "%.3f", (double)(wall_us / CLOCK_US_PER_MS) / 1000);
        else if (*c == '#')
            timefmt_utc(at, room, wall_us);
        else
            snprintf(at, room, "%c", *c);
        length += strlen(at);
    }
    out[length] = '\0';
}
