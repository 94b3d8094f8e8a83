#include "recorder/sim_random.h"

void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream)
{
    random->state = seed;
    random->state = sim_random_bits(random) ^ (stream * UINT64_C(0xd1342543de82ef95));
}

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
uint64_t sim_random_bits(struct sim_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double sim_random_between(struct sim_random *random, double low, double high)
{
    double share = (double)(sim_random_bits(random) >> 11) * 0x1.0p-53;
    return low + share * (high - low);
}

unsigned sim_random_choice(struct sim_random *random, unsigned count)
{
    return (unsigned)(sim_random_bits(random) % count);
}

double sim_random_bell(struct sim_random *random)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += sim_random_between(random, -0.5, 0.5);
    return sum * 1.7320508075688772; /* the variance of the sum is 4/12 */
}
