/** Vectors of independent normal numbers: N(mean, diag(sd²)). */
import { ShapeError } from "../errors.ts";
import { independentOf } from "./independent.ts";
import type { IndependentDistribution } from "./independent.ts";
import { type NormalDistribution, type NormalParameters, normalNumbers } from "./normal.ts";

export interface DiagonalNormalDistribution extends IndependentDistribution {
  readonly name: "diagonalNormal";
  readonly base: NormalDistribution;
  /** [...batch, d] each. */
  readonly parameters: NormalDistribution["parameters"];
}

/**
 * N(mean, diag(sd²)) of vectors [d], d being the last axis of `mean` [..., d] and `sd` or `logSd` [..., d], which
 * broadcast. Draws are mean + sd ε.
 *
 * @throws OptionError where `sd` is known and not above 0, a parameter known and not finite, or for a parameter of another name.
 * @throws ShapeError where neither has an axis.
 *
 * @example
 * diagonalNormal({ mean: np.zeros([64, 3]), logSd: -1 }).sample(key); // float32[64,3]: batch [64], event [3]
 */
export function diagonalNormal(parameters: NormalParameters): DiagonalNormalDistribution {
  const base = normalNumbers("diagonalNormal", parameters);
  if (base.batchShape.length === 0) {
    const what = "mean or sd must be [..., d], got two numbers. Of numbers there is normal({ mean, sd }).";
    throw new ShapeError("diagonalNormal", what);
  }
  return {
    ...independentOf("diagonalNormal", base, 1),
    name: "diagonalNormal",
    base,
    get parameters() {
      return base.parameters;
    },
  };
}
