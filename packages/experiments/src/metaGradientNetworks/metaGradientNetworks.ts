/**
 * When to explore again, learned: an actor-critic of two networks in the 5 x 5 maze, whose objects change their worth, with an
 * entropy bonus that is a function of its own last mean returns. What is learned is that function, through windows of lifetimes
 * that go on; with a replay buffer, if one is asked for, the agent learns from kept batches with importance ratios.
 */
import {
  type AnyEstimator,
  type Experiment,
  type Figure,
  type Layer,
  type LearningTask,
  type Measure,
  type Tensor,
  adam,
  applyMlp,
  defineExperiment,
  initMlp,
  innerProblem,
  lifetimeProblem,
  metaGradient,
  movingMaze,
  networkActorCritic,
  nn,
  np,
  random,
  replayedTask,
  unroll,
} from "unspool";
import { z } from "zod";
import { measureEach } from "../shared/measureInParts.ts";
import { mean } from "../shared/series.ts";

const config = z.strictObject({
  lifetimes: z.int().min(1).default(10).describe("lifetimes that are averaged; the paper has 50"),
  steps: z.int().min(1).default(20).describe("outer steps"),
  learningRate: z.number().positive().default(0.01).describe("of Adam on eta"),
  window: z.int().min(2).default(8).describe("updates per outer step; divides the updates of a lifetime"),
  correction: z.number().min(0).default(1).describe("coefficient of the sampling correction; 1 is all of it"),
  updates: z.int().min(2).default(160).describe("updates of a lifetime"),
  batch: z.int().min(1).default(5).describe("episodes per update"),
  swapEvery: z.int().min(1).default(80).describe("updates between two changes of the objects' worth"),
  hidden: z
    .array(z.int().min(1))
    .default([64])
    .describe("units of the agent's networks; the paper has 256, 256"),
  rate: z.number().positive().default(2).describe("step size of the agent; the paper has 1"),
  side: z.int().min(2).default(5).describe("cells per side"),
  remembered: z.int().min(1).default(10).describe("mean returns that eta sees"),
  units: z.int().min(0).default(0).describe("hidden units of eta; 0 for a linear function, the paper has 32"),
  bonus: z.number().positive().default(0.1).describe("first weight of the entropy, below 1"),
  replay: z.int().min(0).default(0).describe("batches that the agent keeps and learns from; 0 for none"),
  evaluationLifetimes: z.int().min(1).default(16).describe("new lifetimes of the evaluation"),
});

type Config = z.infer<typeof config>;
/** A network from the last mean returns to the logit of the entropy's weight. */
type Eta = { layers: Layer[] };

export const metaGradientNetworks: Experiment<unknown, Eta> = defineExperiment<Config, Eta>({
  name: "meta-gradient-networks",
  summary: "an entropy bonus that depends on past returns, for agents of networks in a maze that changes",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the 5x5 maze, at CPU size",
  config,
  setup(settings: Config, key) {
    const { lifetimes, steps, learningRate, window, correction, replay } = settings;
    const agents = agentsOf(settings);
    const task = (replay === 0 ? agents : replayedTask(agents, { capacity: replay })) as LearningTask<Eta>;
    const problem = lifetimeProblem(task);
    const evaluationKey = random.foldIn(key, "evaluation");
    const curveOf = (eta: Eta): number[] => {
      const { losses } = unroll(problem, eta, {
        key: evaluationKey,
        particles: settings.evaluationLifetimes,
      });
      return [...losses.mean(1).data].map((loss) => -loss);
    };
    const curves = async (etas: readonly Eta[], measure: Measure): Promise<number[][]> =>
      measureEach(measure, "returns", etas, curveOf);
    const estimator: AnyEstimator<Eta> = metaGradient(task, {
      lifetimes,
      truncation: { length: window, start: "contiguous" },
      samplingCorrection: { coefficient: correction },
      baseline: "constant",
    });
    return {
      theta: firstEta(settings, random.foldIn(key, "eta")),
      estimator,
      inner: innerProblem(lifetimeProblem(task, { derivative: "surrogate" }), {
        ...{ tasks: lifetimes, pairs: lifetimes, sigma: 0.1, truncation: window },
      }),
      optimizer: adam({ learningRate }),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const [before, after] = (await curves([initial, theta], measure)).map(mean) as [number, number];
        const none = np.zeros([settings.remembered]);
        const [first, tuned] = [initial, theta].map((eta) => bonusOf(eta, none).item());
        return {
          metrics: { returnBefore: before, returnAfter: after },
          table: {
            title: `Return per episode, mean over ${settings.updates} updates of ${settings.evaluationLifetimes} lifetimes`,
            columns: ["", "return", "entropy weight after returns of 0"],
            rows: [
              ["initial", before, first!],
              ["tuned", after, tuned!],
            ],
          },
        };
      },
      async figures({ theta, initialTheta }, measure) {
        return [curvesFigure(await curves([initialTheta, theta], measure), settings)];
      },
    };
  },
}) as Experiment<unknown, Eta>;

const bonusOf = ({ layers }: Eta, recent: Tensor): Tensor =>
  nn.sigmoid(applyMlp(layers, recent.reshape([1, -1]), undefined, np.tanh).reshape([]));

function agentsOf({ side, updates, batch, swapEvery, hidden, rate, remembered }: Config) {
  return networkActorCritic<Eta>(movingMaze({ side }), {
    ...{ updates, batch, swapEvery, hidden, remembered },
    rate: () => rate,
    entropy: bonusOf,
  });
}

/** The first entropy weight is `bonus` after returns of 0: biases but the last, and a linear function's weights, are 0. */
function firstEta({ remembered, units, bonus }: Config, key: Tensor): Eta {
  const logit = np.array([Math.log(bonus / (1 - bonus))]);
  if (units === 0) return { layers: [{ weights: np.zeros([remembered, 1]), bias: logit }] };
  const [first, last] = initMlp(key, [remembered, units, 1]) as [Layer, Layer];
  return { layers: [first, { ...last, bias: logit }] };
}

function curvesFigure([before, after]: number[][], { swapEvery, updates }: Config): Figure {
  const x = before!.map((_, t) => t + 1);
  return {
    id: "returns",
    title: "Return per episode over the updates of a lifetime",
    caption: "Means over new lifetimes. Where the objects change their worth the return falls.",
    x: { label: "update" },
    y: { label: "return" },
    series: [
      { name: "initial", x, y: before! },
      { name: "tuned", x, y: after! },
    ],
    references: Array.from({ length: Math.ceil(updates / swapEvery) - 1 }, (_, i) => ({
      axis: "x" as const,
      value: (i + 1) * swapEvery,
      label: "worth changes",
    })),
  };
}
