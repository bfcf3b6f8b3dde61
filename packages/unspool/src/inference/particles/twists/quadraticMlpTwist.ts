/**
 * A twist that is quadratic in the state, with coefficients out of a network that sees data and time:
 *
 *     (a, b, c) = MLP(z_t, t),   log r_t(x) = sum_i (a_i x_i^2 + b_i x_i) + c
 *
 * Lawson et al., NeurIPS 2022, section 5.1. It starts at log r = 0.
 */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { type Layer, applyMlp, initMlp } from "../../../networks/index.ts";
import type { ObservedSeries } from "../series.ts";
import {
  type Standardise,
  type TwistMoments,
  momentsOf,
  requireStandardise,
  runningMoments,
  standardisedSeries,
  unitMoments,
} from "./standardise.ts";
import type { Twist } from "./twist.ts";
import { withoutOutput } from "./withoutOutput.ts";

export type QuadraticMlpParams = { network: Layer[]; moments?: TwistMoments };

export interface QuadraticMlpTwistOptions<Model = unknown> {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** Numbers of an observation, dy. */
  observationSize: number;
  /** Hidden units, ReLU. Default [32]. */
  hidden?: readonly number[];
  /** z [T, inputs] of a series, standardised where that is asked for. Default: the last observation, at every step. */
  inputs?(series: ObservedSeries): Tensor;
  /** Elements of z_t. Default `observationSize`. */
  inputSize?: number;
  /** Default: nothing is, and the network sees t itself; otherwise t / (T - 1). */
  standardise?: Standardise<Model>;
  /** Share of a new batch in running moments. Default 0.01. */
  momentRate?: number;
}

interface Row {
  coefficients: Tensor;
  mean?: Tensor;
  sd?: Tensor;
}

/** The twist. Cost: one pass of the network per step, whatever the number of particles. */
export function quadraticMlpTwist<Model = unknown>(
  options: QuadraticMlpTwistOptions<Model>,
): Twist<Model, QuadraticMlpParams, Row> {
  const where = "quadraticMlpTwist";
  requireKnownOptions(where, options, [
    "steps",
    "stateSize",
    "observationSize",
    "hidden",
    "inputs",
    "inputSize",
    "standardise",
    "momentRate",
  ]);
  const { steps, stateSize, observationSize, hidden = [32], standardise, momentRate = 0.01 } = options;
  const { inputs = lastObservation, inputSize = observationSize } = options;
  for (const name of ["steps", "stateSize", "observationSize"] as const)
    requireInteger(where, name, options[name], 1);
  requireStandardise(where, standardise);
  if (!(momentRate > 0 && momentRate <= 1))
    throw new OptionError(where, "momentRate", momentRate, "above 0 and at most 1");
  const isRunning = standardise === "running";
  const clock = np.arange(steps).astype("float32").reshape([-1, 1]);
  const time = standardise === undefined ? clock : clock.mul(1 / Math.max(1, steps - 1));
  return {
    name: "quadraticMlp",
    isTrained: true,
    init(key: Key) {
      const layers = initMlp(random.foldIn(key, "network"), [inputSize + 1, ...hidden, 2 * stateSize + 1]);
      return {
        network: withoutOutput(layers),
        ...(isRunning && { moments: unitMoments(steps, stateSize, observationSize) }),
      };
    },
    rows({ network, moments }, series, model) {
      const own = momentsOf(standardise, moments, model, steps);
      const seen = inputs(standardisedSeries(series, own));
      const coefficients = applyMlp(network, np.concatenate([seen, time.astype(seen.dtype)], 1) as Tensor);
      if (own === undefined) return { coefficients };
      const byStep = (x: Tensor): Tensor => np.broadcastTo(x, [steps, stateSize]) as Tensor;
      return { coefficients, mean: byStep(own.stateMean), sd: byStep(own.stateSd) };
    },
    logTwist(_, { x, row: { coefficients, mean, sd } }) {
      const z = mean === undefined ? x : x.sub(mean).div(sd!);
      const [a, b] = [coefficients.slice([0, stateSize]), coefficients.slice([stateSize, 2 * stateSize])];
      return z
        .mul(a)
        .add(b)
        .mul(z)
        .sum(-1)
        .add(coefficients.slice(2 * stateSize));
    },
    ...(isRunning && {
      observe: ({ network, moments }: QuadraticMlpParams, simulated: { x: Tensor; y: Tensor }) => ({
        network,
        moments: runningMoments(moments!, simulated, momentRate),
      }),
    }),
  };
}

/** [T, dy]: the last observation at every step. */
export const lastObservation = ({ y }: ObservedSeries): Tensor =>
  np.broadcastTo(y.slice([-1, null]), [...y.shape]) as Tensor;
