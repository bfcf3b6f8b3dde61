/**
 * The classical momentum that is nearest to a linearised optimizer: a b^k is fitted to its response to a unit gradient
 * by least squares. Unlike single modes this does not depend on how the modes share the work between them, which
 * nearly equal modes and swinging pairs leave open.
 */
import type { Modes } from "./modes.ts";
import { impulseResponse } from "./modes.ts";

export interface NearestMomentum {
  learningRate: number;
  momentum: number;
  /** Part of the response's sum of squares that the fit leaves: 0 for a momentum. */
  unexplained: number;
}

/** Over `steps` steps, default 60; momenta from 0 to 0.999. */
export function nearestMomentum(modes: Modes, steps = 60): NearestMomentum {
  const response = impulseResponse(modes, steps).map((x) => -x);
  const total = response.reduce((sum, x) => sum + x * x, 0);
  const fit = (momentum: number): NearestMomentum => {
    let [product, square, power] = [0, 0, 1];
    for (const x of response) {
      product += x * power;
      square += power * power;
      power *= momentum;
    }
    const unexplained = total === 0 ? 0 : Math.max(0, 1 - product ** 2 / (square * total));
    return { learningRate: product / square, momentum, unexplained };
  };
  // A grid first, since the error may have several minima; then the interval around the best is narrowed.
  let best = fit(0);
  for (let i = 1; i <= 999; i++) {
    const here = fit(i / 1000);
    if (here.unexplained < best.unexplained) best = here;
  }
  for (let width = 5e-4; width > 1e-12; width /= 2) {
    for (const momentum of [best.momentum - width, best.momentum + width]) {
      const here = fit(Math.min(0.9999, Math.max(0, momentum)));
      if (here.unexplained < best.unexplained) best = here;
    }
  }
  return best;
}
