/** What every estimator asks of theta, and does with it before its own code sees it. */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { GradientEstimator, PairEstimator } from "../estimator.ts";

/**
 * An estimator whose theta may hold plain numbers (float32 scalars, as in a state), and whose leaves are floating-point:
 * nothing else has a derivative, or can be perturbed. `sigma` is that of its Gaussian perturbations, if it has any.
 */
export function overTheta<Theta, State>(
  estimator: PairEstimator<Theta, State>,
  sigma?: number,
): PairEstimator<Theta, State>;
export function overTheta<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
  sigma?: number,
): GradientEstimator<Theta, State>;
export function overTheta<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
  sigma?: number,
): GradientEstimator<Theta, State> {
  const { name } = estimator;
  const plain = (theta: Theta): Theta => {
    const tensors = floatTheta(name, theta);
    if (sigma !== undefined) requireSpread(name, tensors, sigma);
    return tensors;
  };
  return {
    ...estimator,
    init: (theta, key) => estimator.init(plain(theta), key),
    estimate: (theta, state, key) => estimator.estimate(plain(theta), state, key),
  };
}

/** Bits of a significand behind the first. */
const bits = { float32: 23, float64: 52 } as const;
/** Spacings of numbers that a perturbation must have at least: below, most of it is lost as it is added. */
const leastSpacings = 2;

function requireSpread(where: string, theta: unknown, sigma: number): void {
  for (const [path, leaf] of tree.entries(theta)) {
    if (leaf.isTraced || leaf.size === 0) continue;
    let largest = 0;
    for (const x of leaf.data) largest = Math.max(largest, Math.abs(x));
    if (largest === 0 || !Number.isFinite(largest)) continue;
    const spacing = 2 ** (Math.floor(Math.log2(largest)) - bits[leaf.dtype as "float32" | "float64"]);
    if (sigma >= leastSpacings * spacing) continue;
    const at = path === "" ? "" : ` at "${path}"`;
    throw new OptionError(
      where,
      "sigma",
      sigma,
      `at least ${(leastSpacings * spacing).toPrecision(2)}, because ${leaf.dtype} numbers of the size of theta${at} ` +
        `(${largest.toPrecision(3)}) lie ${spacing.toPrecision(2)} apart and what is added to them is rounded`,
      "Take a larger sigma, keep theta in float64, or tune it in units in which it is smaller.",
    );
  }
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
