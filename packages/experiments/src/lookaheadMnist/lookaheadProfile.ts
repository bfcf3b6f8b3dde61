/** The loss after each inner step of Lookahead's windows and after the pull, late in training. */
import {
  type Experiment,
  type Method,
  type NetworkTraining,
  type NetworkTrainingState,
  type Problem,
  type StepRecord,
  type Tensor,
  defineExperiment,
  defineProblem,
  lookahead,
  np,
  random,
} from "unspool";
import { z } from "zod";
import { type SmallMnist, loadSmallMnist } from "../shared/data/mnist.ts";
import { byParticle } from "../shared/records.ts";
import { type UnrollingState, unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { stack, stepsPerPoint } from "../shared/trainedGrid.ts";
import { type Hyperparameters, heavyBall, k, smallTraining } from "./lookaheadMethods.ts";

const config = z.strictObject({
  learningRate: z.number().positive().default(0.2),
  momentum: z.number().min(0).lt(1).default(0.9),
  alpha: z.number().gt(0).max(1).default(0.5),
  before: z.int().min(1).default(300).describe("updates before the windows that are measured"),
  windows: z.int().min(1).default(40).describe(`windows of ${k} updates that are measured`),
  seeds: z.int().min(1).default(2).describe("networks"),
});

/** Windows in an outer step: a measurement of each of their updates takes long. */
const windowsPerStep = 4;

/** The last outer step has the metrics `profile0` to `profile5`: see `profileOf`. */
export const lookaheadProfile: Experiment<unknown, Hyperparameters> = defineExperiment<
  z.infer<typeof config>,
  Hyperparameters
>({
  name: "lookahead-profile",
  summary: "loss within the windows of Lookahead",
  config,
  setup({ alpha, before, windows, seeds, ...cell }, key) {
    const data = loadSmallMnist();
    const training = smallTraining<Hyperparameters>(data, (theta) =>
      lookahead(heavyBall(theta), { k, alpha }),
    );
    const study = random.foldIn(key, "study");
    const first = unrolling(training.problem, {
      key: random.foldIn(study, "profile"),
      isThetaBatched: true,
      length: before,
      window: stepsPerPoint,
    });
    const second = unrolling(windowProblem(training, data, alpha), {
      key: random.foldIn(study, "windows"),
      isThetaBatched: true,
      length: windows,
      window: windowsPerStep,
      measure: (_theta, state) => ({
        profile: (state as WindowState).sums.mean(0).div(windows).data,
      }),
    });
    return {
      theta: stack(Array.from({ length: seeds }, () => cell)),
      method: inTurn(first, before, second, (inner) => ({
        training: inner,
        sums: np.zeros([seeds, k + 1]),
      })),
      steps: unrollingSteps(training.problem, before, stepsPerPoint) + Math.ceil(windows / windowsPerStep),
    };
  },
});

interface TurnState {
  isFirst: boolean;
  own: UnrollingState;
}

/** One unrolling, and another from the states that the first of `length` inner steps ends in. */
function inTurn<Theta>(
  first: Method<Theta, UnrollingState>,
  length: number,
  second: Method<Theta, UnrollingState>,
  start: (inner: unknown) => unknown,
): Method<Theta, TurnState> {
  return {
    name: "unrollings in turn",
    recipe: (theta, { own }) => ({
      first: first.recipe(theta, own)["unrolling"]!,
      second: second.recipe(theta, own)["unrolling"]!,
    }),
    init: (theta, key) => ({ isFirst: true, own: first.init(theta, key) }),
    step(theta, { isFirst, own }, key) {
      const made = (isFirst ? first : second).step(theta, own, key);
      const { state } = made;
      const isTurn = isFirst && state.t === length;
      return {
        ...made,
        state: {
          isFirst: isFirst && !isTurn,
          own: isTurn ? { inner: start(state.inner), t: 0 } : state,
        },
      };
    },
  };
}

/** Loss on the whole training set after inner steps 1 to k, before the pull, and after it. */
export interface Profile {
  fast: number[];
  slow: number;
}

export function profileOf(records: readonly StepRecord[]): Profile {
  const losses = byParticle(records.at(-1), "profile", k + 1);
  return { fast: losses.slice(0, k), slow: losses[k]! };
}

interface WindowState {
  training: unknown;
  /** [k + 1]: losses after each inner step and after the pull, summed over windows. */
  sums: Tensor;
}

/** Training whose step is one window. The last fast weights are found again from the pull: φ + (φ⁺ - φ) / alpha. */
function windowProblem(
  { problem, loss }: NetworkTraining<Hyperparameters>,
  { train }: SmallMnist,
  alpha: number,
): Problem<Hyperparameters, WindowState, undefined> {
  return defineProblem<Hyperparameters, WindowState>({
    name: "lookaheadWindow",
    horizon: Infinity,
    init: (theta, key) => ({ training: problem.init(theta, key), sums: np.zeros([k + 1]) }),
    step(theta, state, { t, key }) {
      const start = state.training as NetworkTrainingState;
      const losses: Tensor[] = [];
      let training = start;
      for (let i = 0; i < k; i++) {
        const here = random.foldIn(key, i);
        const context = { t: t.mul(k).add(i), key: here, batch: problem.data!(here) };
        training = problem.step(theta, training, context).state as NetworkTrainingState;
        if (i < k - 1) losses.push(loss(training.network, train));
      }
      const fast = start.network.map(({ weights }, layer) => ({
        weights: weights.add(training.network[layer]!.weights.sub(weights).div(alpha)),
      }));
      losses.push(loss(fast, train), loss(training.network, train));
      return { state: { training, sums: state.sums.add(np.stack(losses)) }, loss: losses.at(-1)! };
    },
  });
}
