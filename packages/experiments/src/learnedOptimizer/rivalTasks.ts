/** Tasks on which a learned optimizer is judged, and training runs on them by it and by Adam. */
import {
  type Experiment,
  type LabelledData,
  type Method,
  type Problem,
  createLearnedOptimizer,
  defineExperiment,
  type Tensor,
  learnableAdam,
  np,
  random,
  tree,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { type UnrollingState, unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { learnedFields, learnedOptions } from "./learnedOptimizer.ts";
import { type TaskSettings, adamRates, taskProblem } from "./learnedOptimizerStudy.ts";

/** Its own task and the same over longer runs see training images, the others the test images. */
export const taskNames = ["own", "longer", "wider", "deeper", "tanh", "larger-batches", "linear"] as const;
export type TaskName = (typeof taskNames)[number];

const { architecture, options, hidden, scales, horizon, batchSize, pool, evaluationRuns } = learnedFields;

/** Training steps of the runs beyond the horizon. */
export const longHorizonField: z.ZodDefault<z.ZodInt> = z
  .int()
  .min(1)
  .default(1000)
  .describe("training steps of the runs beyond the horizon");

const config = z.strictObject({
  task: z.enum(taskNames).default("own"),
  ...{ architecture, options, hidden, scales, horizon, batchSize, pool, evaluationRuns },
  longHorizon: longHorizonField,
});
type Config = z.infer<typeof config>;

interface JudgedTask {
  data: LabelledData;
  settings: TaskSettings;
}

function taskOf({ task, pool: pixels, longHorizon, ...settings }: Config): JudgedTask {
  const { train, test } = loadMnist(pixels);
  const own: TaskSettings = { ...settings, hidden: settings.hidden[0]! };
  const unseen: TaskSettings = { ...own, scales: [1, 1] };
  const tasks: Readonly<Record<TaskName, JudgedTask>> = {
    own: { data: train, settings: own },
    longer: { data: train, settings: { ...own, horizon: longHorizon } },
    wider: { data: test, settings: { ...unseen, hidden: [64] } },
    deeper: { data: test, settings: { ...unseen, hidden: [16, 16] } },
    tanh: { data: test, settings: { ...unseen, activation: "tanh" } },
    "larger-batches": { data: test, settings: { ...unseen, batchSize: 4 * unseen.batchSize } },
    linear: { data: test, settings: { ...unseen, hidden: [] } },
  };
  return tasks[task];
}

/** For people. */
export function taskWords(task: TaskName, size: number): string {
  const words: Readonly<Record<TaskName, string>> = {
    own: "its own",
    longer: "its own, longer",
    wider: "wider: 64 units",
    deeper: "deeper: 16, 16 units",
    tanh: "tanh",
    "larger-batches": `batches of ${4 * size}`,
    linear: "linear",
  };
  return words[task];
}

/** Points of a learning curve, about. */
const points = 100;
const windowOf = ({ horizon: steps }: Problem): number => Math.max(1, Math.floor(steps / points));

/** Training runs by the learned optimizer with the parameters `meta`. */
export function learnedRuns(meta: unknown): Experiment {
  return defineExperiment<Config>({
    name: "learned-runs",
    summary: "training runs by a learned optimizer",
    config,
    setup(settings, key) {
      const { data, settings: own } = taskOf(settings);
      const learned = createLearnedOptimizer(settings.architecture, learnedOptions(settings));
      const problem = taskProblem(learned, data, own) as Problem;
      const window = windowOf(problem);
      return {
        theta: meta,
        method: unrolling(problem, {
          key: random.foldIn(key, "evaluation"),
          particles: settings.evaluationRuns,
          window,
        }),
        steps: unrollingSteps(problem, undefined, window),
      };
    },
  });
}

/**
 * Training runs by Adam with each of its learning rates in turn, from the same seeds. Theta are the parameters of all,
 * [rates, …]; the metric `rate` is the index of the one of the step.
 */
export const adamRivals: Experiment = defineExperiment<Config>({
  name: "adam-rivals",
  summary: "training runs by Adam with ten learning rates",
  config,
  setup(settings, key) {
    const { data, settings: own } = taskOf(settings);
    const problem = taskProblem(learnableAdam(), data, own) as Problem;
    const window = windowOf(problem);
    const evaluationKey = random.foldIn(key, "evaluation");
    const metas = adamRates.map(
      (learningRate) => learnableAdam({ learningRate }).init(evaluationKey) as unknown,
    );
    const runs = unrolling(problem, { key: evaluationKey, particles: settings.evaluationRuns, window });
    return {
      theta: stacked(metas),
      method: eachInTurn(runs, problem.horizon),
      steps: metas.length * unrollingSteps(problem, undefined, window),
    };
  },
});

function stacked(trees: readonly unknown[]): unknown {
  const [first, ...rest] = trees;
  return tree.map((...leaves: (Tensor | undefined)[]) => np.stack(leaves as Tensor[]), first, ...rest);
}

interface InTurn {
  /** Which theta of the stack. */
  index: number;
  own: UnrollingState;
}

/** A unrolling of `length` inner steps at each theta of a stack, one after the other. */
function eachInTurn(runs: Method<unknown, UnrollingState>, length: number): Method<unknown, InTurn> {
  return {
    name: "unrollings in turn",
    recipe: (theta, { own }) => runs.recipe(theta, own),
    init: (theta, key) => ({ index: 0, own: runs.init(theta, key) }),
    step(theta, { index, own }, key) {
      const at = tree.map((leaf) => leaf.slice(index), theta);
      const { state, loss, metrics } = runs.step(at, own, key);
      const isDone = state.t === length;
      return {
        theta,
        state: isDone ? { index: index + 1, own: runs.init(theta, key) } : { index, own: state },
        loss,
        metrics: { ...metrics, rate: index },
      };
    },
  };
}
