/** 29 hyperparameters of three kinds, tuned at once through whole training runs: against random search. */
import {
  type Experiment,
  type Figure,
  type Key,
  type MixedTheta,
  type Problem,
  type RunRecord,
  type Tensor,
  adam,
  createEstimator,
  defineExperiment,
  innerProblem,
  mixedTuning,
  np,
  random,
  tree,
  unroll,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerRate } from "../shared/outerRate.ts";
import { type SearchPoint, randomSearch } from "./randomSearch.ts";
import { mean, thin } from "../shared/series.ts";

const config = z.strictObject({
  ...estimatorFields({ sigma: 0.3, pairs: 5, truncation: 10 }),
  nanPolicy: z.enum(["error", "zero"]).default("zero").describe("a diverged network leaves its pair out"),
  steps: z.int().min(1).default(1500).describe("outer steps"),
  outerLearningRate: z.number().positive().default(0.03).describe("of Adam on theta"),
  horizon: z.int().min(1).default(100).describe("training steps of the network"),
  batchSize: z.int().min(1).default(32),
  hiddenLayers: z.int().min(1).default(5),
  maxWidth: z.int().min(2).default(16).describe("units of a hidden layer before masking"),
  evaluationRuns: z
    .int()
    .min(1)
    .default(16)
    .describe("training runs from new seeds for every value in the end"),
  search: z
    .boolean()
    .default(true)
    .describe("random search with as many inner steps as the two-sided estimators take"),
});

type Config = z.infer<typeof config>;
type MixedProblem = Problem<MixedTheta, unknown, unknown>;

export const mnistMixed: Experiment<unknown, MixedTheta> = defineExperiment<Config, MixedTheta>({
  name: "mnist-mixed",
  summary: "29 learning rates, momenta and layer widths of a network on MNIST, against random search",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.2; Vicol, Kolter, Swersky (ICML 2023), Figure 9, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { hiddenLayers, maxWidth, batchSize, evaluationRuns, horizon, pairs, truncation } = settings;
    const { train, validation } = loadMnist(4);
    const sizes = { train, validation, classes: 10, hiddenLayers, maxWidth, batchSize, horizon };
    const problem = mixedTuning(sizes);
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    const keys = (name: string): Key => random.foldIn(key, name);
    const value = memo((theta: MixedTheta) => meanLoss(problem, theta, keys("evaluation"), evaluationRuns));
    let searched: SearchPoint<MixedTheta>[] | undefined;
    const search = (steps: number): SearchPoint<MixedTheta>[] =>
      (searched ??= randomSearch(problem, {
        key: keys("search"),
        runs: Math.max(1, Math.floor((2 * pairs * truncation * steps) / horizon)),
        draw: (one, count) => drawThetas(one, count, hiddenLayers, searchRanges),
      }));
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: initialTheta(keys("initial theta"), hiddenLayers),
      estimator: createEstimator(settings.estimator, problem, options),
      inner: innerProblem(problem, options, rate),
      optimizer: rate.optimizer(rate.value),
      steps: settings.steps,
      evaluate(theta, initial, stepsDone) {
        const found = settings.search ? search(stepsDone).map((point) => value(point.theta)) : [];
        const [chosen, best] = [found.at(-1)!, Math.min(...found)];
        const rows = [
          ["initial", value(initial)],
          ["tuned", value(theta)],
          ...(settings.search
            ? [
                ["random search: what it chose", chosen],
                ["random search: best that it ever chose", best],
              ]
            : []),
        ] as [string, number][];
        return {
          metrics: {
            initialLoss: value(initial),
            tunedLoss: value(theta),
            ...(settings.search ? { randomSearchLoss: chosen, randomSearchBestLoss: best } : {}),
          },
          table: {
            title: `Mean validation loss over ${horizon} training steps, ${evaluationRuns} new seeds`,
            columns: ["hyperparameters", "mean validation loss"],
            rows,
          },
        };
      },
      figures: (run) => [
        ...comparisonFigures(run, value, settings.search ? search(run.metrics.length) : []),
        widthsFigure(run, settings.maxWidth),
        blocksFigure(run, hiddenLayers),
      ],
    };
  },
});

type Range = readonly [low: number, high: number];

interface Ranges {
  rate: Range;
  momentum: Range;
  width: Range;
}

/** Where a run starts: that of the paper, but with ten times its learning rates for a tenth of its training steps. */
const initialRanges: Ranges = { rate: [1e-3, 1e-1], momentum: [0.01, 0.9], width: [0.2, 0.8] };
/** Where random search looks: narrower than in the released code (rates of 1e-8 to 10), which helps the search. */
const searchRanges: Ranges = { rate: [1e-3, 1], momentum: [0.01, 0.99], width: [0.1, 0.99] };

function initialTheta(key: Key, hiddenLayers: number): MixedTheta {
  return tree.map((leaf: Tensor) => leaf.slice(0), drawThetas(key, 1, hiddenLayers, initialRanges));
}

/** Uniform in unconstrained space; leaves [count, …]. */
function drawThetas(
  key: Key,
  count: number,
  hiddenLayers: number,
  { rate, momentum, width }: Ranges,
): MixedTheta {
  const blocks = 2 * hiddenLayers + 2;
  const uniform = (name: string, size: number, [low, high]: Range, inverse: (x: number) => number) => {
    const [from, to] = [inverse(low), inverse(high)];
    return random
      .uniform(random.foldIn(key, name), [count, size])
      .mul(to - from)
      .add(from);
  };
  const logit = (x: number) => Math.log(x / (1 - x));
  return {
    logLearningRate: uniform("rate", blocks, rate, Math.log),
    momentumLogit: uniform("momentum", blocks, momentum, logit),
    widthLogit: uniform("width", hiddenLayers, width, logit),
  };
}

/** The objective on new networks; Infinity where one of them diverges. */
function meanLoss(problem: MixedProblem, theta: MixedTheta, key: Key, networks: number): number {
  const { losses } = unroll(problem, theta, { key, particles: networks });
  const value = mean([...losses.data]);
  return Number.isFinite(value) ? value : Infinity;
}

function memo(fn: (theta: MixedTheta) => number): (theta: MixedTheta) => number {
  const known = new Map<string, number>();
  return (theta) => {
    const id = tree
      .leaves(theta)
      .map(({ data }) => data.join())
      .join(";");
    const result = known.get(id) ?? fn(theta);
    known.set(id, result);
    return result;
  };
}

type Run = RunRecord<MixedTheta>;

function thetaAt(values: Record<string, number[]>): MixedTheta {
  const leaf = (name: string) => np.array(Float32Array.from(values[name]!));
  return {
    logLearningRate: leaf("logLearningRate"),
    momentumLogit: leaf("momentumLogit"),
    widthLogit: leaf("widthLogit"),
  };
}

/** The run beside random search, and its best so far alone, which a report of several runs draws over each other. */
function comparisonFigures(
  run: Run,
  value: (theta: MixedTheta) => number,
  searched: readonly SearchPoint<MixedTheta>[],
): Figure[] {
  const points = thin(run.metrics, 30);
  const current = [value(run.initialTheta), ...points.map(({ theta }) => value(thetaAt(theta!)))];
  const x = [0, ...points.map(({ innerSteps }) => innerSteps)];
  const best = { name: "best so far", x, y: runningMinimum(current) };
  const found = runningMinimum(searched.map(({ theta }) => value(theta)));
  const last = Math.max(x.at(-1)!, searched.at(-1)?.innerSteps ?? 0);
  // A staircase: what was found holds until something better is.
  const stairs = searched.flatMap(({ innerSteps }, i) => [
    [innerSteps, found[i]!] as const,
    [searched[i + 1]?.innerSteps ?? last, found[i]!] as const,
  ]);
  const shared = {
    x: { label: "inner steps spent, over all particles" },
    y: { label: "mean validation loss" },
  };
  return [
    {
      id: "comparison",
      title: "Validation loss against inner steps, beside random search",
      caption:
        "Mean validation loss of networks from new seeds: with the hyperparameters of the moment, with the best of those so far, and with the best of random search, which chooses by single runs but is drawn at the best that it ever chose.",
      ...shared,
      series: [
        { name: "current", x, y: current },
        best,
        ...(stairs.length === 0
          ? []
          : [{ name: "random search", x: stairs.map(([at]) => at), y: stairs.map(([, y]) => y) }]),
      ],
    },
    {
      id: "best",
      title: "Best validation loss so far",
      caption:
        "The paper's comparison of PES, truncated ES and random search (PES, section 5.2; ES-Single, Figure 9). The dashed line is where random search ends.",
      ...shared,
      series: [best],
      references:
        found.length === 0 ? [] : [{ axis: "y", value: found.at(-1)!, label: "best of random search" }],
    },
  ];
}

function runningMinimum(values: readonly number[]): number[] {
  let least = Infinity;
  return values.map((value) => (least = Math.min(least, value)));
}

function widthsFigure(run: Run, maxWidth: number): Figure {
  const points = thin(run.metrics, 400);
  const layers = points[0]?.theta?.["widthLogit"]?.length ?? 0;
  return {
    id: "widths",
    title: "Units in use",
    caption: "The loss is a step function of these: no estimator that differentiates sees them.",
    x: { label: "outer step" },
    y: { label: "units of a hidden layer" },
    series: Array.from({ length: layers }, (_, i) => ({
      name: `layer ${i + 1}`,
      x: points.map(({ step }) => step),
      y: points.map(({ theta }) => Math.floor(maxWidth / (1 + Math.exp(-theta!["widthLogit"]![i]!)))),
    })),
  };
}

function blocksFigure({ initialTheta, theta }: Run, hiddenLayers: number): Figure {
  const blocks = Array.from({ length: hiddenLayers + 1 }, (_, layer) => layer + 1);
  const rates = ({ logLearningRate }: MixedTheta, part: 0 | 1) =>
    blocks.map((_, i) => Math.exp(logLearningRate.data[2 * i + part]!));
  return {
    id: "blocks",
    title: "Learning rates by layer",
    caption: "Of the weights and of the biases, before and after tuning.",
    x: { label: "layer" },
    y: { label: "learning rate", scale: "log" },
    series: [
      { name: "weights, initial", kind: "dots", x: blocks, y: rates(initialTheta, 0) },
      { name: "weights, tuned", x: blocks, y: rates(theta, 0) },
      { name: "biases, initial", kind: "dots", x: blocks, y: rates(initialTheta, 1) },
      { name: "biases, tuned", x: blocks, y: rates(theta, 1) },
    ],
  };
}
