/**
 * The transition times a normal factor out of recurrent networks over the observations (Lawson et al., NeurIPS 2022, section
 * 5.3):
 *
 *     q_t ∝ N(x_t; m, s^2) p(x_t | x_{t-1}),   (m, log s) = MLP([x_{t-1}, h_t, code_t])
 *
 * h_t is the state of an LSTM that has seen the past ("past", filtering), or of two that have seen past and future ("all",
 * smoothing). It starts at m = 0 and one s. The transition's moments are constants in it.
 */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../../errors.ts";
import { type Layer, type LstmWeights, applyMlp, initLstm, initMlp } from "../../../networks/index.ts";
import { type PositionCodeOptions, positionCode } from "../positionCode.ts";
import { everyObservation, lstmStates, rowsByStep } from "../recurrentObservations.ts";
import { withoutOutput } from "../twists/withoutOutput.ts";
import { priorTimes } from "./productProposal.ts";
import type { Proposal } from "./proposal.ts";

/** `backward` of smoothing alone. */
export type RecurrentProposalParams = { forward: LstmWeights; backward?: LstmWeights; network: Layer[] };

export interface RecurrentProposalOptions {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** Numbers of an observation, dy. */
  observationSize: number;
  /** What of the observations it looks at: "past" is filtering, "all" is smoothing. Default "all". */
  sees?: "past" | "all";
  /** Units of each LSTM. Default 32. */
  units?: number;
  /** Hidden units of the network, ReLU. Default [32, 32]. */
  hidden?: readonly number[];
  /** Every how many steps there is an observation, from step 0 on. Default 1. */
  every?: number;
  /** A code of how far the next observation is. Default: none. */
  position?: PositionCodeOptions;
  /** The least s. Default 1e-8. */
  leastSd?: number;
  /** s where learning starts: wide against the transition's noise, it leaves the transition as it is. Default 1. */
  startSd?: number;
}

/** The proposal. Cost: one pass of each LSTM per series, one of the network per particle and step. */
export function recurrentProposal(
  options: RecurrentProposalOptions,
): Proposal<unknown, RecurrentProposalParams, { context: Tensor }> {
  const where = "recurrentProposal";
  requireKnownOptions(where, options, [
    "steps",
    "stateSize",
    "observationSize",
    "sees",
    "units",
    "hidden",
    "every",
    "position",
    "leastSd",
    "startSd",
  ]);
  const { steps, stateSize, observationSize, sees = "all", units = 32, hidden = [32, 32] } = options;
  const { every = 1, position, leastSd = 1e-8, startSd = 1 } = options;
  for (const [name, value] of Object.entries({ steps, stateSize, observationSize, units, every }))
    requireInteger(where, name, value, 1);
  requireOneOf(where, "sees", sees, ["past", "all"]);
  if (hidden.length === 0) throw new OptionError(where, "hidden", hidden, "at least one layer");
  requirePositive(where, "leastSd", leastSd);
  requirePositive(where, "startSd", startSd);
  const isSmoothing = sees === "all";
  const code = position && positionCode(steps, every, position);
  // Filtering knows the last observation, smoothing the next one, of which both networks have a state.
  const round = isSmoothing ? Math.ceil : Math.floor;
  const count = Math.ceil(steps / every);
  const places = Array.from({ length: steps }, (_, t) => Math.min(round(t / every), count - 1));
  const inputSize = stateSize + (isSmoothing ? 2 : 1) * units + (position?.length ?? 0);
  return {
    name: isSmoothing ? "smoothing" : "filtering",
    init(key: Key) {
      const lstm = (name: string): LstmWeights =>
        initLstm(random.foldIn(key, name), { inputs: observationSize, units });
      const layers = initMlp(random.foldIn(key, "network"), [inputSize, ...hidden, 2 * stateSize]);
      return {
        forward: lstm("forward"),
        ...(isSmoothing && { backward: lstm("backward") }),
        network: startingAt(withoutOutput(layers), stateSize, startSd),
      };
    },
    rows({ forward, backward, network }, series) {
      const seen = everyObservation(series, every);
      const states = [
        rowsByStep(lstmStates(forward, seen, "forward"), places),
        ...(backward === undefined ? [] : [rowsByStep(lstmStates(backward, seen, "backward"), places)]),
        ...(code === undefined ? [] : [code]),
      ];
      const { weights, bias } = network[0]!;
      const context = np.matmul(np.concatenate(states, 1) as Tensor, weights.slice([stateSize, null]));
      return { context: context.add(bias) };
    },
    propose({ network }, { prior, x, row }) {
      const [first, ...others] = network as [Layer, ...Layer[]];
      const entered = np.matmul(x, first.weights.slice([0, stateSize])).add(row.context);
      const made = applyMlp(others, np.maximum(entered, 0) as Tensor);
      const sd = np.maximum(np.exp(made.slice([], [stateSize, null])), leastSd) as Tensor;
      return priorTimes(prior, { mean: made.slice([], [0, stateSize]), variance: sd.mul(sd) }, true);
    },
  };
}

/** Layers whose last bias gives m = 0 and s = `sd`. */
function startingAt(layers: Layer[], stateSize: number, sd: number): Layer[] {
  const bias = np.array(
    Float32Array.from({ length: 2 * stateSize }, (_, i) => (i < stateSize ? 0 : Math.log(sd))),
  );
  return layers.map((layer, i) => (i < layers.length - 1 ? layer : { ...layer, bias }));
}
