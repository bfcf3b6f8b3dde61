/**
 * Monotone rational-quadratic splines (Gregory and Delbourgo 1982; Durkan, Bekasov, Murray and Papamakarios, "Neural
 * Spline Flows", NeurIPS 2019). K bins on [-B, B]; in bin k with ξ = (x - x_k) / w_k and s = h_k / w_k
 *
 *     y = y_k + h_k (s ξ² + d_k ξ (1-ξ)) / (s + (d_{k+1} + d_k - 2 s) ξ (1-ξ))
 *     log dy/dx = 2 log s + log(d_{k+1} ξ² + 2 s ξ (1-ξ) + d_k (1-ξ)²) - 2 log(s + (d_{k+1} + d_k - 2 s) ξ (1-ξ))
 *
 * The inverse is the root 2 c / (-b - √(b² - 4 a c)) of a quadratic. Outside of [-B, B] a spline is the identity.
 */
import { type Tensor, nn, np } from "../../../array/index.ts";

export interface RationalQuadraticOptions {
  /** B. */
  bound: number;
  /** Computes x of y. Default false. */
  isInverse?: boolean;
  /** Smallest bin, as a share of 2 B. Default 1e-3 (normflows; distrax has 1e-4). */
  leastBin?: number;
  /** Smallest slope. Default 1e-3. */
  leastSlope?: number;
  /** Whether the ends of the range are one point: slopes are K, and that at both ends is the first. Default false. */
  isPeriodic?: boolean;
}

/** Raw numbers of splines, of any size: [..., K] for points [...]. */
export interface RawSpline {
  /** [..., K]. */
  widths: Tensor;
  /** [..., K]. */
  heights: Tensor;
  /** [..., K - 1] of the inner knots, the ends having slope 1; periodic [..., K]. */
  slopes: Tensor;
}

/** Splines of points x [...], each with its own numbers: values and log-derivatives [...]. */
export function rationalQuadratic(
  x: Tensor,
  raw: RawSpline,
  options: RationalQuadraticOptions,
): { value: Tensor; logDet: Tensor } {
  const { bound, isInverse = false, isPeriodic = false, leastBin = 1e-3, leastSlope = 1e-3 } = options;
  const inner = nn.softplus(raw.slopes).add(leastSlope);
  const ends = isPeriodic
    ? inner.slice("...", [0, 1])
    : np.ones([...inner.shape.slice(0, -1), 1], { dtype: x.dtype });
  const slopes = np.concatenate(isPeriodic ? [inner, ends] : [ends, inner, ends], -1) as Tensor;
  const across = knots(raw.widths, bound, leastBin);
  const up = knots(raw.heights, bound, leastBin);
  const bins = raw.widths.shape.at(-1)!;
  const isInside = np.logicalAnd(x.greaterEqual(-bound), x.lessEqual(bound)) as Tensor;
  // What is outside is computed at 0 and not taken, so that its derivatives are finite too.
  const at = np.where(isInside, x, np.zerosLike(x)) as Tensor;
  const edges = (isInverse ? up : across).slice("...", [1, bins]);
  const place = at
    .reshape([...at.shape, 1])
    .greaterEqual(edges)
    .astype("int32")
    .sum(-1);
  const chosen = np.arange(bins).equal(place.reshape([...place.shape, 1]));
  const pick = (values: Tensor, from: number): Tensor =>
    (np.where(chosen, values.slice("...", [from, from + bins]), 0) as Tensor).sum(-1);
  const [x0, y0] = [pick(across, 0), pick(up, 0)];
  const [width, height] = [pick(across, 1).sub(x0), pick(up, 1).sub(y0)];
  const [d0, d1] = [pick(slopes, 0), pick(slopes, 1)];
  const s = height.div(width);
  const bend = d0.add(d1).sub(s.mul(2));
  const xi = isInverse ? root(at.sub(y0), { height, s, d0, bend }) : at.sub(x0).div(width);
  const rest = xi.mul(xi.neg().add(1));
  const denominator = s.add(bend.mul(rest));
  const opposite = xi.neg().add(1);
  const slope = d1.mul(xi).mul(xi).add(s.mul(rest).mul(2)).add(d0.mul(opposite).mul(opposite));
  const logSlope = log(s).mul(2).add(log(slope)).sub(log(denominator).mul(2));
  const value = isInverse
    ? xi.mul(width).add(x0)
    : y0.add(height.mul(s.mul(xi).mul(xi).add(d0.mul(rest))).div(denominator));
  return {
    value: np.where(isInside, value, x) as Tensor,
    logDet: np.where(isInside, isInverse ? logSlope.neg() : logSlope, np.zerosLike(x)) as Tensor,
  };
}

const log = (x: Tensor): Tensor => np.log(x) as Tensor;

/** ξ where the spline is `rise` above its bin's lower edge. */
function root(
  rise: Tensor,
  { height, s, d0, bend }: { height: Tensor; s: Tensor; d0: Tensor; bend: Tensor },
): Tensor {
  const a = rise.mul(bend).add(height.mul(s.sub(d0)));
  const b = height.mul(d0).sub(rise.mul(bend));
  const c = s.mul(rise).neg();
  // Rounding may make a small negative number of 0.
  const discriminant = np.maximum(b.mul(b).sub(a.mul(c).mul(4)), 0) as Tensor;
  return c.mul(2).div(b.neg().sub(np.sqrt(discriminant)));
}

/** Edges [..., K + 1] of bins from -B to B. */
function knots(raw: Tensor, bound: number, leastBin: number): Tensor {
  const bins = raw.shape.at(-1)!;
  const shares = nn
    .softmax(raw, -1)
    .mul(1 - leastBin * bins)
    .add(leastBin);
  const inner = np
    .cumsum(shares.slice("...", [0, bins - 1]), -1)
    .mul(2 * bound)
    .sub(bound);
  const end = np.full([...raw.shape.slice(0, -1), 1], bound, { dtype: raw.dtype });
  return np.concatenate([end.neg(), inner, end], -1) as Tensor;
}
