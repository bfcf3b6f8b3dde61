/**
 * Normals given that they lie in an interval far out, where probabilities underflow. With Q the upper tail, R(x) =
 * Q(x) / phi(x) Mills' ratio and x = a + t,
 *
 *     log Q(a) - log Q(a + t) = F(t) = a t + t²/2 + log R(a) - log R(a + t),     F'(t) = 1 / R(a + t)
 *
 * so that the number of rank v (0 at a, 1 at b) solves F(t) = -log(1 - v (1 - exp(-F(b - a)))): no term is smaller than
 * the draw needs, whatever a. F is convex, and the root without R lies on its far side: Newton's steps come down to it.
 */
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";

/** From here on 14 terms of the continued fraction give Mills' ratio to 1e-16. */
export const leastFar = 5;
const terms = 14;
/** Errors fall from at most 1/25 of the draw as 1e-3, 1e-6, 1e-12, 1e-24. */
const newtonSteps = 4;
/** exp(-64) is 0 beside 1 in either dtype. */
const endlessTail = 64;

/** The number of rank `v` in [a, b], for a >= `leastFar`; b may be infinite. */
export function quantileOfTail(a: Tensor, b: Tensor, v: Tensor): Tensor {
  const atStart = np.log(millsRatio(a)) as Tensor;
  const depth = (t: Tensor): { value: Tensor; ratio: Tensor } => {
    const ratio = millsRatio(a.add(t));
    const parabola = t.mul(a.add(t.mul(0.5)));
    return { value: parabola.add(atStart).sub(np.log(ratio)), ratio };
  };
  const width = np.minimum(b.sub(a), np.reciprocal(a).mul(endlessTail)) as Tensor;
  const mass = np.expm1(depth(width).value.neg()) as Tensor;
  const sought = np.log1p(v.mul(mass)).neg() as Tensor;
  // The root of a t + t²/2, with no square of a.
  const part = sought.div(a);
  let t = part.mul(2).div(np.sqrt(part.div(a).mul(2).add(1)).add(1)) as Tensor;
  for (let i = 0; i < newtonSteps; i++) {
    const { value, ratio } = depth(t);
    t = t.sub(value.sub(sought).mul(ratio));
  }
  return a.add(np.clip(t, 0, width));
}

/** Laplace's continued fraction 1 / (x + 1 / (x + 2 / (x + 3 / …))). */
function millsRatio(x: Tensor): Tensor {
  let rest = x;
  for (let k = terms; k > 0; k--) rest = np.reciprocal(rest).mul(k).add(x) as Tensor;
  return np.reciprocal(rest) as Tensor;
}
