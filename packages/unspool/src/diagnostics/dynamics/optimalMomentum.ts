/**
 * The learning rate and momentum of heavy ball that contract a quadratic with curvatures in [l, L] fastest (Polyak
 * 1964), and the best learning rate of gradient descent:
 *
 *     a* = 4 / (√l + √L)²,   b* = ((√L - √l) / (√L + √l))²,   2 / (l + L)
 */
import { OptionError } from "../../errors.ts";

export interface OptimalMomentum {
  learningRate: number;
  momentum: number;
  /** Of gradient descent without momentum. */
  gradientDescent: number;
}

export function optimalMomentum(smallest: number, largest: number): OptimalMomentum {
  if (!(smallest > 0 && Number.isFinite(smallest))) {
    throw new OptionError("optimalMomentum", "smallest", smallest, "a curvature above 0");
  }
  if (!(largest >= smallest && Number.isFinite(largest))) {
    throw new OptionError("optimalMomentum", "largest", largest, `a curvature of at least ${smallest}`);
  }
  const [low, high] = [Math.sqrt(smallest), Math.sqrt(largest)];
  return {
    learningRate: 4 / (low + high) ** 2,
    momentum: ((high - low) / (high + low)) ** 2,
    gradientDescent: 2 / (smallest + largest),
  };
}
