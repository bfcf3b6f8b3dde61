/**
 * The first-order baseline of `zoac-cartpole` and `zoac-acc`: a random policy of the same class as the controller (one side or
 * the other by the sign of a sum; a linear function of ten observations, of which a PID controller's four gains are a part),
 * trained by proximal policy optimisation. Evaluated is its most likely action.
 */
import {
  type DesignPolicy,
  type Experiment,
  type Key,
  type Setup,
  adam,
  categoricalPolicy,
  clipByGlobalNorm,
  defineExperiment,
  episodePlayer,
  gaussianPolicy,
  ppo,
  random,
  randomPolicy,
} from "unspool";
import { z } from "zod";
import { returnsAlong } from "./controlFigures.ts";
import { controlTasks, taskNames } from "./controlTasks.ts";
import { evaluationOf, returnsFigure } from "./controlTraining.ts";
import { withinBudget } from "./withinBudget.ts";

const config = z.strictObject({
  task: z.enum(taskNames).default("cartpole").describe("the environment"),
  steps: z.int().min(1).default(400).describe("outer steps at most"),
  budget: z.int().min(1).nullable().default(null).describe("steps of the environment; default: the task's"),
  samplers: z.int().min(1).default(8).describe("environments side by side"),
  played: z.int().min(1).default(128).describe("steps of each per outer step, a multiple of 16"),
  epochs: z.int().min(1).default(10).describe("passes over what was played"),
  batch: z.int().min(1).default(128).describe("steps of a batch"),
  learningRate: z.number().positive().default(0.01).describe("of the policy's Adam"),
  criticRate: z.number().positive().default(1e-3).describe("of the critic's Adam"),
  lambda: z.number().min(0).max(1).default(0.95).describe("of the advantages"),
});

type Config = z.infer<typeof config>;

export const ppoTraining: Experiment = defineExperiment<Config>({
  name: "ppo-training",
  summary: "a random policy of a controller's class, trained by PPO",
  paper: "Schulman et al., Proximal Policy Optimization Algorithms (arXiv 1707.06347)",
  config,
  setup(settings: Config, key: Key) {
    if (settings.task === "cartpole")
      return trained(settings, key, categoricalPolicy({ observations: 4, actions: 2, hidden: [] }));
    // Its deviation cannot reach 0, where that of a linear feedback ends in NaN.
    return trained(
      settings,
      key,
      gaussianPolicy({ observations: 10, actions: 1, hidden: [], headScale: 10 }),
    );
  },
}) as Experiment;

function trained<Theta>(settings: Config, key: Key, policy: DesignPolicy<Theta>): Setup<Theta> {
  const task = controlTasks[settings.task];
  const { episodes } = task;
  const environment = task.environment();
  const { samplers, epochs, batch, lambda } = settings;
  const budget = settings.budget ?? task.budget;
  const player = episodePlayer(environment, randomPolicy(environment, policy, "mode"));
  return {
    theta: policy.init(random.foldIn(key, "theta")),
    method: withinBudget(
      ppo({
        ...{ environment, policy, samplers, epochs, batch, lambda },
        ...{ steps: settings.played, segmentLength: 16 },
        optimizer: clipByGlobalNorm(adam({ learningRate: settings.learningRate }), { maxNorm: 0.5 }),
        critic: { optimizer: adam({ learningRate: settings.criticRate }) },
      }),
      budget,
    ),
    steps: settings.steps,
    evaluate: (theta, initial) =>
      evaluationOf(
        task,
        [initial, theta].map((one) => {
          const { returns } = player.play(one, random.foldIn(key, "evaluation"), { episodes });
          return Array.from(returns.data);
        }),
      ),
    figures: ({ metrics }) => [
      returnsFigure({ measure: task.measure, budget }, [{ name: "ppo", ...returnsAlong(metrics) }]),
    ],
  };
}
