/** How healthy a sweep was. */
import { type Tensor, np } from "../../array/index.ts";
import { compiledOutside } from "./compiledOutside.ts";
import type { Sweep } from "./particleSweep.ts";
import { logEffectiveSize } from "./resampling/criteria.ts";
import { smooth } from "./smooth.ts";

/** What tells whether particles stand for the posterior. */
export interface SweepDiagnostics {
  /** Effective sample size of each step's weights before resampling, [T], from 1 to K. */
  effectiveSizes: Tensor;
  /** How many particles of each step have a descendant at the end, int32 [T]. 1 far from the end: degenerate paths. */
  uniqueAncestors: Tensor;
  /** Steps that have resampled, int32 scalar. */
  resamplings: Tensor;
}

/** Measures a sweep. Traced or not. With a twist the sizes of inner steps are about the twisted targets. */
export const sweepDiagnostics: (sweep: Sweep) => SweepDiagnostics = compiledOutside(
  "sweepDiagnostics",
  diagnosed,
);

function diagnosed(sweep: Sweep): SweepDiagnostics {
  const { lineages } = smooth(sweep);
  const particles = lineages.shape[1]!;
  const everyone = np.arange(particles).astype("int32").reshape([1, 1, particles]);
  const isUsed = lineages
    .reshape([...lineages.shape, 1])
    .equal(everyone)
    .astype("int32")
    .max(1);
  return {
    effectiveSizes: np.exp(logEffectiveSize(sweep.logWeights)) as Tensor,
    uniqueAncestors: isUsed.sum(1),
    resamplings: sweep.resampled.astype("int32").sum(),
  };
}
