/** Whether differences of losses are rounding errors: what a method that compares them must not learn from. */
import { type Tensor, np } from "../../array/index.ts";

/** What a mean over a batch may be off by, in units of itself: some roundings. */
const tolerance = { float32: 2 ** -20, float64: 2 ** -49 } as const;

/** True where all differences are below the rounding of `loss`: bool scalar. NaN is not. */
export function belowRounding(loss: Tensor, ...differences: readonly Tensor[]): Tensor {
  const least = np.abs(loss).mul(tolerance[loss.dtype === "float64" ? "float64" : "float32"]) as Tensor;
  return differences
    .map((difference) => np.abs(difference).lessEqual(least.astype(difference.dtype)) as Tensor)
    .reduce((all, one) => np.logicalAnd(all, one) as Tensor);
}
