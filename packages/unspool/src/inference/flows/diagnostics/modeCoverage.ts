/** Which modes of a target points have found: each point belongs to the nearest centre, if that is near enough. */
import type { Tensor } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import type { TargetModes } from "../targets/densityTarget.ts";
import type { Measured } from "./measured.ts";

export interface ModeCoverage {
  /** Modes with at least `least` of their share of the target. */
  covered: number;
  modes: number;
  /** Share of the points at each mode, with binomial errors. */
  shares: Measured[];
  /** Each share over that of the target: 1 is right. */
  ratios: Measured[];
  /** Modes that are covered or not by chance: their ratio is within two errors of `least`. */
  uncertain: number;
  /** Share of points that belong to no mode. */
  elsewhere: number;
}

/** Coverage of `modes` by points [n, d]; a mode is covered from `least` of its share on, default a tenth. */
export function modeCoverage(x: Tensor, modes: TargetModes, least = 0.1): ModeCoverage {
  if (!(least > 0 && least <= 1))
    throw new OptionError("modeCoverage", "least", least, "a share above 0 and up to 1");
  const [n, dim] = x.shape as [number, number];
  const { centres, radius, isCircular = false } = modes;
  const counts = centres.map(() => 0);
  for (let i = 0; i < n; i++) {
    let [nearest, square] = [0, Infinity];
    centres.forEach((centre, k) => {
      let sum = 0;
      for (let j = 0; j < dim; j++) {
        const gap = Number(x.data[i * dim + j]) - centre[j]!;
        sum += (isCircular ? gap - 2 * Math.PI * Math.round(gap / (2 * Math.PI)) : gap) ** 2;
      }
      if (sum < square) [nearest, square] = [k, sum];
    });
    if (square <= radius ** 2) counts[nearest]!++;
  }
  const fair = modes.shares ?? centres.map(() => 1 / centres.length);
  const shares = counts.map((count): Measured => {
    const value = count / n;
    // Of a share of 0 the error is that of one point: nothing was seen in n.
    return { value, error: count === 0 ? 1 / n : Math.sqrt((value * (1 - value)) / n) };
  });
  const ratios = shares.map(({ value, error }, k) => ({ value: value / fair[k]!, error: error / fair[k]! }));
  return {
    covered: ratios.filter(({ value }) => value >= least).length,
    modes: centres.length,
    shares,
    ratios,
    uncertain: ratios.filter(({ value, error }) => Math.abs(value - least) < 2 * error).length,
    elsewhere: 1 - counts.reduce((a, b) => a + b, 0) / n,
  };
}
