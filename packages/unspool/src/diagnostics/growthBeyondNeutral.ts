/**
 * How much more a derivative grows along the unroll than a neutral loop would let it. Of derivatives of losses with
 * respect to theta: their ratios have no units, whatever the units of the states between them.
 */

/** Steps that may set the size from which growth counts: a loss may happen to be flat where it begins. */
const mostFirstSteps = 4;

/**
 * ln of growth [T], from ln|d_t| for t = 1 … T:
 *
 *     growth_t = n_t - max of n_s over the first few steps s <= t,   n_t = ln|d_t| - ln(t - t_0 + 1)
 *
 * where t_0 is the first step with a derivative that is not zero. A neutral loop gathers linearly: that is no growth.
 * -Infinity before t_0 and for zeros.
 */
export function growthBeyondNeutral(logs: Float64Array): Float64Array {
  const first = logs.findIndex((value) => value > -Infinity);
  const firstSteps = Math.min(mostFirstSteps, Math.ceil(logs.length / 16));
  let base = -Infinity;
  return logs.map((value, i) => {
    if (first < 0 || i < first) return -Infinity;
    const neutral = value - Math.log(i - first + 1);
    if (i < first + firstSteps) base = Math.max(base, neutral);
    return neutral - base;
  });
}

/** First number of steps after which growth exceeds `logGrowth`; Infinity if it never does. */
export function firstBeyond(growth: Float64Array, logGrowth: number): number {
  const beyond = growth.findIndex((value) => value > logGrowth);
  return beyond < 0 ? Infinity : beyond + 1;
}
