#include "recorder/sim_model.h"

#include <math.h>
#include <stddef.h>

/* The sizes of the plant. Chosen so that what goes wrong
 * is seen within a minute or two, and mended within a few. */
static const double STEP_S = SIM_MODEL_STEP_S;
static const double SECONDS_PER_DAY = 86400;

static const double INTAKE_PUMP_M3H = 300, FILTER_MAX_M3H = 260, BACKWASH_M3H = 120;
static const double CLEAR_AREA_M2 = 50, CLEAR_HEIGHT_M = 5;
static const double BACKWASH_CLOG = 0.5, BACKWASH_S = 90, RIPENING_S = 60;
static const double CLOG_PER_S = 0.5 / 900; /* a filter runs a quarter of an hour at 180 m³/h and 6 NTU */
static const double JAM_PER_S = 0.025;      /* when something blocks it */
static const double CHLORINE_G_L = 120, CHLORINE_LOSS_MGL = 0.3, DOSING_TANK_L = 200;
static const double NETWORK_HEAD_BAR = 8, NETWORK_CURVE = 1.95e-5, NETWORK_M3_PER_BAR = 0.4;
static const double BOILER_MAX_TH = 10, FEED_MAX_TH = 12, HEAT_MAX_TH = 2.5;
static const double DRUM_BAR_PER_T = 0.006 * 3600; /* bar for each t/h of imbalance and hour */
static const double DRUM_PERCENT_PER_T = 0.04 * 3600;
static const double LOW_WATER_PERCENT = 25, IGNITION_S = 12, PUMP_START_S = 4;

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* First order lag (implicit Euler): *x goes to `target` with the time constant `tau_s`. */
static void lag(double *x, double target, double tau_s)
{
    *x += (target - *x) * STEP_S / (tau_s + STEP_S);
}

/* A slow wander around 0 with the standard deviation `sigma` and the memory `tau_s` (Ornstein-Uhlenbeck). */
static void wander(double *x, struct sim_random *random, double sigma, double tau_s)
{
    *x += -*x * STEP_S / tau_s + sigma * sqrt(2 * STEP_S / tau_s) * sim_random_bell(random);
}

/* The sum stands still while the output is at its end and the error pushes further: no wind-up. */
static double pi_step(struct sim_pi *pi, double error)
{
    double proportional = pi->gain * error;
    double wanted = proportional + pi->sum;
    bool stuck = (wanted >= 100 && error > 0) || (wanted <= 0 && error < 0);
    if (!stuck)
        pi->sum = clamp(pi->sum + proportional * STEP_S / pi->integral_s, -100, 200);
    pi->output = clamp(proportional + pi->sum, 0, 100);
    return pi->output;
}

/* Takes in and lets out over one step;
 * returns the flow that really left, for a tank gives no more than it has. */
static double tank_step(struct sim_tank *tank, double in_m3h, double out_m3h)
{
    double in = in_m3h * STEP_S / 3600, out = out_m3h * STEP_S / 3600;
    if (out > tank->volume_m3 + in)
        out = tank->volume_m3 + in;
    double volume = tank->volume_m3 + in - out;
    double overflow = volume > tank->capacity_m3 ? volume - tank->capacity_m3 : 0;
    tank->volume_m3 = volume - overflow;
    tank->in_m3 += in;
    tank->out_m3 += out;
    tank->overflow_m3 += overflow;
    tank->level_percent = 100 * tank->volume_m3 / tank->capacity_m3;
    return out * 3600 / STEP_S;
}

static void pump_enter(struct sim_pump *pump, enum sim_pump_state state)
{
    pump->state = (int)state;
    pump->since_s = 0;
}

/* `fault` trips the pump and holds it; afterwards it starts again by itself if it is still wanted. */
static void pump_state_step(struct sim_pump *pump, bool fault)
{
    pump->since_s += STEP_S;
    if (fault && pump->state != SIM_PUMP_TRIPPED && pump->state != SIM_PUMP_STOPPED)
        pump_enter(pump, SIM_PUMP_TRIPPED);
    else if (pump->state == SIM_PUMP_TRIPPED && !fault)
        pump_enter(pump, pump->wanted ? SIM_PUMP_STARTING : SIM_PUMP_STOPPED);
    else if (pump->state == SIM_PUMP_STOPPED && pump->wanted && !fault)
        pump_enter(pump, SIM_PUMP_STARTING);
    else if (pump->state == SIM_PUMP_STARTING && pump->since_s >= PUMP_START_S)
        pump_enter(pump, SIM_PUMP_RUNNING);
    if (!pump->wanted && (pump->state == SIM_PUMP_RUNNING || pump->state == SIM_PUMP_STARTING))
        pump_enter(pump, SIM_PUMP_STOPPED);
}

/* `demand` is the speed that the controller asks for, share of nominal. */
static void pump_step(struct sim_pump *pump, double demand, bool fault)
{
    pump_state_step(pump, fault);
    bool turning = pump->state == SIM_PUMP_RUNNING || pump->state == SIM_PUMP_STARTING;
    lag(&pump->speed, turning ? demand : 0, 3);
    double load = pump->rated_a * (0.3 + 0.7 * pump->speed * pump->speed);
    if (pump->state == SIM_PUMP_STARTING) /* the inrush of the motor dies away */
        load += 2.5 * pump->rated_a * exp(-pump->since_s / 1.2);
    lag(&pump->current_a, turning ? load : 0, 0.3);
    double heat = pump->current_a / pump->rated_a;
    lag(&pump->winding_c, 25 + 50 * heat * heat, 240);
}

static double bell_at(double hour, double centre, double width)
{
    double x = (hour - centre) / width;
    return exp(-x * x);
}

/* Water that the town takes at nominal pressure: two peaks a day, little at night. */
static double town_demand_m3h(double clock_s)
{
    double hour = clock_s / 3600;
    return 170 + 150 * bell_at(hour, 7.5, 1.8) + 70 * bell_at(hour, 12.5, 2.5) + 150 * bell_at(hour, 19, 2.5);
}

static void step_world(struct sim_model *m)
{
    m->time_s += STEP_S;
    m->clock_s = fmod(m->clock_s + STEP_S, SECONDS_PER_DAY);
    double day = 2 * M_PI * m->clock_s / SECONDS_PER_DAY;
    m->outdoor_c = 9 - 6 * cos(day - 0.8);
    m->intake.water_c = 8 - 0.6 * cos(day - 1.2);
    double hour = m->clock_s / 3600;
    m->shift = hour < 6 || hour >= 22 ? SIM_SHIFT_NIGHT : hour < 14 ? SIM_SHIFT_EARLY : SIM_SHIFT_LATE;

    double turbidity = m->intake.turbidity_ntu - 6;
    wander(&turbidity, &m->random, 1.5, 900);
    m->intake.turbidity_ntu = clamp(turbidity + 6, 1, 20);
    m->recipe = m->intake.turbidity_ntu > (m->recipe ? 7.5 : 8.5);
    double river = m->intake.river_m - 2.4;
    wander(&river, &m->random, 0.08, 3600);
    m->intake.river_m = clamp(river + 2.4, 1.2, 4.0);
}

static void step_intake(struct sim_model *m)
{
    double speed = pi_step(&m->intake.speed, m->setpoint.raw_level - m->raw.level_percent) / 100;
    m->intake.flow_m3h = 0;
    for (int i = 0; i < 2; i++) {
        struct sim_pump *pump = &m->intake.pump[i];
        pump_step(pump, clamp(speed, 0.2, 1), m->faults.intake_pump[i]);
        m->intake.flow_m3h += INTAKE_PUMP_M3H * pump->speed;
    }
}

static void filter_enter(struct sim_filter *filter, enum sim_filter_state state)
{
    filter->state = (int)state;
    filter->since_s = 0;
}

/* Filtering until the deposit is thick,
 * a wash when the other filter is in service, then some turbid minutes. */
static void filter_state_step(struct sim_filter *filter, bool jammed, bool other_washes)
{
    filter->since_s += STEP_S;
    if (filter->state == SIM_FILTER_BACKWASH && filter->since_s >= BACKWASH_S) {
        filter->clog = 0.02;
        filter->runtime_h = 0;
        filter->washes++;
        filter_enter(filter, SIM_FILTER_RIPENING);
    } else if (filter->state == SIM_FILTER_RIPENING && filter->since_s >= RIPENING_S) {
        filter_enter(filter, SIM_FILTER_FILTERING);
    } else if (filter->state == SIM_FILTER_FILTERING && filter->clog >= BACKWASH_CLOG && !jammed &&
               !other_washes) {
        filter_enter(filter, SIM_FILTER_BACKWASH);
    }
}

static void filter_step(struct sim_filter *filter, double wanted_m3h, double raw_ntu, bool clogs)
{
    bool washing = filter->state == SIM_FILTER_BACKWASH;
    lag(&filter->flow_m3h, washing ? 0 : fmin(wanted_m3h, FILTER_MAX_M3H), 5);
    double deposit = CLOG_PER_S * (filter->flow_m3h / 180) * (raw_ntu / 6) + (clogs ? JAM_PER_S : 0);
    filter->clog = clamp(filter->clog + deposit * STEP_S, 0, 2.5);
    if (!washing)
        filter->runtime_h += STEP_S / 3600;
    /* Darcy: the loss is proportional to flow and to the resistance of the bed. */
    filter->dp_bar = 0.15 * (filter->flow_m3h / 180) * (1 + 4 * filter->clog);
    double passes = 0.01 + 0.004 * filter->clog + (filter->state == SIM_FILTER_RIPENING ? 0.03 : 0);
    lag(&filter->turbidity_ntu, 0.04 + passes * raw_ntu, 20);
}

static void step_filters(struct sim_model *m)
{
    double error_percent = 100 * (m->setpoint.clear_level - m->clear_level_m) / CLEAR_HEIGHT_M;
    double total = SIM_FILTERS * FILTER_MAX_M3H * pi_step(&m->filter_valve, error_percent) / 100;
    int in_service = 0;
    for (int i = 0; i < SIM_FILTERS; i++) {
        bool other_washes = m->filter[1 - i].state == SIM_FILTER_BACKWASH;
        filter_state_step(&m->filter[i], m->faults.filter_clogs[i], other_washes);
        in_service += m->filter[i].state != SIM_FILTER_BACKWASH;
    }
    bool water = m->raw.level_percent > 1; /* an empty tank feeds no filter */
    double asked = 0;
    for (int i = 0; i < SIM_FILTERS; i++) {
        double share = water && in_service > 0 ? total / in_service : 0;
        filter_step(&m->filter[i], share, m->intake.turbidity_ntu, m->faults.filter_clogs[i]);
        asked += m->filter[i].flow_m3h;
    }
    m->filtrate_m3h = tank_step(&m->raw, m->intake.flow_m3h, asked);
    lag(&m->backwash_m3h, in_service < SIM_FILTERS ? BACKWASH_M3H : 0, 4);
}

/* The dose follows the flow (feed-forward); the controller trims the ratio. */
static void step_dosing(struct sim_model *m)
{
    double ratio_mgl = pi_step(&m->dosing.ratio, m->setpoint.chlorine - m->dosing.residual_mgl) * 0.02;
    bool flows = m->filtrate_m3h > 10;
    m->dosing.running = flows && !m->faults.dosing_lost;
    double dose = flows ? ratio_mgl * m->filtrate_m3h / CHLORINE_G_L : 0;
    lag(&m->dosing.dose_lh, m->dosing.running ? dose : 0, 2);
    double added = flows ? m->dosing.dose_lh * CHLORINE_G_L / m->filtrate_m3h : 0;
    lag(&m->dosing.mixing_mgl, fmax(0, added - CHLORINE_LOSS_MGL), 15);
    lag(&m->dosing.residual_mgl, m->dosing.mixing_mgl, 35);
    m->dosing.ph = 7.45 - 0.12 * m->dosing.residual_mgl + 0.005 * (m->intake.water_c - 8);
    m->dosing.tank_percent -= 100 * m->dosing.dose_lh / DOSING_TANK_L * STEP_S / 3600;
    if (m->dosing.tank_percent < 20) /* a new canister */
        m->dosing.tank_percent = 95;
}

/* One pump against the network: head = speed² × H0 - k × flow². */
static double network_pump_m3h(const struct sim_pump *pump, double pressure_bar, double suction_bar)
{
    double head = NETWORK_HEAD_BAR * pump->speed * pump->speed + suction_bar - pressure_bar;
    return head > 0 ? sqrt(head / NETWORK_CURVE) : 0;
}

static void step_network(struct sim_model *m)
{
    double speed = pi_step(&m->network.speed, m->setpoint.network_pressure - m->network.pressure_bar) / 100;
    double wanted = 0;
    bool dry = m->clear_level_m < 0.3;
    for (int i = 0; i < 2; i++) {
        struct sim_pump *pump = &m->network.pump[i];
        pump_step(pump, clamp(speed, 0.3, 1), m->faults.network_pump[i] || dry);
        m->network.running[i] = pump->state == SIM_PUMP_RUNNING;
        wanted += network_pump_m3h(pump, m->network.pressure_bar, m->clear_level_m / 10);
    }
    m->network.pumped_m3h = tank_step(&m->clear, m->filtrate_m3h, wanted + m->backwash_m3h) - m->backwash_m3h;
    if (m->network.pumped_m3h < 0)
        m->network.pumped_m3h = 0;
    m->clear_level_m = m->clear.volume_m3 / CLEAR_AREA_M2;

    wander(&m->network.demand_noise, &m->random, 8, 45);
    m->network.demand_m3h = town_demand_m3h(m->clock_s) + m->network.demand_noise + m->faults.burst_m3h;
    m->network.flow_m3h = fmax(0, m->network.demand_m3h) * sqrt(fmax(0, m->network.pressure_bar) / 5);
    double imbalance = (m->network.pumped_m3h - m->network.flow_m3h) / 3600;
    m->network.pressure_bar = clamp(m->network.pressure_bar + imbalance * STEP_S / NETWORK_M3_PER_BAR, 0, 12);
}

static void step_network_gauges(struct sim_model *m)
{
    static const double HEIGHT_BAR[SIM_ZONES] = {0.1, 0.6, 1.1, 1.6},
                        LOSS_BAR[SIM_ZONES] = {0.1, 0.25, 0.3, 0.45};
    double flow = m->network.flow_m3h / 300, current = 0;
    for (int i = 0; i < SIM_ZONES; i++)
        m->network.zone_bar[i] = fmax(0, m->network.pressure_bar - HEIGHT_BAR[i] - LOSS_BAR[i] * flow * flow);
    for (int i = 0; i < 2; i++)
        current += m->network.pump[i].current_a + m->intake.pump[i].current_a;
    m->network.power_kw = 6 + 1.732 * 0.4 * 0.86 * (current + m->boiler.feed_pump.current_a);
    m->network.energy_kwh += m->network.power_kw * STEP_S / 3600;
    lag(&m->network.vibration_mms, 0.8 + 1.6 * m->network.pump[0].speed, 5);
    lag(&m->network.chlorine_mgl, 0.92 * m->dosing.residual_mgl, 400);
}

/* Locked out by a lost flame or by low water; lights again by itself when the cause has gone. */
static void step_burner(struct sim_model *m)
{
    bool blocked = m->faults.burner || m->boiler.level_percent < LOW_WATER_PERCENT;
    int state = m->boiler.burner;
    m->boiler.burner_since_s += STEP_S;
    if (blocked)
        state = SIM_BURNER_LOCKOUT;
    else if (state == SIM_BURNER_LOCKOUT || state == SIM_BURNER_OFF)
        state = SIM_BURNER_IGNITION;
    else if (state == SIM_BURNER_IGNITION && m->boiler.burner_since_s >= IGNITION_S)
        state = SIM_BURNER_RUNNING;
    if (state != m->boiler.burner)
        m->boiler.burner_since_s = 0;
    m->boiler.burner = state;
    m->boiler.flame = state == SIM_BURNER_RUNNING;

    double valve = pi_step(&m->boiler.fuel, m->setpoint.boiler_pressure - m->boiler.pressure_bar);
    lag(&m->boiler.firing, m->boiler.flame ? valve / 100 : 0, 8);
    m->boiler.fuel_m3h = 780 * m->boiler.firing;
    lag(&m->boiler.flue_c, m->boiler.flame ? 110 + 120 * m->boiler.firing : 80, 25);
    lag(&m->boiler.oxygen_percent, m->boiler.flame ? 8 - 5 * m->boiler.firing : 20.9, 6);
}

/* Energy and water of the drum. More steam drawn makes the water swell before the level falls. */
static void step_drum(struct sim_model *m)
{
    const double hour = STEP_S / 3600;
    wander(&m->boiler.process_noise, &m->random, 0.12, 60);
    lag(&m->boiler.process_th, 3.2 + m->boiler.process_noise + m->faults.steam_step_th, 6);
    double drive = sqrt(fmax(0, m->boiler.pressure_bar) / 7);
    m->boiler.steam_th = (m->boiler.process_th + HEAT_MAX_TH * m->boiler.heat_valve) * drive;
    lag(&m->boiler.steam_lag_th, m->boiler.steam_th, 10);
    lag(&m->boiler.evaporation_th, BOILER_MAX_TH * m->boiler.firing, 15);
    m->boiler.pressure_bar += (m->boiler.evaporation_th - m->boiler.steam_th) * DRUM_BAR_PER_T * hour;
    m->boiler.pressure_bar = clamp(m->boiler.pressure_bar, 0, 11); /* the safety valve blows at 11 bar */
    /* Saturated steam, 3 °C near enough between 1 and 12 bar absolute. */
    m->boiler.drum_c = 100 * pow((m->boiler.pressure_bar + 1.013) / 1.013, 0.25);

    pump_step(&m->boiler.feed_pump, 1, m->faults.feed_pump);
    double forward = 100 * m->boiler.steam_th / FEED_MAX_TH; /* three elements: level, steam, feedwater */
    double trim = pi_step(&m->boiler.feed, 50 - m->boiler.level_percent) - 50;
    double feed = FEED_MAX_TH * clamp(forward + trim, 0, 100) / 100 * m->boiler.feed_pump.speed;
    lag(&m->boiler.feed_th, feed, 4);
    lag(&m->boiler.feed_c, 104, 60);
    m->boiler.mass_percent += (m->boiler.feed_th - m->boiler.steam_th) * DRUM_PERCENT_PER_T * hour;
    m->boiler.mass_percent = clamp(m->boiler.mass_percent, 0, 100);
    double swell = 2 * (m->boiler.steam_th - m->boiler.steam_lag_th);
    m->boiler.level_percent = clamp(m->boiler.mass_percent + swell, 0, 100);
}

static void step_heating(struct sim_model *m)
{
    double valve = pi_step(&m->boiler.heat, m->setpoint.boiler_temp - m->boiler.supply_c) / 100;
    lag(&m->boiler.heat_valve, valve, 10);
    double steam = fmin(1, m->boiler.pressure_bar / 5);
    double rise = 55 * m->boiler.heat_valve * steam / (1 + m->faults.heating_step);
    lag(&m->boiler.supply_c, m->boiler.return_c + rise, 60);
    lag(&m->boiler.return_c, 0.55 * m->boiler.supply_c + 7 + 0.5 * m->outdoor_c, 300);
}

void sim_model_step(struct sim_model *model)
{
    step_world(model);
    step_intake(model);
    step_filters(model);
    step_dosing(model);
    step_network(model);
    step_burner(model);
    step_drum(model);
    step_heating(model);
    step_network_gauges(model);
}

static struct sim_pump pump_running(double rated_a)
{
    return (struct sim_pump){
        .state = SIM_PUMP_RUNNING, .wanted = 1, .speed = 0.7, .rated_a = rated_a, .winding_c = 50};
}

static struct sim_tank tank_filled(double capacity_m3, double share)
{
    return (struct sim_tank){
        .capacity_m3 = capacity_m3, .volume_m3 = capacity_m3 * share, .level_percent = 100 * share};
}

/* Near the steady state; what is left of the way is walked below. */
static void start_values(struct sim_model *m)
{
    m->setpoint.raw_level = 60;
    m->setpoint.clear_level = 3.5;
    m->setpoint.chlorine = 0.5;
    m->setpoint.network_pressure = 5;
    m->setpoint.boiler_pressure = 7;
    m->setpoint.boiler_temp = 85;

    m->intake.river_m = 2.4;
    m->intake.turbidity_ntu = 6;
    m->intake.speed = (struct sim_pi){.gain = 3, .integral_s = 200, .sum = 50};
    m->filter_valve = (struct sim_pi){.gain = 4, .integral_s = 600, .sum = 55};
    m->dosing.ratio = (struct sim_pi){.gain = 30, .integral_s = 60, .sum = 40};
    m->network.speed = (struct sim_pi){.gain = 4, .integral_s = 20, .sum = 80};
    m->boiler.fuel = (struct sim_pi){.gain = 30, .integral_s = 120, .sum = 45};
    m->boiler.feed = (struct sim_pi){.gain = 2, .integral_s = 150, .sum = 50};
    m->boiler.heat = (struct sim_pi){.gain = 2, .integral_s = 80, .sum = 50};
    for (int i = 0; i < 2; i++) {
        m->intake.pump[i] = pump_running(38);
        m->network.pump[i] = pump_running(96);
    }
    m->boiler.feed_pump = pump_running(21);
    m->raw = tank_filled(50, 0.6);
    m->clear = tank_filled(CLEAR_AREA_M2 * CLEAR_HEIGHT_M, 0.7);
    m->clear_level_m = 3.5;
    m->dosing.tank_percent = 85;
    m->network.pressure_bar = 5;
    m->network.energy_kwh = 184200;
    m->boiler.burner = SIM_BURNER_RUNNING;
    m->boiler.pressure_bar = 7;
    m->boiler.mass_percent = m->boiler.level_percent = 50;
    m->boiler.feed_c = 104;
    m->boiler.supply_c = 85;
    m->boiler.return_c = 55;
}

static void forget_totals(struct sim_tank *tank)
{
    *tank = tank_filled(tank->capacity_m3, tank->volume_m3 / tank->capacity_m3);
}

void sim_model_init(struct sim_model *model, uint64_t seed, double clock_s)
{
    const double settle_s = 1800;
    *model = (struct sim_model){.clock_s = fmod(clock_s + SECONDS_PER_DAY - settle_s, SECONDS_PER_DAY)};
    sim_random_init(&model->random, seed, 0);
    start_values(model);
    for (int i = 0; i < (int)(settle_s / STEP_S); i++)
        sim_model_step(model);
    model->time_s = 0;
    forget_totals(&model->raw);
    forget_totals(&model->clear);
    model->filter[0].clog = 0.10; /* not both due for a wash at the same time */
    model->filter[1].clog = 0.35;
}
