/**
 * A ring of weighted points from annealed importance sampling, as data: adding, drawing and adjusting return a new state.
 * Places that hold nothing, and points that were taken out, have log w = -Infinity.
 *
 * Two ways to draw without replacement, both by adding Gumbel noise to the logarithm of a weight and taking the largest
 * (Vieira 2014): by exp(log w), which is never formed, since one point may own nearly all of it early on; or by age,
 * (1 / rank)^temperature with rank the number of additions since a point was stored.
 */
import { type Key, type Tensor, lax, np, random } from "../../../array/index.ts";

export interface SampleBuffer {
  /** [most, d]. */
  x: Tensor;
  /** [most]. */
  logW: Tensor;
  /** log q when the point was stored or last adjusted, [most]. */
  logQ: Tensor;
  /** The number of the addition that stored the point, from 1; 0 of none. int32 [most]. */
  stored: Tensor;
  /** int32 scalar. */
  additions: Tensor;
}

export interface WeightedPoints {
  /** [n, d]. */
  x: Tensor;
  /** [n]. */
  logW: Tensor;
  /** [n]. */
  logQ: Tensor;
}

/** A ring without points. */
export function emptyBuffer(
  most: number,
  dim: number,
  dtype: "float32" | "float64" = "float32",
): SampleBuffer {
  return {
    x: np.zeros([most, dim], { dtype }),
    logW: np.full([most], -Infinity, { dtype }),
    logQ: np.zeros([most], { dtype }),
    stored: np.zeros([most], { dtype: "int32" }),
    additions: np.array(0, { dtype: "int32" }),
  };
}

const whole = (value: number): Tensor => np.array(value, { dtype: "int32" });

/** The ring with a batch more, over its oldest points where it is full. What is not finite gets log w = -Infinity. */
export function addToBuffer(buffer: SampleBuffer, { x, logW, logQ }: WeightedPoints): SampleBuffer {
  const [n, most] = [logW.shape[0]!, buffer.logW.shape[0]!];
  // Additions come round after most / gcd(n, most) of them: their product with n stays small.
  const round = most / greatestDivisor(n, most);
  const from = np.remainder(buffer.additions, whole(round)).mul(whole(n)) as Tensor;
  const places = np.remainder(from.add(np.arange(n)), whole(most)) as Tensor;
  const additions = buffer.additions.add(whole(1));
  const isFinite = np.logicalAnd(np.isfinite(logW), np.isfinite(logQ)) as Tensor;
  return {
    x: buffer.x.at(places).set(x),
    logW: buffer.logW.at(places).set(np.where(isFinite, logW, -Infinity)),
    logQ: buffer.logQ.at(places).set(np.where(isFinite, logQ, 0)),
    stored: buffer.stored.at(places).set(np.broadcastTo(additions, [n])),
    additions,
  };
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Places of `count` points drawn without replacement with probability ∝ w, in random order: int32 [count]. */
export function drawByWeight({ logW }: SampleBuffer, key: Key, count: number): Tensor {
  return largestPerturbed(logW, key, count);
}

/** The same with probability ∝ (1 / rank)^temperature, whatever the weights; 0 is uniform. */
export function drawByAge(
  { stored, additions, logW }: SampleBuffer,
  key: Key,
  count: number,
  temperature: number,
): Tensor {
  const rank = additions.sub(stored).add(whole(1)).astype(logW.dtype);
  const logits = (np.log(rank) as Tensor).mul(-temperature);
  return largestPerturbed(np.where(stored.greater(0), logits, -Infinity) as Tensor, key, count);
}

function largestPerturbed(logits: Tensor, key: Key, count: number): Tensor {
  const noise = random.gumbel(random.foldIn(key, "gumbel"), [...logits.shape]).astype(logits.dtype);
  const [, places] = lax.topK(logits.add(noise), count) as [Tensor, Tensor];
  const order = random.permutation(random.foldIn(key, "order"), count);
  return np.take(places.astype("int32"), order, 0) as Tensor;
}

/** The points at places of any shape. */
export function takeFromBuffer({ x, logW, logQ }: SampleBuffer, places: Tensor): WeightedPoints {
  const of = (values: Tensor): Tensor => np.take(values, places, 0) as Tensor;
  return { x: of(x), logW: of(logW), logQ: of(logQ) };
}

/**
 * Points at places [n], each at most once, whose log q has become `logQ`: log w += (1 - α)(log q - log q_old), which keeps
 * w p^α q^(1-α) over the density of the points. A point where that is not finite is taken out.
 */
export function adjustBuffer(
  buffer: SampleBuffer,
  places: Tensor,
  logQ: Tensor,
  alpha: number,
): SampleBuffer {
  const old = takeFromBuffer(buffer, places);
  const logW = old.logW.add(logQ.sub(old.logQ).mul(1 - alpha));
  const isFinite = np.logicalAnd(np.isfinite(logW), np.isfinite(logQ)) as Tensor;
  return {
    ...buffer,
    logW: buffer.logW.at(places).set(np.where(isFinite, logW, -Infinity)),
    logQ: buffer.logQ.at(places).set(np.where(isFinite, logQ, old.logQ)),
  };
}
