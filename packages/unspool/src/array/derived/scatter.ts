/**
 * Writing at places of a vector: added up where a place comes several times, or the last one stays. Places outside are
 * left out. Differentiable in what is written.
 */
import { wrap, toRaw } from "../lift.ts";
import { bind } from "../jaxprs.ts";
import { np } from "../np.ts";
import type { Tensor } from "../tensor.ts";
import { inTrace } from "../transforms.ts";

/** A vector of `length` zeros to which `updates` [n] are added at `places` (int32 [n]). */
export function scatterAdd(length: number, places: Tensor, updates: Tensor): Tensor {
  return scatter(length, places, updates, "add");
}

/** A vector of `length` zeros in which `updates` [n] stand at `places` (int32 [n]); of several, the last one. */
export function scatterLast(length: number, places: Tensor, updates: Tensor): Tensor {
  return scatter(length, places, updates, "update");
}

function scatter(length: number, places: Tensor, updates: Tensor, op: "add" | "update"): Tensor {
  if (updates.size === 0 || length === 0) return np.zeros([length], { dtype: updates.dtype });
  // Those outside go to one more place, which is cut off.
  const isInside = np.logicalAnd(places.greaterEqual(0), places.less(length)) as Tensor;
  const safe = np.where(isInside, places, length).astype("int32");
  const run = (values: Tensor, at: Tensor): Tensor => {
    const params = { op, shape: [length + 1], axis: [0], outDim: 0, uniqueIndices: false };
    return wrap(bind("scatter", [toRaw(values), toRaw(at)], params)[0]) as Tensor;
  };
  return (inTrace(run, [updates, safe]) as Tensor).slice([0, length]);
}
