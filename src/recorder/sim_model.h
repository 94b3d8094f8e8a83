/* The physics of the demo plant: a small water works with a boiler house, stepped in model time. Pure:
 * no clock, no I/O.
 *
 *   river -> 2 intake pumps -> raw water tank -> 2 filters -> chlorine
 *         -> clear water tank -> 2 network pumps -> town
 *   burner -> steam drum <- feedwater
 *             steam drum -> process steam, heat exchanger -> heating water
 *
 * Five controllers (PI) hold levels, pressures, chlorine and temperature at setpoints
 * that operators may change. All that is measured lies here as plain members,
 * so that the table of topics (sim_points.c) can name them. */
#ifndef RECORDER_SIM_MODEL_H
#define RECORDER_SIM_MODEL_H

#include "recorder/sim_random.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_MODEL_STEP_S 0.1 /* the only step that the constants of sim_model.c are tuned for */

#define SIM_FILTERS 2
#define SIM_ZONES   4

enum sim_pump_state { SIM_PUMP_STOPPED, SIM_PUMP_RUNNING, SIM_PUMP_STARTING, SIM_PUMP_TRIPPED };
enum sim_filter_state { SIM_FILTER_FILTERING, SIM_FILTER_BACKWASH, SIM_FILTER_RIPENING };
enum sim_burner_state { SIM_BURNER_OFF, SIM_BURNER_RUNNING, SIM_BURNER_IGNITION, SIM_BURNER_LOCKOUT };
enum sim_shift { SIM_SHIFT_NIGHT, SIM_SHIFT_EARLY, SIM_SHIFT_LATE };

struct sim_pump {
    int state;      /* enum sim_pump_state */
    int wanted;     /* 1: commanded to run */
    double since_s; /* in this state */
    double speed;   /* share of nominal, after the drive's inertia */
    double current_a, rated_a;
    double winding_c; /* °C */
};

/* A controller: output 0 … 100 %. */
struct sim_pi {
    double gain;       /* % of output for each unit of error */
    double integral_s; /* reset time */
    double sum;        /* % */
    double output;     /* % */
};

/* Holds exactly what flowed in and not out: volume = start + in - out - overflow. */
struct sim_tank {
    double capacity_m3, volume_m3, level_percent;
    double in_m3, out_m3, overflow_m3; /* totals since the start */
};

struct sim_filter {
    int state; /* enum sim_filter_state */
    double since_s;
    double flow_m3h, dp_bar;
    double clog; /* deposit: 0 clean, SIM_MODEL_BACKWASH_CLOG is washed */
    double turbidity_ntu, runtime_h;
    int washes;
};

/* What the outside world does to the plant: set by the disturbances of sim_plant.c. */
struct sim_faults {
    bool intake_pump[2], network_pump[2], feed_pump; /* held tripped */
    bool filter_clogs[SIM_FILTERS];                  /* and its backwash is jammed */
    bool dosing_lost;                                /* air in the dosing line */
    bool burner;                                     /* flame lost, locked out */
    double burst_m3h;                                /* water lost through a broken pipe */
    double steam_step_th;                            /* more process steam, t/h */
    double heating_step;                             /* more heating water, share of nominal */
};

struct sim_model {
    double time_s;  /* since the start */
    double clock_s; /* seconds of the day */
    struct sim_random random;
    struct sim_faults faults;

    struct {
        double raw_level, clear_level;            /* %, m */
        double chlorine;                          /* mg/l */
        double network_pressure, boiler_pressure; /* bar */
        double boiler_temp;                       /* °C */
    } setpoint;

    struct {
        double river_m, turbidity_ntu, water_c;
        struct sim_pump pump[2];
        struct sim_pi speed;
        double flow_m3h;
    } intake;

    struct sim_tank raw;
    struct sim_filter filter[SIM_FILTERS];
    struct sim_pi filter_valve;
    double filtrate_m3h, backwash_m3h;

    struct {
        struct sim_pi ratio;
        double dose_lh, tank_percent, ph;
        double mixing_mgl, residual_mgl; /* second order: mixing, then contact */
        int running;
    } dosing;

    struct sim_tank clear;
    double clear_level_m;

    struct {
        struct sim_pump pump[2];
        struct sim_pi speed;
        int running[2];
        double pressure_bar, flow_m3h, pumped_m3h, demand_m3h, demand_noise;
        double zone_bar[SIM_ZONES];
        double power_kw, energy_kwh, vibration_mms, chlorine_mgl;
    } network;

    struct {
        int burner; /* enum sim_burner_state */
        int flame;
        double burner_since_s;
        struct sim_pi fuel, feed, heat;
        double firing, evaporation_th; /* share, and t/h after the lags of fire and tubes */
        double pressure_bar, drum_c;
        double process_th, process_noise, steam_th, steam_lag_th;
        struct sim_pump feed_pump;
        double feed_th, feed_c, mass_percent, level_percent;
        double flue_c, oxygen_percent, fuel_m3h;
        double heat_valve, supply_c, return_c; /* the heating water */
    } boiler;

    double outdoor_c;
    int shift;  /* enum sim_shift */
    int recipe; /* 0 standard, 1 for turbid water */
};

/* A plant in its steady state at this time of the day. */
void sim_model_init(struct sim_model *model, uint64_t seed, double clock_s);

/* SIM_MODEL_STEP_S further. */
void sim_model_step(struct sim_model *model);

#endif
