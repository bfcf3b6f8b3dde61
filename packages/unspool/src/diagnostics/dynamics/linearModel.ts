/**
 * The linearised optimizer as an optimizer: what of its performance is linear. Maheswaranathan et al., NeurIPS 2021.
 *
 *     h ← h* + J_h (h - h*) + J_x (g - g*),   p ← p + w · (h - h*) + change at h*
 */
import { np } from "../../array/index.ts";
import { UnspoolError } from "../../errors.ts";
import { type ComponentwiseOptimizer, type LdsMeta, lds } from "../../optimizers/index.ts";
import type { Linearization } from "./linearize.ts";

/** An `lds` with its parameters, float64, that starts where the system does. For optimizers without a direct part. */
export function linearModel(
  linear: Linearization,
  start: Float64Array,
): { learned: ComponentwiseOptimizer<LdsMeta>; meta: LdsMeta } {
  if (Math.abs(linear.direct) > 1e-9) {
    throw new UnspoolError(
      "DIRECT",
      `linearModel: the parameter moves by the gradient itself too (${linear.direct}), which no lds does.`,
      { direct: linear.direct },
    );
  }
  const { size, entries } = linear.stateJacobian;
  const rest = linear.readWeights.reduce((sum, w, i) => sum + w * linear.next[i]!, 0);
  const vector = (values: Float64Array) => np.array(values, { dtype: "float64" });
  return {
    learned: lds({ units: size }),
    meta: {
      start: vector(start),
      point: vector(linear.state),
      gradient: np.array(linear.gradient, { dtype: "float64" }),
      matrix: np.array(entries, { shape: [size, size], dtype: "float64" }),
      input: vector(linear.inputJacobian),
      readWeights: vector(linear.readWeights),
      readBias: np.array(linear.change - rest, { dtype: "float64" }),
    },
  };
}
