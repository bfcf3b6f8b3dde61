/**
 * What rules that keep sums or means of squared gradients do with a gradient whose squares are beyond the numbers of
 * its dtype (1e20 in float32, 1e200 in float64): they leave the update out and count it. The square would be Infinity,
 * no later gradient would bring it down, and every step after it would be 0.
 *
 *     max |g| ≤ limit:   θ, state ← rule.update(g, state, θ)
 *     otherwise:         θ stays, of the state `step` and `skipped` count on
 *
 * A gradient that is not finite is passed on: it makes theta NaN, which `train` reports. Elements that are large but
 * have a square are the rule's own business: they shorten its steps for as long as its equations say.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { leastAbove0 } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, thetaEntries } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";

/** What is added to the state of a rule. */
export type Skipping = {
  /** Updates that were left out, because squares of the gradient overflow: int32 scalar. */
  skipped: Tensor;
};

/**
 * Largest element that passes. Its square is 2^-6 of the largest number: differences of two such elements can be squared,
 * and some squares be added.
 */
const limits = { float32: 2 ** 61, float64: 2 ** 509 } as const;

export interface SkipOverflowOptions {
  /** The rule's options: numbers among them that are 0 in the dtype of theta are errors at `init`. */
  options?: object;
  /** Whether squares are summed over a leaf, which then must have room for the sum. Default false. */
  isSummed?: boolean;
}

/** The rule, which an enormous gradient cannot stop for ever. Cost: one pass over the gradient more. */
export function skipOverflow<State extends Tree & { step: Tensor }>(
  rule: Optimizer<State>,
  { options = {}, isSummed = false }: SkipOverflowOptions = {},
): Optimizer<State & Skipping> {
  return {
    ...(rule as Optimizer<State & Skipping>),
    init(theta) {
      requireRepresentable(rule.name, options, theta);
      return { ...rule.init(theta), skipped: counter() };
    },
    update(gradient, state, theta, observed) {
      requireGradient(rule.name, theta, gradient, state);
      const { skipped, ...before } = state;
      const fits = squaresFit(gradient, isSummed);
      // What is not taken must be finite too, or its derivatives are not.
      const safe = mapFloats((g) => np.where(fits, g, np.zerosLike(g)), gradient);
      // Without the leaf that `init` has added it is the rule's state, which TypeScript does not see of a type parameter.
      const next = rule.update(safe, before as unknown as State, theta, observed);
      return {
        theta: tree.select(fits, next.theta, theta),
        state: {
          ...tree.select(fits, next.state, { ...before, step: next.state.step }),
          skipped: np.where(fits, skipped, advance(skipped)),
        },
      };
    },
  };
}

/** False where a gradient of finite elements has one whose square is beyond its dtype: bool scalar. */
export function squaresFit(gradient: unknown, isSummed = false): Tensor {
  let [fits, isFinite] = [tree.scalar(1, "bool"), tree.scalar(1, "bool")];
  mapFloats((g) => {
    if (g.size === 0) return g;
    const limit = limits[g.dtype === "float64" ? "float64" : "float32"] / (isSummed ? Math.sqrt(g.size) : 1);
    fits = np.logicalAnd(fits, np.abs(g).lessEqual(limit).all()) as Tensor;
    isFinite = np.logicalAnd(isFinite, np.isfinite(g).all()) as Tensor;
    return g;
  }, gradient);
  return np.logicalOr(fits, np.logicalNot(isFinite)) as Tensor;
}

/** Throws `OptionError` for an option above 0 that is 0 in the dtype of a leaf: an eps that protects from nothing. */
export function requireRepresentable(where: string, options: object, theta: unknown): void {
  for (const [path, { dtype }] of thetaEntries(where, theta).filter(([, leaf]) => isFloatLeaf(leaf))) {
    const type = dtype === "float64" ? "float64" : "float32";
    for (const [name, value] of Object.entries(options)) {
      if (typeof value !== "number" || value === 0 || type === "float64" || Math.fround(value) !== 0)
        continue;
      const place = path === "" ? "theta" : `theta at "${path}"`;
      const hint = `It is 0 in the dtype of ${place}.`;
      throw new OptionError(where, name, value, `at least ${leastAbove0[type]} for ${type}`, hint);
    }
  }
}
