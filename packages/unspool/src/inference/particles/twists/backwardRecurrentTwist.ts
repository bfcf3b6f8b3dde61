/**
 * A twist by a recurrent network that runs from the end of the series to its beginning:
 *
 *     h_i = LSTM(y_i, h_{i+1}),   log r_t(x) = MLP([h_next(t), x, code_t]),   next(t): the first observation after t
 *
 * Lawson et al., NeurIPS 2022, sections 5.2 and 5.3. One pass serves all particles, so that a sweep costs O(T). It starts at
 * log r = 0.
 */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { type Layer, type LstmWeights, applyMlp, initLstm, initMlp } from "../../../networks/index.ts";
import { type PositionCodeOptions, positionCode } from "../positionCode.ts";
import { everyObservation, lstmStates, rowsByStep } from "../recurrentObservations.ts";
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

export type BackwardRecurrentParams = { lstm: LstmWeights; network: Layer[]; moments?: TwistMoments };

export interface BackwardRecurrentTwistOptions<Model = unknown> {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** Numbers of an observation, dy. */
  observationSize: number;
  /** Units of the LSTM. Default 32. */
  units?: number;
  /** Hidden units of the network, ReLU. Default [128]. */
  hidden?: readonly number[];
  /** Every how many steps there is an observation, from step 0 on: the LSTM sees these alone. Default 1. */
  every?: number;
  /** A code of how far the next observation is, for series that are not observed at every step. Default: none. */
  position?: PositionCodeOptions;
  /** Default: nothing is. */
  standardise?: Standardise<Model>;
  /** Share of a new batch in running moments. Default 0.01. */
  momentRate?: number;
}

interface Row {
  /** What the first layer makes of all but the state, [T, hidden]. */
  context: Tensor;
  mean?: Tensor;
  sd?: Tensor;
}

/** The twist. Cost: one pass of the LSTM per series, one of the network per particle and step. */
export function backwardRecurrentTwist<Model = unknown>(
  options: BackwardRecurrentTwistOptions<Model>,
): Twist<Model, BackwardRecurrentParams, Row> {
  const where = "backwardRecurrentTwist";
  requireKnownOptions(where, options, [
    "steps",
    "stateSize",
    "observationSize",
    "units",
    "hidden",
    "every",
    "position",
    "standardise",
    "momentRate",
  ]);
  const { steps, stateSize, observationSize, units = 32, hidden = [128], every = 1 } = options;
  const { position, standardise, momentRate = 0.01 } = options;
  for (const [name, value] of Object.entries({ steps, stateSize, observationSize, units, every }))
    requireInteger(where, name, value, 1);
  if (hidden.length === 0) throw new OptionError(where, "hidden", hidden, "at least one layer");
  requireStandardise(where, standardise);
  if (!(momentRate > 0 && momentRate <= 1))
    throw new OptionError(where, "momentRate", momentRate, "above 0 and at most 1");
  const isRunning = standardise === "running";
  const code = position && positionCode(steps, every, position);
  const next = Array.from({ length: steps }, (_, t) => Math.floor(t / every) + 1);
  const inputSize = units + stateSize + (position?.length ?? 0);
  return {
    name: "backwardRecurrent",
    isTrained: true,
    init(key: Key) {
      const layers = initMlp(random.foldIn(key, "network"), [inputSize, ...hidden, 1]);
      return {
        lstm: initLstm(random.foldIn(key, "lstm"), { inputs: observationSize, units }),
        network: withoutOutput(layers),
        ...(isRunning && { moments: unitMoments(steps, stateSize, observationSize) }),
      };
    },
    rows({ lstm, network, moments }, series, model) {
      const own = momentsOf(standardise, moments, model, steps);
      const states = lstmStates(lstm, everyObservation(standardisedSeries(series, own), every), "backward");
      const ahead = rowsByStep(states, next);
      const seen =
        code === undefined ? ahead : (np.concatenate([ahead, code.astype(ahead.dtype)], 1) as Tensor);
      // The first layer is linear in all that it sees: what particles share is multiplied once per step.
      const { weights, bias } = network[0]!;
      const context = np.matmul(seen, weights.slice([stateSize, null])).add(bias);
      if (own === undefined) return { context };
      const byStep = (x: Tensor): Tensor => np.broadcastTo(x, [steps, stateSize]) as Tensor;
      return { context, mean: byStep(own.stateMean), sd: byStep(own.stateSd) };
    },
    logTwist({ network }, { x, row: { context, mean, sd } }) {
      const z = mean === undefined ? x : x.sub(mean).div(sd!);
      const [first, ...others] = network as [Layer, ...Layer[]];
      const entered = np.matmul(z, first.weights.slice([0, stateSize])).add(context);
      return applyMlp(others, np.maximum(entered, 0) as Tensor).slice([], 0);
    },
    ...(isRunning && {
      observe: ({ moments, ...rest }: BackwardRecurrentParams, simulated: { x: Tensor; y: Tensor }) => ({
        ...rest,
        moments: runningMoments(moments!, simulated, momentRate),
      }),
    }),
  };
}
