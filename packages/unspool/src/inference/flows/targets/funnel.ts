/** Neal's funnel (2003): x₀ ~ N(0, 9), and each other coordinate ~ N(0, exp(x₀)). Normalised. */
import { type Tensor, np, random } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import type { DensityTarget } from "./densityTarget.ts";

const logTwoPi = Math.log(2 * Math.PI);

/** A funnel in `dim` dimensions, default 10 as in fab-jax. */
export function funnel(dim = 10): DensityTarget {
  requireInteger("funnel", "dim", dim, 2);
  return {
    name: "funnel",
    dim,
    logZ: 0,
    // E of the second sum is -(d - 1)(log 2π + x₀ + 1)/2, and x₀ has mean 0.
    meanLogProb: -0.5 * (dim * (logTwoPi + 1) + Math.log(9)),
    logDensity(x) {
      const [first, others] = [x.slice([], 0), x.slice([], [1, dim])];
      const neck = first
        .mul(first)
        .div(-18)
        .sub(0.5 * (logTwoPi + Math.log(9)));
      const width = (np.exp(first.neg()) as Tensor).mul(others.mul(others).sum(1));
      return neck.sub(width.add(first.mul(dim - 1)).mul(0.5)).sub(0.5 * (dim - 1) * logTwoPi);
    },
    sample(key, count) {
      const first = random.normal(random.foldIn(key, "neck"), [count, 1]).mul(3);
      const others = random.normal(random.foldIn(key, "others"), [count, dim - 1]);
      return np.concatenate([first, others.mul(np.exp(first.mul(0.5)))], 1) as Tensor;
    },
  };
}
