/**
 * Where the state would come to rest under a steady gradient, for many of them. Learned optimizers move along a curve
 * in their state space, with an arm for each sign, and their effective learning rate falls along both arms: they adapt
 * it to the size of gradients. Maheswaranathan et al., NeurIPS 2021.
 */
import { requireKnownOptions } from "../../errors.ts";
import type { ComponentSystem } from "./componentSystem.ts";
import { type SoughtPoint, fixedPoints } from "./fixedPoints.ts";
import { type SlopeOptions, effectiveLearningRate, linearize, slopeOptions } from "./linearize.ts";

export interface InputFixedPointOptions extends SlopeOptions {
  /** Where the search at g = 0 starts. Default: the start of the system. */
  seed?: Float64Array;
}

export interface InputFixedPoints {
  /** In the order in which they were given. */
  gradients: Float64Array;
  /** h*(g). */
  points: SoughtPoint[];
  /** s(h*(g)): the slope at g = 0 of the update function in that state. */
  learningRates: Float64Array;
  /** w · (h*(g) - h*(0)) / |w|: how far along the direction that moves the parameter. */
  projections: Float64Array;
  /** h*(0) and its effective learning rate. */
  origin: SoughtPoint & { learningRate: number };
}

/** Follows the fixed point from g = 0 outwards on both sides. Cost: some derivatives of the step per gradient. */
export function inputFixedPoints(
  system: ComponentSystem,
  gradients: ArrayLike<number>,
  options: InputFixedPointOptions = {},
): InputFixedPoints {
  requireKnownOptions("inputFixedPoints", options, ["seed", "width"]);
  const { seed = system.start } = options;
  const slope = slopeOptions(options);
  const seek = (from: Float64Array, gradient: number): SoughtPoint =>
    fixedPoints(system, [from], { gradient }).points[0]!;
  const origin = seek(seed, 0);
  const found = new Map<number, SoughtPoint>();
  for (const sign of [-1, 1]) {
    const side = Array.from(gradients).filter((g) => (sign < 0 ? g < 0 : g >= 0));
    let from = origin.state;
    for (const g of side.toSorted((a, b) => Math.abs(a) - Math.abs(b))) {
      const point = seek(from, g);
      found.set(g, point);
      if (point.isFixed) from = point.state;
    }
  }
  const points = Array.from(gradients, (g) => found.get(g)!);
  const { readWeights } = linearize(system, origin.state, slope);
  const length = Math.hypot(...readWeights);
  return {
    gradients: Float64Array.from(gradients),
    points,
    learningRates: Float64Array.from(points, ({ state }) => effectiveLearningRate(system, state, slope)),
    projections: Float64Array.from(points, ({ state }) =>
      state.reduce((sum, x, i) => sum + (readWeights[i]! * (x - origin.state[i]!)) / length, 0),
    ),
    origin: { ...origin, learningRate: effectiveLearningRate(system, origin.state, slope) },
  };
}
