/** y = scale x + shift. */
import { type Tensor, np } from "../../array/index.ts";
import type { Parameter } from "../distribution.ts";
import { floatParameters, requireEvery, requireFinite, requireNames, spread } from "../parameters.ts";
import type { Bijector } from "./bijector.ts";

export interface AffineParameters {
  /** Not 0; may be negative. Default 1. */
  scale?: Parameter;
  /** Default 0. */
  shift?: Parameter;
}

/**
 * Element by element; both broadcast to what is mapped.
 *
 * @throws OptionError for a known scale of 0, or a known parameter that is not finite.
 */
export function affineBijector(parameters: AffineParameters): Bijector {
  const where = "affineBijector";
  requireNames(where, parameters, ["scale", "shift"]);
  const given = floatParameters(where, { scale: parameters.scale ?? 1, shift: parameters.shift ?? 0 });
  const own = given.beside();
  const isScale = (value: number): boolean => value !== 0 && Number.isFinite(value);
  requireFinite(where, "shift", own.shift);
  requireEvery(where, "scale", own.scale, isScale, "a finite number that is not 0");
  return {
    name: "affine",
    eventRank: 0,
    linear: (beside) => given.beside(beside),
    forward(x: Tensor) {
      const { scale, shift } = given.beside(x);
      return x.mul(scale).add(shift);
    },
    inverse(y: Tensor) {
      const { scale, shift } = given.beside(y);
      return y.sub(shift).div(scale);
    },
    logDeterminant(x: Tensor, y: Tensor) {
      return spread(np.log(np.abs(given.beside(x).scale)), y.shape);
    },
  };
}
