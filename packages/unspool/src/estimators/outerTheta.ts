/** What every estimator asks of theta, and does with it before its own code sees it. */
import { type Tensor, tree } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import type { GradientEstimator } from "./estimator.ts";

/**
 * An estimator whose theta may hold plain numbers (float32 scalars, as in a state), and whose leaves are floating-point:
 * nothing else has a derivative, or can be perturbed.
 */
export function overTheta<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
): GradientEstimator<Theta, State> {
  const { name } = estimator;
  return {
    ...estimator,
    init: (theta, key) => estimator.init(floatTheta(name, theta), key),
    estimate: (theta, state, key) => estimator.estimate(floatTheta(name, theta), state, key),
  };
}

function floatTheta<Theta>(where: string, theta: Theta): Theta {
  const tensors: unknown = tree.tensors(theta as unknown);
  const leaves = tree.entries(tensors);
  if (leaves.length === 0)
    throw new ShapeError(where, "theta has no leaves: there is nothing to estimate a gradient for.");
  for (const [path, leaf] of leaves) requireFloat(where, path, leaf);
  return tensors as Theta;
}

function requireFloat(where: string, path: string, leaf: Tensor): void {
  if (leaf.dtype === "float32" || leaf.dtype === "float64") return;
  throw new ShapeError(
    where,
    `theta${path === "" ? "" : ` at "${path}"`} is ${leaf.toString()}, which has no derivative and cannot be perturbed. ` +
      'Write it as floats (astype("float32")), or close over it instead of tuning it.',
    { path },
  );
}
