/**
 * Real-time recurrent learning: the exact gradient forward in time, from the influence matrix J = ds/dtheta.
 *
 *     g_t = (dl_t/ds) J + dl_t/dtheta,   J <- (df/ds) J + df/dtheta,   J_0 = d s_0 / d theta
 *
 * Williams and Zipser 1989. One jvp per parameter and step.
 */
import { requireKnownOptions } from "../../errors.ts";
import { type Tensor, jvp, vmap } from "../../array/index.ts";
import { type Problem, eraseProblem } from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { cut } from "../es/noise.ts";
import { type TangentMethod, type TangentState, tangentEstimator, thetaBasis } from "./tangents.ts";
import {
  type FinalDerivativeOptions,
  derivativeOptionNames,
  derivativeSettings,
  withFinal,
} from "./trajectory.ts";

/**
 * RTRL. `truncation` defaults to 1. Cost: per task truncation inner steps with one jvp per element of theta; as many
 * states.
 */
export function rtrl<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: FinalDerivativeOptions = {},
): GradientEstimator<Theta, TangentState> {
  requireKnownOptions("rtrl", options, derivativeOptionNames);
  return tangentEstimator(
    derivativeSettings("rtrl", eraseProblem(problem), { truncation: 1, ...options }, withFinal),
    influence,
  );
}

const influence: TangentMethod = {
  begin: ({ theta }, _task, start) =>
    vmap((direction: unknown) => jvp(start, [theta], [direction])[1])(thetaBasis(theta)),
  step(step, theta, floats, tangents) {
    const along = (direction: unknown, moved: Tensor[]) => jvp(step, [theta, floats], [direction, moved])[1];
    const [next, derivative] = vmap(along)(thetaBasis(theta), tangents as Tensor[]);
    return { tangents: next, gradient: cut(theta, derivative) };
  },
};
