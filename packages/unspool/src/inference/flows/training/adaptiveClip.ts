/**
 * Clipping by the norms that were seen (fab-jax): gradients longer than twice the median of the last hundred norms are
 * shortened to that, and those longer than ten times the median are left out.
 */
import { type Tensor, np } from "../../../array/index.ts";

/** Norms that the median is of. */
const window = 100;

export interface AdaptiveClipState {
  /** A ring of norms, Infinity where none was seen, [100]. */
  norms: Tensor;
  /** Norms that were seen, int32. */
  seen: Tensor;
}

export function adaptiveClip(dtype: "float32" | "float64" = "float32"): AdaptiveClipState {
  return { norms: np.full([window], Infinity, { dtype }), seen: np.array(0, { dtype: "int32" }) };
}

/** Twice and ten times the median; Infinity before a norm was seen. */
export function adaptiveLimit({ norms, seen }: AdaptiveClipState): { limit: Tensor; most: Tensor } {
  const one = np.array(1, { dtype: "int32" });
  const kept = np.minimum(seen, np.array(window, { dtype: "int32" })) as Tensor;
  // The lower of the two in the middle, where they are two.
  const middle = np.floorDivide(np.maximum(kept.sub(one), 0), np.array(2, { dtype: "int32" })) as Tensor;
  const median = np.take(np.sort(norms) as Tensor, middle.astype("int32"), 0) as Tensor;
  return { limit: median.mul(2), most: median.mul(10) };
}

/** The ring with a norm more, if it is one. */
export function watchNorm(
  { norms, seen }: AdaptiveClipState,
  norm: Tensor,
  isUsable: Tensor,
): AdaptiveClipState {
  const place = np.remainder(seen, np.array(window, { dtype: "int32" })) as Tensor;
  const isPlace = np.logicalAnd(np.arange(window).equal(place), isUsable) as Tensor;
  return {
    norms: np.where(isPlace, norm.astype(norms.dtype), norms) as Tensor,
    seen: seen.add(isUsable.astype("int32")),
  };
}
