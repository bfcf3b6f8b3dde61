/** The L2 coefficient of a linear regression, tuned while the regression trains without an end. */
import {
  type Experiment,
  type Figure,
  type Measure,
  type RidgeTheta,
  type RunRecord,
  type StepRecord,
  adam,
  defineExperiment,
  innerProblem,
  np,
  ridgeLoss,
  ridgeTuning,
  train,
} from "unspool";
import { z } from "zod";
import { correlatedRegression } from "./regression.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid, thin } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.01, pairs: 2, truncation: 1 }),
    steps: z.int().min(1).default(50_000).describe("outer steps"),
    outerLearningRate: z.number().positive().default(0.003).describe("of Adam on theta"),
    theta: z.number().default(5).describe("initial logarithm of the L2 coefficient"),
    starts: z
      .array(z.number())
      .default([3, 1, -1, -3, -5])
      .describe("further initial thetas, each with a run of its own in the figures"),
    stepSize: z.number().positive().default(1e-3).describe("of gradient descent on the weights"),
    rows: z.int().min(10).default(308),
    features: z.int().min(1).default(6),
    correlation: z.number().min(0).lt(1).default(0.8).describe("of any two features"),
    noise: z.number().min(0).default(0.5).describe("on the targets, relative to what the features explain"),
    dataSeed: z.int().min(0).default(0).describe("of the synthetic data, whatever the seed of the run"),
  }),
  { optimizer: ["outerLearningRate"] },
);

type Config = z.infer<typeof config>;

export const ridgeCoefficient: Experiment<unknown, RidgeTheta> = defineExperiment<Config, RidgeTheta>({
  name: "ridge-coefficient",
  summary: "the L2 coefficient of a regression that trains without an end, against its closed-form optimum",
  paper: "Vicol, Metz, Sohl-Dickstein (ICML 2021), UCI Yacht regression, on synthetic data of its size",
  config,
  setup(settings: Config) {
    const data = correlatedRegression({ ...settings, seed: settings.dataSeed });
    const problem = ridgeTuning({ ...data, stepSize: settings.stepSize });
    const options = { ...estimatorOptions(settings), objective: "sum" } as const;
    const loss = (theta: number): number => ridgeLoss(data, theta);
    const optimum = optimalTheta(loss);
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: { logCoefficient: np.array(settings.theta, { dtype: "float64" }) },
      ...outerParts(settings.estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps: settings.steps,
      evaluate(theta, initial) {
        const [tuned, start] = [theta.logCoefficient.item(), initial.logCoefficient.item()];
        return {
          metrics: { theta: tuned, optimum, loss: loss(tuned), optimalLoss: loss(optimum) },
          table: {
            title: "Validation loss of the ridge solution at theta",
            columns: ["", "theta", "loss"],
            rows: [
              ["initial", start, loss(start)],
              ["tuned", tuned, loss(tuned)],
              ["optimum", optimum, loss(optimum)],
            ],
          },
        };
      },
      figures: async (run, measure) => [
        thetaFigure(run, optimum),
        ...(settings.starts.length === 0 ? [] : [await startsFigure(settings, run, optimum, measure)]),
        lossFigure(run, loss),
      ],
    };
  },
});

/** Minimiser of `loss` over [-8, 8]: the best of 801 grid points, refined by golden sections to 1e-6. */
export function optimalTheta(loss: (theta: number) => number): number {
  const points = grid(-8, 8, 801);
  const best = points.reduce((a, b) => (loss(b) < loss(a) ? b : a));
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [best - 0.02, best + 0.02];
  while (high - low > 1e-6) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return (low + high) / 2;
}

function path(metrics: readonly StepRecord[], initial: number): { x: number[]; y: number[] } {
  const points = thin(metrics, 400);
  return {
    x: [0, ...points.map(({ step }) => step)],
    y: [initial, ...points.map(({ theta }) => theta!["logCoefficient"]![0]!)],
  };
}

function thetaFigure(run: RunRecord<RidgeTheta>, optimum: number): Figure {
  return {
    id: "theta",
    title: "Log L2 coefficient over outer steps",
    caption:
      "The dashed line is the optimum by closed form. Truncated estimators move to another point or away.",
    x: { label: "outer step" },
    y: { label: "log L2 coefficient θ" },
    series: [{ name: "theta", ...path(run.metrics, run.initialTheta.logCoefficient.item()) }],
    references: [{ axis: "y", value: optimum, label: "optimum" }],
  };
}

/** Runs from the other starts with the same settings, seed and number of steps. */
async function startsFigure(
  settings: Config,
  run: RunRecord<RidgeTheta>,
  optimum: number,
  measure: Measure,
): Promise<Figure> {
  const paths = await measureEach(measure, "starts", settings.starts, async (theta) => {
    const other = await train(ridgeCoefficient, {
      config: { ...settings, theta, starts: [] },
      seed: run.seed,
      steps: run.metrics.length,
    });
    const { x, y } = path(other.metrics, theta);
    return [...x, ...y];
  });
  const series = [
    { name: `from ${settings.theta}`, ...path(run.metrics, settings.theta) },
    ...settings.starts.map((theta, i) => {
      const half = paths[i]!.length / 2;
      return { name: `from ${theta}`, x: paths[i]!.slice(0, half), y: paths[i]!.slice(half) };
    }),
  ];
  return {
    id: "starts",
    title: `Log L2 coefficient from ${series.length} starts, ${settings.estimator}`,
    caption:
      "The paper's figure for UCI Yacht: with PES every start reaches the dashed line, the optimum by closed form; with truncated ES none does.",
    x: { label: "outer step" },
    y: { label: "log L2 coefficient θ" },
    series,
    references: [{ axis: "y", value: optimum, label: "optimum" }],
  };
}

function lossFigure(run: RunRecord<RidgeTheta>, loss: (theta: number) => number): Figure {
  const { x, y } = path(run.metrics, run.initialTheta.logCoefficient.item());
  return {
    id: "ridge-loss",
    title: "Validation loss of the ridge solution at the theta of the moment",
    caption: "What a training run that has settled would cost, by closed form.",
    x: { label: "outer step" },
    y: { label: "validation loss" },
    series: [{ name: "loss", x, y: y.map(loss) }],
  };
}
