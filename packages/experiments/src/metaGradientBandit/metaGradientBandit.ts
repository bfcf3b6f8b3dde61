/**
 * The bandit learner of the paper at its size (30 arms, 10 pulls in each of 30 updates, noisy rewards): two step sizes,
 * before and after a switch, learned through whole lifetimes by the chosen estimator.
 */
import {
  type AnyEstimator,
  type Experiment,
  type Figure,
  type Key,
  type Measure,
  type MetaGradientSwitches,
  type Problem,
  type RateEta,
  type RunRecord,
  type Tensor,
  bandit,
  centralDifferences,
  defineExperiment,
  defineProblem,
  innerProblem,
  lifetimeProblem,
  metaGradient,
  moments,
  np,
  random,
  sgd,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorField, switchFields, switchesOf, uncorrected } from "../shared/metaGradientFields.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { grid, mean, thin } from "../shared/series.ts";

const config = z.strictObject({
  estimator: estimatorField,
  ...switchFields,
  lifetimes: z.int().min(2).default(1000).describe("lifetimes per outer step"),
  steps: z.int().min(1).default(60).describe("outer steps"),
  learningRate: z.number().positive().default(2).describe("of SGD on eta"),
  eta: z
    .tuple([z.number(), z.number()])
    .default([5, 1])
    .describe("initial eta; step sizes are softplus(eta) before and after the switch"),
  arms: z.int().min(2).default(30).describe("arms, with means exp(uniform(-100, 1)) per lifetime"),
  updates: z.int().min(4).default(30).describe("updates of a lifetime; the switch is at a quarter"),
  batch: z.int().min(1).default(10).describe("pulls per update"),
  rewardNoise: z.number().min(0).default(2).describe("standard deviation of rewards"),
  surface: z
    .int()
    .min(0)
    .default(15)
    .describe("points per side of the drawn return surface; 0 leaves it out"),
  samples: z
    .int()
    .min(0)
    .default(4000)
    .describe("lifetimes per point of the variance figure; 0 leaves it out"),
});

type Config = z.infer<typeof config>;
type Run = RunRecord<RateEta>;

/** Lifetimes, the same for every eta, of which returns are means. */
const surfaceLifetimes = 400;
const evaluationLifetimes = 20_000;

export const metaGradientBandit: Experiment<unknown, RateEta> = defineExperiment<Config, RateEta>({
  name: "meta-gradient-bandit",
  summary: "two step sizes of a bandit learner, by meta-gradients with and without their corrections",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the bandit experiments, at CPU size",
  config,
  setup(settings: Config) {
    const { lifetimes, steps, learningRate, surface, samples, eta } = settings;
    const task = taskOf(settings);
    const returns = returnsOf(lifetimeProblem(task));
    return {
      theta: { rates: np.array(eta) },
      estimator: estimatorOf(settings),
      inner: innerProblem(lifetimeProblem(task, { derivative: "surrogate" }), {
        tasks: lifetimes,
        pairs: lifetimes,
        sigma: 0.1,
        truncation: settings.updates,
      }),
      optimizer: sgd({ learningRate }),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const rows = await measureEach(measure, "returns", [initial, theta], (eta) =>
          returns([eta], evaluationLifetimes),
        );
        const [before, after] = rows.flat() as [number, number];
        return {
          metrics: { returnBefore: before, returnAfter: after },
          table: {
            title: `Mean reward per update of ${evaluationLifetimes} lifetimes, the same for both`,
            columns: ["", "eta before the switch", "eta after it", "reward"],
            rows: [
              ["initial", ...initial.rates.data, before],
              ["tuned", ...theta.rates.data, after],
            ],
          },
        };
      },
      figures: async (run, measure) => [
        ...(surface === 0 ? [] : [await surfaceFigure(returns, run, surface, measure)]),
        curveFigure(run),
        ...(samples === 0 ? [] : [await varianceFigure(settings, measure)]),
      ],
    };
  },
});

const taskOf = ({ arms, updates, batch, rewardNoise }: Config) =>
  bandit({ arms, updates, batch, rewardNoise });

function estimatorOf(settings: Config): AnyEstimator<RateEta> {
  const { estimator, lifetimes } = settings;
  const task = taskOf(settings);
  if (estimator === "metaGradient") return metaGradient(task, { ...switchesOf(settings), lifetimes });
  const directions = estimator === "centralDifferences" ? "axes" : "gaussian";
  return centralDifferences(lifetimeProblem(task), { directions, trajectories: lifetimes });
}

type Numbered = { rates: Tensor; lifetime: Tensor };

type Returns = (etas: readonly RateEta[], lifetimes: number) => number[];

/** Mean rewards at each eta, over the same lifetimes: their number is part of theta, and goes into the keys. */
function returnsOf(problem: Problem<RateEta, unknown>): Returns {
  const keyOf = (key: Key, { lifetime }: Numbered) => random.foldIn(key, lifetime);
  const numbered = defineProblem<Numbered, unknown>({
    horizon: problem.horizon,
    init: (theta, key) => problem.init({ rates: theta.rates }, keyOf(key, theta)),
    step: (theta, state, { t, key }) =>
      problem.step({ rates: theta.rates }, state, { t, key: keyOf(key, theta), batch: undefined }),
  });
  return (etas, lifetimes) => meanReturns(numbered, etas, lifetimes);
}

function meanReturns(
  numbered: Problem<Numbered, unknown>,
  etas: readonly RateEta[],
  lifetimes: number,
): number[] {
  const count = etas.length * lifetimes;
  const rates = Float32Array.from(
    { length: 2 * count },
    (_, i) => etas[Math.floor(i / (2 * lifetimes))]!.rates.data[i % 2]!,
  );
  const theta = {
    rates: np.array(rates, { shape: [count, 2] }),
    lifetime: np.array(Int32Array.from({ length: count }, (_, i) => i % lifetimes)),
  };
  const { losses } = unroll(numbered, theta, { key: random.key(0), isThetaBatched: true, isCommon: true });
  const sums = new Float64Array(etas.length);
  losses.data.forEach((loss, i) => (sums[Math.floor((i % count) / lifetimes)]! -= loss));
  return Array.from(sums, (sum) => sum / (lifetimes * numbered.horizon));
}

async function surfaceFigure(returns: Returns, run: Run, points: number, measure: Measure): Promise<Figure> {
  const side = grid(-2, 12, points);
  const rows = await measureEach(measure, "surface", side, (after) =>
    returns(
      side.map((before) => ({ rates: np.array([before, after]) })),
      surfaceLifetimes,
    ),
  );
  const values = rows.flat();
  const path = [
    ...run.initialTheta.rates.data,
    ...thin([...run.metrics], 200).flatMap(({ theta }) => theta!["rates"]!),
  ];
  return {
    id: "surface",
    title: "Return over the two etas, and the path of the run",
    caption:
      "The best step sizes are near (2.5, 3.4). Differences and the full correction go there, with noise; without " +
      "correction the path drifts to larger step sizes (return surface and trajectories of Vuorio et al.).",
    x: { label: "eta before the switch" },
    y: { label: "eta after the switch" },
    series: [{ name: "eta", x: path.filter((_, i) => i % 2 === 0), y: path.filter((_, i) => i % 2 === 1) }],
    heatmap: { x: side, y: side, values, label: "mean reward per update" },
  };
}

function curveFigure(run: Run): Figure {
  const records = thin([...run.metrics], 400);
  const x = records.map(({ step }) => step);
  const window = Math.max(1, Math.round(records.length / 12));
  const smooth = records.map((_, i) =>
    mean(records.slice(Math.max(0, i - window + 1), i + 1).map(({ loss }) => -loss)),
  );
  return {
    id: "learning-curve",
    title: "Mean reward per update over outer steps",
    caption:
      "Dots: the lifetimes of each outer step. Line: running mean. Learning curves of Vuorio et al., fewer steps.",
    x: { label: "outer step" },
    y: { label: "mean reward per update" },
    series: [
      { name: "each step", kind: "dots", x, y: records.map(({ loss }) => -loss) },
      { name: "running mean", x, y: smooth },
    ],
  };
}

const coefficients = [0, 0.5, 1];

async function varianceFigure(settings: Config, measure: Measure): Promise<Figure> {
  const task = taskOf(settings);
  const eta = { rates: np.array([2, 2]) };
  const varianceOf = (switches: MetaGradientSwitches): number => {
    const estimator = metaGradient(task, { ...switches, lifetimes: settings.samples });
    const { info } = estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(1));
    const meter = moments(2);
    const { data } = info.perLifetimeGradient;
    for (let i = 0; i < settings.samples; i++) meter.add([data[2 * i]!, data[2 * i + 1]!]);
    return meter.variance().reduce((sum, v) => sum + v, 0);
  };
  const { updates } = settings;
  const windows = [...new Set([0.3, 0.75, 1].map((part) => Math.round(part * updates)))];
  const lambda = (coefficient: number, length: number): MetaGradientSwitches => ({
    samplingCorrection: { coefficient },
    truncation: length === updates ? null : { length },
  });
  const all = [
    ...windows.flatMap((length) => coefficients.map((coefficient) => lambda(coefficient, length))),
    { hessian: "dice", ...uncorrected } as const,
    { hessian: "dice" } as const,
  ];
  const variances = (
    await measureEach(measure, "variance", all, (switches) => [varianceOf(switches)])
  ).flat();
  return {
    id: "variance",
    title: "Variance of one lifetime's meta-gradient at eta (2, 2)",
    caption:
      "The sampling correction costs three orders of magnitude, shorter windows give some of it back; DiCE alone costs " +
      "one, with the correction four (variance axis of the bias-variance plane of Vuorio et al.).",
    x: { label: "coefficient of the sampling correction" },
    y: { label: "variance, both coordinates", scale: "log" },
    series: [
      ...windows.map((length, i) => ({
        name: length === updates ? "whole lifetimes" : `windows of ${length}`,
        x: coefficients,
        y: variances.slice(i * coefficients.length, (i + 1) * coefficients.length),
      })),
      {
        name: "DiCE",
        kind: "dots",
        x: [0, 1],
        y: variances.slice(-2),
      },
    ],
  };
}
