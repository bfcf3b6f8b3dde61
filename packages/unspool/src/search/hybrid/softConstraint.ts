/**
 * A soft constraint on what a choice costs (Tan et al., "MnasNet", CVPR 2019): the return R counts
 *
 *     (R + offset) · ratio^alpha  within the target,    (R + offset) · ratio^beta  beyond,    ratio = cost(m) / target
 *
 * with R the negative loss. A factor below 1 makes less of what is positive only: `offset` must lift every return above 0.
 */
import { NonFiniteError, OptionError, requireKnownOptions, requirePositive } from "../../errors.ts";
import type { Json } from "../../json.ts";

export interface SoftConstraintOptions {
  /** What a choice [k] costs, above 0: multiplications, edges, distinct weights. */
  cost: (choice: Int32Array) => number;
  /** What it may cost. */
  target: number;
  /** Exponent within the target; below 0 it rewards what is cheaper still. Default 0. */
  alpha?: number;
  /** Exponent beyond the target, at most 0. Default -1. */
  beta?: number;
  /** Added to returns, so that they are above 0. The authors use 1000. */
  offset: number;
}

export interface SoftConstraint {
  readonly recipe: { readonly [option: string]: Json };
  /** The constrained loss of a choice. */
  apply(choice: Int32Array, loss: number): number;
}

/** Throws `NonFiniteError` where a return with its offset is below 0, or a cost is not a number above 0. */
export function softConstraint(options: SoftConstraintOptions): SoftConstraint {
  const where = "softConstraint";
  requireKnownOptions(where, options, ["cost", "target", "alpha", "beta", "offset"]);
  const { cost, target, alpha = 0, beta = -1, offset } = options;
  if (typeof cost !== "function") throw new OptionError(where, "cost", cost, "a function of a choice");
  requirePositive(where, "target", target);
  for (const [name, x] of Object.entries({ alpha, beta }))
    if (!(Number.isFinite(x) && x <= 0))
      throw new OptionError(where, name, x, "a finite number of at most 0");
  if (!Number.isFinite(offset)) throw new OptionError(where, "offset", offset, "a finite number");
  return {
    recipe: { cost: cost.name, target, alpha, beta, offset },
    apply(choice, loss) {
      // What has failed is for the search to drop.
      if (!Number.isFinite(loss)) return loss;
      const value = cost(choice);
      if (!(Number.isFinite(value) && value > 0))
        throw new NonFiniteError(
          where,
          `the cost of choice ${choice.join(", ")} is ${value}, and must be above 0.`,
        );
      const ratio = value / target;
      const lifted = offset - loss;
      if (lifted < 0)
        throw new NonFiniteError(
          where,
          `the return ${-loss} with its offset ${offset} is below 0, where a penalty would be a gain. Raise \`offset\`.`,
        );
      return -lifted * ratio ** (ratio <= 1 ? alpha : beta);
    },
  };
}
