/**
 * Random rotations of points of the plane by angles ε π η: the smallest augmentation. η = 1 is the whole circle.
 *
 *     R(φ) (x, y) = (x cos φ - y sin φ, x sin φ + y cos φ)
 */
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../errors.ts";
import type { Augmentation } from "./augmentation.ts";

export interface Rotation2dOptions {
  /** S, rotated copies of each point. Default 31; with a list of `epsilons`, their number. */
  samples?: number;
  /**
   * Whether ε is a grid instead of drawn from U[-1, 1), or the values that every point gets. The grid has both ends of the
   * circle once; do not start it at η = 0, where it has no derivative. Default false.
   */
  deterministic?: boolean | readonly number[];
}

/** Points are [n, 2]; η is [1], as a share of pi. */
export function rotation2d(options: Rotation2dOptions = {}): Augmentation {
  const where = "rotation2d";
  requireKnownOptions(where, options, ["samples", "deterministic"]);
  const { deterministic = false } = options;
  const isList = typeof deterministic !== "boolean";
  const { samples = isList ? deterministic.length : 31 } = options;
  requireInteger(where, "samples", samples, 1);
  if (isList && (deterministic.length !== samples || !deterministic.every(Number.isFinite))) {
    throw new OptionError(where, "deterministic", deterministic, `${samples} finite numbers`);
  }
  const fixed = isList ? deterministic : deterministic ? angleGrid(samples) : undefined;
  return {
    name: "rotation2d",
    samples,
    parameters: ["rotation"],
    draw(key, count, dtype = "float32") {
      if (fixed === undefined) return random.uniform(key, [count, samples], { minval: -1, maxval: 1, dtype });
      return np.zeros([count, samples], { dtype }).add(np.array([...fixed], { dtype }));
    },
    transform(eta, epsilon, inputs) {
      if (eta.ndim !== 1 || eta.shape[0] !== 1) {
        throw new ShapeError(where, `eta must be [1], the share of a half turn, got ${eta.toString()}.`);
      }
      requirePoints(inputs);
      const angle = epsilon.mul(eta).mul(Math.PI);
      const [cos, sin] = [np.cos(angle), np.sin(angle)];
      const [x, y] = [inputs.slice([], [0, 1]), inputs.slice([], [1, 2])];
      return np.stack([x.mul(cos).sub(y.mul(sin)), x.mul(sin).add(y.mul(cos))], -1);
    },
    requireInputs: requirePoints,
  };
}

function requirePoints(inputs: Tensor): void {
  if (inputs.ndim === 2 && inputs.shape[1] === 2) return;
  throw new ShapeError("rotation2d", `points must be [n, 2], got ${inputs.toString()}.`);
}

/** Equal steps around the circle, with neither end twice: of an odd number without -1 and 1, of an even one without -1. */
export function angleGrid(samples: number): number[] {
  const [from, to] =
    samples % 2 === 1 ? [-(1 - 1 / samples), 1 - 1 / samples] : [-(samples / 2 - 1) / (samples / 2), 1];
  return Array.from({ length: samples }, (_, i) =>
    samples === 1 ? 0 : from + ((to - from) * i) / (samples - 1),
  );
}
