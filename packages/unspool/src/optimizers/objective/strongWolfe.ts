/**
 * Line search for the strong Wolfe conditions (Nocedal & Wright 2006, Algorithms 3.5 and 3.6), as straight code of a fixed
 * number of trials. φ(t) is the loss at x + t · direction, φ'(t) its slope along the direction.
 *
 *     φ(t) ≤ φ(0) + decrease · t · φ'(0)   and   |φ'(t)| ≤ curvature · |φ'(0)|
 *
 * Trials grow until they enclose such a t, then the enclosure is cut: at the least point of the cubic through both ends
 * (equation 3.59), at least a tenth of it away from them, or in its middle where that is no number.
 */
import { type Tensor, jvp, lax, np, scan, tree } from "../../array/index.ts";
import { addScaled } from "../floatVector.ts";

/** A point on the line: φ and φ' at t. */
type Point = { t: Tensor; loss: Tensor; slope: Tensor };

export interface WolfeSearch {
  /** Points that are tried. */
  trials: number;
  /** Part of the decrease that the slope promises which a step must bring; below `curvature`. */
  decrease: number;
  /** Part of the slope that may be left; below 1. */
  curvature: number;
}

export interface WolfeStep {
  /** Length of the step; if no trial meets both conditions the best that brings the decrease, or 0. A constant in derivatives. */
  length: Tensor;
  /** Whether both conditions hold: bool scalar. */
  isFound: Tensor;
}

type Carry = {
  /** The best point so far that brings the decrease; at first the start. */
  low: Point;
  /** Once it encloses a solution with `low`: the other end. */
  high: Point;
  trial: Tensor;
  isEnclosed: Tensor;
  isFound: Tensor;
};

/** Bounds of the next trial while trials grow, in units of this one. */
const [leastGrowth, mostGrowth] = [2, 10] as const;

/** Searches from t = `first` along a direction of descent; another direction has length 0. Cost: `trials` slopes (`jvp`). */
export function strongWolfe(
  loss: (leaves: Tensor[]) => Tensor,
  start: { leaves: Tensor[]; loss: Tensor; direction: Tensor[]; slope: Tensor },
  first: Tensor,
  { trials, decrease, curvature }: WolfeSearch,
): WolfeStep {
  const still = tree.map((x: Tensor) => lax.stopGradient(x) as Tensor, start);
  const { dtype } = first;
  const zero = tree.scalar(0, dtype);
  const no = tree.scalar(0, "bool");
  const from: Point = { t: zero, loss: still.loss.astype(dtype), slope: still.slope.astype(dtype) };
  const at = (t: Tensor): Point => {
    const along = (by: Tensor): Tensor => loss(addScaled(still.leaves, by, still.direction));
    const [value, slope] = jvp(along, [t], [np.onesLike(t)]) as [Tensor, Tensor];
    return { t, loss: value.astype(dtype), slope: slope.astype(dtype) };
  };
  const step = (carry: Carry): [Carry, undefined] => {
    const { low, high, trial, isEnclosed } = carry;
    const now = at(trial);
    const bound = from.loss.add(trial.mul(from.slope).mul(decrease));
    // NaN brings no decrease.
    const isLower = np.logicalAnd(now.loss.lessEqual(bound), isBelow(now, low)) as Tensor;
    const isFlat = np.abs(now.slope).lessEqual(np.abs(from.slope).mul(curvature));
    // Between `now` and the old `low` there is a least point if the slope at `now` points back there.
    const ahead = np.where(isEnclosed, high.t.sub(low.t), np.onesLike(trial));
    const isPast = now.slope.mul(ahead).greaterEqual(0);
    const next = {
      low: choose(isLower, now, low),
      high: choose(isLower, choose(isPast, low, high), now),
      isEnclosed: [isEnclosed, isPast, np.logicalNot(isLower)].reduce<Tensor>(
        (any, claim) => np.logicalOr(any, claim) as Tensor,
        no,
      ),
    };
    const within = between(next.low, next.high);
    const trialAfter = np.where(next.isEnclosed, within, beyond(low, now));
    const moved: Carry = { ...next, trial: trialAfter, isFound: np.logicalAnd(isLower, isFlat) as Tensor };
    return [tree.select(carry.isFound, carry, moved), undefined];
  };
  const begin: Carry = { low: from, high: from, trial: first, isEnclosed: no, isFound: no };
  const [end] = scan(step, begin, undefined, { length: trials });
  const isDescent = from.slope.less(0);
  return {
    length: lax.stopGradient(np.where(isDescent, end.low.t, zero)) as Tensor,
    isFound: np.logicalAnd(isDescent, end.isFound) as Tensor,
  };
}

/** What rounding leaves of two losses that are the same, in units of their size. */
const rounding = { float32: 2 ** -21, float64: 2 ** -50 } as const;

/** Losses that rounding cannot tell apart are compared by their slopes. */
function isBelow(now: Point, low: Point): Tensor {
  const gap = now.loss.sub(low.loss);
  const noise = np.abs(low.loss).mul(rounding[gap.dtype === "float64" ? "float64" : "float32"]);
  const isFlatter = np.abs(now.slope).less(np.abs(low.slope));
  const isSame = np.logicalAnd(np.abs(gap).lessEqual(noise), isFlatter);
  return np.logicalOr(isSame, gap.less(noise.neg())) as Tensor;
}

function choose(isFirst: Tensor, first: Point, second: Point): Point {
  return tree.select(isFirst, first, second);
}

/** Inside of an enclosure. */
function between(low: Point, high: Point): Tensor {
  const width = high.t.sub(low.t);
  const part = leastOfCubic(low, high).sub(low.t).div(width);
  const safe = np.minimum(np.maximum(part, 0.1), 0.9) as Tensor;
  return low.t.add(width.mul(np.where(np.isfinite(part), safe, 0.5)));
}

/** After `now`, which lies beyond `before`. */
function beyond(before: Point, now: Point): Tensor {
  const growth = leastOfCubic(before, now).div(now.t);
  const safe = np.minimum(np.maximum(growth, leastGrowth), mostGrowth) as Tensor;
  return now.t.mul(np.where(np.isfinite(growth), safe, leastGrowth));
}

/** Nocedal & Wright, equation 3.59; NaN where the cubic has no least point. */
function leastOfCubic(a: Point, b: Point): Tensor {
  const d1 = a.slope.add(b.slope).sub(a.loss.sub(b.loss).div(a.t.sub(b.t)).mul(3));
  const d2 = np.sqrt(d1.mul(d1).sub(a.slope.mul(b.slope))).mul(np.sign(b.t.sub(a.t)));
  const part = b.slope
    .add(d2)
    .sub(d1)
    .div(b.slope.sub(a.slope).add(d2.mul(2)));
  return b.t.sub(b.t.sub(a.t).mul(part));
}
