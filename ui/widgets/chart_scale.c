#include "ui/widgets/chart_scale.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#define CHART_ROWS_PER_TICK 4

/* No scale reaches further: what lies between its ends has to be a number, too. */
#define CHART_VALUE_MAX (DBL_MAX / 16)

double chart_round_step(double span, int count)
{
    if (!(span > 0) || !isfinite(span) || count < 1)
        return 1;
    double raw = span / count, power = pow(10, floor(log10(raw)));
    if (!(power > 0)) /* less than a double can divide */
        return DBL_MIN;
    static const double STEPS[] = {1, 2, 5};
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        if (STEPS[i] * power >= raw * (1 - 1e-9))
            return STEPS[i] * power;
    return 10 * power;
}

struct chart_scale chart_scale_of(double low, double high, int rows, double least_step, bool exact)
{
    int ticks = rows / CHART_ROWS_PER_TICK;
    low = fmin(fmax(low, -CHART_VALUE_MAX), CHART_VALUE_MAX);
    high = fmin(fmax(high, -CHART_VALUE_MAX), CHART_VALUE_MAX);
    double step = fmax(chart_round_step(high - low, ticks < 2 ? 2 : ticks), least_step);
    struct chart_scale scale = {.low = low, .high = high, .step = step};
    if (!exact) {
        scale.low = floor(low / step + 1e-9) * step;
        scale.high = ceil(high / step - 1e-9) * step;
    }
    if (!(scale.low < scale.high))
        scale.high = scale.low + step;
    return scale;
}

int chart_scale_row(const struct chart_scale *scale, double value, int rows)
{
    double row = floor((scale->high - value) / (scale->high - scale->low) * (rows - 1) + 0.5);
    return !(row >= -1) ? -1 : row > rows ? rows : (int)row;
}
