/**
 * DODGE: the exact derivative along a random direction, forward in time, times that direction.
 *
 *     c = J u carried by one jvp per step,   g_t = (dl_t/ds · c + dl_t/dtheta · u) u,   u ~ N(0, I)
 *
 * Silver et al., "Learning by Directional Gradient Descent", ICLR 2022; the limit of NRES (or, with `noisePeriod`
 * equal to the truncation, of PES) for sigma -> 0.
 */
import { type Tensor, jvp, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Problem, eraseProblem } from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { type Noise, gaussian, ownNoise } from "../es/noise.ts";
import {
  type TangentMethod,
  type TangentShared,
  type TangentState,
  scaled,
  tangentEstimator,
  taskKey,
} from "./tangents.ts";
import {
  type FinalDerivativeOptions,
  derivativeOptionNames,
  derivativeSettings,
  withFinal,
} from "./trajectory.ts";

export interface DodgeOptions extends FinalDerivativeOptions {
  /** Inner steps between draws of the direction: the truncation, or Infinity (default) for one per trajectory. */
  noisePeriod?: number;
  /** Replaces the standard Gaussian direction: for tests. */
  noise?: Noise;
}

interface Direction {
  /** Present direction u. */
  current: unknown;
  /** Sum of the directions of this trajectory: the weight of the derivative. */
  sum: unknown;
  /** Tangent of the floating-point state. */
  state: Tensor[];
}

/**
 * DODGE. `truncation` defaults to 1. Cost: per task truncation inner steps with one jvp each; one state and two thetas.
 */
export function dodge<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: DodgeOptions = {},
): GradientEstimator<Theta, TangentState> {
  requireKnownOptions("dodge", options, [...derivativeOptionNames, "noisePeriod", "noise"]);
  const { noisePeriod = Infinity, noise = gaussian(1), ...rest } = options;
  const settings = derivativeSettings("dodge", eraseProblem(problem), { truncation: 1, ...rest }, withFinal);
  const { truncation } = settings.plan;
  if (noisePeriod !== Infinity) requireInteger("dodge", "noisePeriod", noisePeriod, 1);
  if (noisePeriod !== Infinity && noisePeriod !== truncation) {
    throw new OptionError("dodge", "noisePeriod", noisePeriod, `the truncation ${truncation}, or Infinity`);
  }
  return tangentEstimator(settings, directional(ownNoise(noise), noisePeriod === truncation));
}

function directional(noise: Noise, isRenewed: boolean): TangentMethod {
  const draw = (shared: TangentShared, task: Tensor) =>
    noise(shared.theta, {
      key: taskKey(shared, task),
      source: shared.key,
      pair: task,
      window: tree.scalar(0, "int32"),
    });
  return {
    begin(shared, task, start) {
      const current = draw(shared, task);
      return { current, sum: current, state: jvp(start, [shared.theta], [current])[1] };
    },
    ...(isRenewed
      ? {
          renew(shared: TangentShared, task: Tensor, tangents: unknown) {
            const { sum, state } = tangents as Direction;
            const current = draw(shared, task);
            return { current, sum: tree.add(sum, current), state };
          },
        }
      : {}),
    step(step, theta, floats, tangents) {
      const { current, sum, state } = tangents as Direction;
      const [, [moved, derivative]] = jvp(step, [theta, floats], [current, state]);
      return { tangents: { current, sum, state: moved }, gradient: scaled(sum, derivative) };
    },
  };
}
