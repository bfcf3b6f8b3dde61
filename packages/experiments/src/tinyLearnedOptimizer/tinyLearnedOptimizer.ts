/** A tiny learned optimizer, meta-trained through the training runs that it makes: where backpropagation fails. */
import {
  type Experiment,
  type Figure,
  type Key,
  type LearnedOptimizerTheta,
  type Measure,
  type Series,
  adam,
  clipByGlobalNorm,
  defineExperiment,
  gradientVariance,
  innerProblem,
  lossSlice,
  random,
  tinyLearnedOptimizer as tinyLearnedOptimizerProblem,
  tree,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach, measureInChunks } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.03, pairs: 16, truncation: 10 }, "fullEs"),
    tasks: z.int().min(1).default(8).describe("training runs per gradient (estimators with derivatives)"),
    steps: z.int().min(1).default(200).describe("outer steps"),
    outerLearningRate: z.number().positive().default(0.01).describe("of Adam on theta"),
    clip: z.number().positive().default(1).describe("longest meta-gradient that is not shortened"),
    scale: z.number().default(0.03).describe("c: how far the learned part moves weights"),
    learningRate: z.number().positive().default(0.1).describe("of the gradient descent underneath"),
    horizon: z.int().min(1).default(50).describe("training steps of the inner network"),
    samples: z.int().min(2).default(12).describe("perturbations per measured variance"),
    evaluationRuns: z.int().min(1).default(32).describe("training runs from new weights at the end"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
  { optimizer: ["outerLearningRate", "clip"] },
);

type Config = z.infer<typeof config>;

/** Scales at which training is calm and chaotic, for the comparison of variances. */
const scales = { calm: 0.001, chaotic: 0.1 };

export const tinyLearnedOptimizer: Experiment<unknown, LearnedOptimizerTheta> = defineExperiment<
  Config,
  LearnedOptimizerTheta
>({
  name: "tiny-learned-optimizer",
  summary: "a network that trains a network: meta-training by evolution strategies or backpropagation",
  paper: "Metz et al., Gradients are Not All You Need (2021), learned optimizers, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { estimator, horizon, steps, dtype, scale, tasks, clip, outerLearningRate } = settings;
    const problem = trainingRun(settings, key, scale);
    const options = {
      ...estimatorOptions(settings),
      truncation: Math.min(settings.truncation, horizon),
      objective: "mean",
      tasks,
    } as const;
    /** By gradient descent alone, by the first theta, and by the last. */
    const runsBy = async (
      initial: LearnedOptimizerTheta,
      tuned: LearnedOptimizerTheta,
      measure: Measure,
    ): Promise<Runs[]> => {
      const kinds = [
        [tuned, 0],
        [initial, scale],
        [tuned, scale],
      ] as const;
      const rows = await measureEach(measure, "training runs", kinds, ([theta, at]) =>
        trainingRuns(settings, random.foldIn(key, "evaluation"), theta, at),
      );
      return rows.map((row) => runsOf(row, horizon));
    };
    const rate = outerRate(
      outerLearningRate,
      (to) => clipByGlobalNorm(adam({ learningRate: to }), { maxNorm: clip }),
      "outerLearningRate",
    );
    return {
      theta: tree.astype(problem.theta!, dtype),
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const found = await runsBy(initial, theta, measure);
        const [descent, before, after] = found.map(({ meanLoss }) => meanLoss);
        return {
          metrics: { gradientDescentLoss: descent!, initialLoss: before!, tunedLoss: after! },
          table: {
            title: `Training loss over ${horizon} steps, medians of ${settings.evaluationRuns} runs from new weights`,
            columns: ["optimizer", "mean loss", "last loss"],
            rows: ["gradient descent alone", "learned, before meta-training", "learned, after"].map(
              (name, i) => [name, found[i]!.meanLoss, found[i]!.curve.at(-1)!],
            ),
          },
        };
      },
      figures: async (run, measure) => [
        curvesFigure(await runsBy(run.initialTheta, run.theta, measure)),
        await varianceFigure(settings, key, measure),
        await sliceFigure(problem, settings, key, measure),
      ],
    };
  },
});

function trainingRun({ horizon, learningRate }: Config, key: Key, scale: number) {
  return tinyLearnedOptimizerProblem({ scale, horizon, learningRate, key: random.foldIn(key, "theta") });
}

interface Runs {
  /** Medians over runs: of the mean over steps, and of every step; with tenths and nine tenths. */
  meanLoss: number;
  curve: number[];
  low: number[];
  high: number[];
}

/** What `runsOf` reads. */
function trainingRuns(settings: Config, key: Key, theta: LearnedOptimizerTheta, scale: number): number[] {
  const { evaluationRuns: count, horizon } = settings;
  const { losses } = unroll(trainingRun(settings, key, scale), theta, { key, particles: count });
  const { data } = losses;
  const steps = Array.from({ length: horizon }, (_, t) =>
    Float64Array.from(data.slice(t * count, (t + 1) * count)).sort(),
  );
  const quantile = (sorted: Float64Array, q: number): number => sorted[Math.round(q * (count - 1))]!;
  return [
    quantile(Float64Array.from(losses.mean(0).data).sort(), 0.5),
    ...[0.5, 0.1, 0.9].flatMap((q) => steps.map((sorted) => quantile(sorted, q))),
  ];
}

function runsOf([meanLoss, ...quantiles]: readonly number[], horizon: number): Runs {
  const [curve, low, high] = [0, 1, 2].map((i) => quantiles.slice(i * horizon, (i + 1) * horizon)) as [
    number[],
    number[],
    number[],
  ];
  return { meanLoss: meanLoss!, curve, low, high };
}

function curvesFigure([descent, before, after]: readonly Runs[]): Figure {
  const lines = (name: string, { curve, low, high }: Runs): Series[] => {
    const x = curve.map((_, t) => t + 1);
    return [
      { name, kind: "band", x, y: high, low },
      { name, x, y: curve },
    ];
  };
  return {
    id: "learning-curves",
    title: "Training of new networks",
    caption:
      "Loss after each step, median and the middle eight tenths of runs from new weights: gradient descent alone, with the random learned part that meta-training starts from, and with the one that it ends with.",
    x: { label: "training step" },
    y: { label: "mean squared error", scale: "log", domain: [1e-2, 10] },
    series: [
      ...lines("gradient descent alone", descent!),
      ...lines("learned, before meta-training", before!),
      ...lines("learned, after", after!),
    ],
  };
}

async function varianceFigure(settings: Config, key: Key, measure: Measure): Promise<Figure> {
  const { horizon, samples } = settings;
  const horizons = [1, 2, 5, 10, 15, 20, 30, 40, 50].filter((steps) => steps <= horizon);
  const series: Series[] = [];
  for (const scale of [scales.calm, scales.chaotic]) {
    const problem = trainingRun(settings, key, scale);
    // Three at a time: a pass over the longest gives the losses of all.
    const measured = await measureInChunks(measure, `variance, c = ${scale}`, horizons, 3, (some) => {
      const options = {
        key,
        horizons: some,
        samples,
        sigma: 0.01,
        trajectories: "common",
        mode: "reverse",
      } as const;
      const found = gradientVariance(problem, problem.theta!, options).horizons;
      return found.flatMap(({ rp, esAntithetic }) => [rp.totalVariance, esAntithetic.totalVariance]);
    });
    const finite = horizons
      .map((one, i) => [one, measured[2 * i]!, measured[2 * i + 1]!] as const)
      .filter(([, exact]) => exact < 1e40);
    const x = finite.map(([one]) => one);
    series.push(
      { name: `exact derivatives, c = ${scale}`, x, y: finite.map(([, exact]) => exact) },
      { name: `ES, c = ${scale}`, x, y: finite.map(([, , es]) => es) },
    );
  }
  return {
    id: "variance",
    title: "Variance of meta-gradients against the length of the unroll",
    caption: `At the initial theta, over ${samples} perturbations of standard deviation 0.01: exact derivatives at perturbed thetas, and antithetic evolution strategies. With a short reach (c = ${scales.calm}) derivatives are better by orders of magnitude at every length; with c = ${scales.chaotic} their variance grows exponentially with the length, and sooner or later overtakes that of evolution strategies. After the learned optimizers of Metz et al. (2021).`,
    x: { label: "training steps T", scale: "log" },
    y: { label: "variance of one sample (trace)", scale: "log" },
    series,
  };
}

async function sliceFigure(
  problem: ReturnType<typeof trainingRun>,
  settings: Config,
  key: Key,
  measure: Measure,
): Promise<Figure> {
  const lengths = [...new Set([5, 20, settings.horizon])].filter((steps) => steps <= settings.horizon);
  const slices = await measureEach(measure, "slice", lengths, (steps) => {
    const { offsets, losses } = lossSlice(problem, problem.theta!, { key, radius: 0.5, points: 401, steps });
    return [...offsets, ...losses];
  });
  return {
    id: "slice",
    title: "Meta-loss along a random direction of theta",
    caption:
      "Mean training loss over the first steps of one run, around the initial theta. Short unrolls are smooth, long ones rough. After the loss surfaces of Metz et al. (2021).",
    x: { label: "distance from the initial theta" },
    y: { label: "mean loss", scale: "log" },
    series: lengths
      .map((steps, i) => ({
        name: `T = ${steps}`,
        x: slices[i]!.slice(0, 401),
        y: slices[i]!.slice(401).map((loss) => Math.min(loss, 1e12)),
      }))
      .toReversed(),
  };
}
