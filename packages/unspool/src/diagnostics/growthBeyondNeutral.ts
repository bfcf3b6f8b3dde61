/**
 * How much more a derivative grows along the unroll than a neutral loop would let it. Of derivatives of losses with
 * respect to theta: their ratios have no units, whatever the units of the states between them.
 */

/** Steps that may set the size from which growth counts: a loss may happen to be flat where it begins. */
const mostFirstSteps = 4;

/** q where too few steps are behind to tell a power from an exponential: the fourth degree. */
const mostPower = 3;

/**
 * ln of growth [T], from ln|d_t| for t = 1 … T: what is exponential of it. Loops that are neutral gather powers of the
 * number of steps (a sum the first, an acceleration and the square of a miss that begins at 0 the fourth), and these can
 * be trusted. With k = t - t_0 + 1, where t_0 is the first step with a derivative that is not zero,
 *
 *     ln|d_k| = c + (1 + q) ln k + lambda k,   q >= 0,   growth_k = lambda (k - 1)
 *
 * through three points: the largest of the first few steps, the largest of the first half (beyond a sum), and step k.
 * -Infinity before t_0 and for zeros.
 */
export function growthBeyondNeutral(logs: Float64Array): Float64Array {
  const first = logs.findIndex((value) => value > -Infinity);
  const growth = logs.map(() => -Infinity);
  if (first < 0) return growth;
  const firstSteps = Math.min(mostFirstSteps, Math.ceil(logs.length / 16));
  const beyondSum = logs.slice(first).map((value, i) => value - Math.log(i + 1));
  const points = Array.from(beyondSum, (log, i): Point => ({ k: i + 1, log }));
  const larger = (a: Point, b: Point): Point => (b.log > a.log ? b : a);
  let [start, middle] = [points[0]!, points[0]!];
  let seen = 1;
  for (const point of points) {
    if (point.k <= firstSteps) start = larger(start, point);
    middle = larger(middle, start);
    for (; seen <= point.k / 2; seen++) middle = larger(middle, points[seen - 1]!);
    growth[first + point.k - 1] = point === middle ? 0 : rateOf(start, middle, point) * (point.k - 1);
  }
  return growth;
}

interface Point {
  k: number;
  log: number;
}

/** lambda of the curve through three points: without a power where q were negative, with the highest at the beginning. */
function rateOf(start: Point, middle: Point, end: Point): number {
  const [before, after] = [
    { log: middle.log - start.log, steps: middle.k - start.k, doublings: Math.log(middle.k / start.k) },
    { log: end.log - middle.log, steps: end.k - middle.k, doublings: Math.log(end.k / middle.k) },
  ];
  if (end.k < 4 * start.k) return Math.max(0, after.log - mostPower * after.doublings) / after.steps;
  const alone = after.log / after.steps;
  if (before.steps === 0 || alone * before.steps > before.log) return alone;
  const determinant = after.steps * before.doublings - before.steps * after.doublings;
  return (after.log * before.doublings - before.log * after.doublings) / determinant;
}

/** First number of steps after which growth exceeds `logGrowth`; Infinity if it never does. */
export function firstBeyond(growth: Float64Array, logGrowth: number): number {
  const beyond = growth.findIndex((value) => value > logGrowth);
  return beyond < 0 ? Infinity : beyond + 1;
}
