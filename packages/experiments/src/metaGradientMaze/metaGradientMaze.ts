/**
 * A learned baseline in a meta-gradient: an actor-critic finds its way in 3x3 mazes whose objects it cannot see, and the
 * weight of its entropy bonus is learned. Subtracting the agent's own values saves variance and adds a bias.
 */
import {
  type ActorCriticAgent,
  type ActorCriticData,
  type ActorCriticWorld,
  type AnyEstimator,
  type Experiment,
  type Figure,
  type LearningTask,
  type Measure,
  type MetaGradientSwitches,
  type RunRecord,
  type Tensor,
  actorCritic,
  adam,
  centralDifferences,
  defineExperiment,
  innerProblem,
  lifetimeProblem,
  maze,
  metaGradient,
  moments,
  nn,
  np,
  ownValues,
  random,
} from "unspool";
import { z } from "zod";
import { measureEach } from "../shared/measureInParts.ts";
import { grid } from "../shared/series.ts";

const config = z.strictObject({
  estimator: z.enum(["metaGradient", "centralDifferences"]).default("metaGradient"),
  correction: z.number().min(0).default(1).describe("coefficient of the sampling correction; 1 is all of it"),
  baseline: z
    .enum(["none", "values"])
    .default("none")
    .describe("subtracted from returns; values: the agent's own"),
  lifetimes: z.int().min(2).default(500).describe("lifetimes per outer step"),
  steps: z.int().min(1).default(40).describe("outer steps"),
  learningRate: z.number().positive().default(0.1).describe("of Adam on eta"),
  eta: z.number().default(2).describe("initial eta; the weight of the entropy is sigmoid(eta)"),
  updates: z.int().min(2).default(8).describe("updates of a lifetime"),
  batch: z.int().min(1).default(10).describe("episodes per update"),
  rate: z.number().positive().default(2).describe("step size of the agent"),
  valueWeight: z.number().min(0).default(4).describe("weight of the values' squared error"),
  points: z.int().min(0).default(7).describe("etas in the figures of gradients; 0 leaves them out"),
  samples: z.int().min(2).default(2000).describe("lifetimes per eta in the figures"),
});

type Config = z.infer<typeof config>;
type Eta = { entropy: Tensor };
type Task = LearningTask<Eta, ActorCriticAgent, ActorCriticWorld, ActorCriticData>;

export const metaGradientMaze: Experiment<unknown, Eta> = defineExperiment<Config, Eta>({
  name: "meta-gradient-maze",
  summary: "an entropy bonus learned in small mazes, and the bias of learned values as a baseline",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the 3x3 maze, with tables for networks",
  config,
  setup(settings: Config) {
    const { lifetimes, steps, learningRate, eta, points } = settings;
    const task = taskOf(settings);
    const problem = lifetimeProblem(task);
    const loss = centralDifferences(problem, { trajectories: 4000 });
    const returnAt = (at: Eta) => -loss.estimate(at, loss.init(at, random.key(0)), random.key(3)).loss;
    return {
      theta: { entropy: np.array(eta, { dtype: "float32" }) },
      estimator: estimatorOf(settings, task),
      inner: innerProblem(lifetimeProblem(task, { derivative: "surrogate" }), {
        tasks: lifetimes,
        pairs: lifetimes,
        sigma: 0.1,
        truncation: settings.updates,
      }),
      optimizer: adam({ learningRate }),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const returns = await measureEach(measure, "returns", [initial, theta], (at) => [returnAt(at)]);
        const rows = [initial, theta].map(({ entropy }, i): (string | number)[] => [
          ["initial", "tuned"][i]!,
          entropy.item(),
          sigmoid(entropy.item()),
          returns[i]![0]!,
        ]);
        return {
          metrics: { eta: theta.entropy.item(), return: rows[1]![3] as number },
          table: {
            title: "Return per episode over lifetimes",
            columns: ["", "eta", "entropy weight", "return"],
            rows,
          },
        };
      },
      figures: async (run, measure) => (points === 0 ? [] : gradientFigures(settings, task, run, measure)),
    };
  },
}) as Experiment<unknown, Eta>;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function taskOf({ updates, batch, rate, valueWeight }: Config): Task {
  const { mdp, rewards } = maze();
  const entropy = (eta: Eta) => nn.sigmoid(eta.entropy);
  return actorCritic<Eta>(mdp, { updates, batch, valueWeight, rewards, rate: () => rate, entropy });
}

function estimatorOf({ estimator, baseline, correction, lifetimes }: Config, task: Task): AnyEstimator<Eta> {
  if (estimator === "centralDifferences")
    return centralDifferences(lifetimeProblem(task), { trajectories: lifetimes });
  return metaGradient(task, {
    lifetimes,
    samplingCorrection: { coefficient: correction },
    ...(baseline === "values" ? { baseline: ownValues(task) } : {}),
  });
}

/** Of the estimates of single lifetimes. */
interface Spread {
  mean: number;
  variance: number;
  standardError: number;
}

async function gradientFigures(
  { points, samples }: Config,
  task: Task,
  run: RunRecord<Eta>,
  measure: Measure,
): Promise<Figure[]> {
  const etas = grid(-2, 4, points);
  const kinds: [string, MetaGradientSwitches][] = [
    ["full correction", {}],
    ["full correction, own values as baseline", { baseline: ownValues(task) }],
    ["no correction", { samplingCorrection: { coefficient: 0 } }],
  ];
  const spreads = async (name: string, samplesAt: (eta: Eta) => Tensor): Promise<Spread[]> => {
    const rows = await measureEach(measure, name, etas, (value) =>
      spreadOf(samplesAt({ entropy: np.array(value) })),
    );
    return rows.map(([mean, variance, standardError]) => ({
      mean: mean!,
      variance: variance!,
      standardError: standardError!,
    }));
  };
  const measured: { name: string; meters: Spread[] }[] = [];
  for (const [name, switches] of kinds) {
    const estimator = metaGradient(task, { ...switches, lifetimes: samples });
    const samplesAt = (eta: Eta): Tensor =>
      estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(1)).info.perLifetimeGradient;
    measured.push({ name, meters: await spreads(name, samplesAt) });
  }
  const truth = centralDifferences(lifetimeProblem(task), { trajectories: 4 * samples });
  const exact = await spreads(
    "differences",
    (eta) => truth.estimate(eta, truth.init(eta, random.key(0)), random.key(2)).info.perTrajectoryGradient,
  );
  const ascent = (meters: Spread[]) => meters.map(({ mean }) => -mean);
  const error = exact.map(({ standardError }) => 2 * standardError);
  const path = run.metrics.map(({ theta }) => theta!["entropy"]![0]!);
  return [
    {
      id: "gradient",
      title: "Meta-gradient over eta",
      caption:
        "The correction alone agrees with differences (band: two standard errors); subtracting values that the agent " +
        "learned from the same data takes a third of the gradient away. The advantage figure of Vuorio et al.",
      x: { label: "eta (entropy weight sigmoid(eta))" },
      y: { label: "gradient of the return" },
      series: [
        {
          name: "differences",
          kind: "band",
          x: etas,
          y: ascent(exact).map((x, i) => x + error[i]!),
          low: ascent(exact).map((x, i) => x - error[i]!),
        },
        ...measured.map(({ name, meters }) => ({ name, x: etas, y: ascent(meters) })),
      ],
    },
    {
      id: "deviation",
      title: "Standard deviation of one lifetime's estimate",
      caption: "What the values buy: the corrected estimate with them as a baseline is less noisy.",
      x: { label: "eta (entropy weight sigmoid(eta))" },
      y: { label: "standard deviation", scale: "log" },
      series: measured.map(({ name, meters }) => ({
        name,
        x: etas,
        y: meters.map(({ variance }) => Math.sqrt(variance)),
      })),
    },
    {
      id: "path",
      title: "Eta over outer steps",
      caption: "With rewards this sparse the agent learns faster without an entropy bonus: eta falls.",
      x: { label: "outer step" },
      y: { label: "eta" },
      series: [{ name: "eta", x: path.map((_, i) => i + 1), y: path }],
    },
  ];
}

/** Mean, variance and standard error of the mean. */
function spreadOf({ data }: Tensor): number[] {
  const meter = moments(1);
  for (const value of data) meter.add([value]);
  return [meter.mean[0]!, meter.variance()[0]!, meter.standardError()[0]!];
}
