/**
 * A shift and a scale of each coordinate (Kingma and Dhariwal, "Glow", NeurIPS 2018, section 3.1).
 *
 *     x = exp(s) z + t,    log |det| = Σ s
 *
 * Glow sets both from a first batch. The flows here start as orthogonal maps of standard normals, whose coordinates have
 * mean 0 and deviation 1 already: what a first batch would give is the identity, and that is where it starts.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import type { Bijector } from "../flow.ts";

export interface ActNormOptions {
  /** d: numbers of a point. */
  dim: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface ActNormParams {
  /** [d]. */
  shift: Tensor;
  /** [d]. */
  logScale: Tensor;
}

/** An affine map of each coordinate by itself. */
export function actNorm(options: ActNormOptions): Bijector<ActNormParams> {
  requireKnownOptions("actNorm", options, ["dim", "dtype"]);
  const { dim, dtype = "float32" } = options;
  requireInteger("actNorm", "dim", dim, 1);
  const everywhere = (points: Tensor, value: Tensor): Tensor =>
    np.broadcastTo(value, [points.shape[0]!]) as Tensor;
  return {
    name: "actNorm",
    init: () => ({ shift: np.zeros([dim], { dtype }), logScale: np.zeros([dim], { dtype }) }),
    forward: ({ shift, logScale }, z) => ({
      value: z.mul(np.exp(logScale)).add(shift),
      logDet: everywhere(z, logScale.sum()),
    }),
    inverse: ({ shift, logScale }, x) => ({
      value: x.sub(shift).mul(np.exp(logScale.neg())),
      logDet: everywhere(x, logScale.sum().neg()),
    }),
  };
}
