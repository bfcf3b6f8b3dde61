/** Figures of the bias in bilevel problems: norms, the regression, spectral filters, and a line that turns. */
import {
  type Antidistillation,
  type Figure,
  type HypergradientOptions,
  type Measure,
  type RunRecord,
  bilevel,
  random,
  rotatingLine,
  sgd,
  spectralFilter,
} from "unspool";
import { discFigures } from "./discFigures.ts";
import { grid, thin } from "../shared/series.ts";
import type { BiasConfig, BiasTheta } from "./bilevelBias.ts";

export async function biasFigures(
  run: RunRecord<BiasTheta>,
  task: Antidistillation,
  settings: BiasConfig,
  measure: Measure,
): Promise<Figure[]> {
  return [
    normsFigure(run, task),
    regressionFigure(run, task),
    filterFigure(task, settings),
    missedFigure(task),
    lineFigure(),
    ...(settings.twoPoints ? await discFigures(measure) : []),
  ];
}

const seriesLengths = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500];
const dampings = grid(-3, 1.5, 19).map((exponent) => 10 ** exponent);

function normsFigure({ metrics }: RunRecord<BiasTheta>, task: Antidistillation): Figure {
  const series = seriesLengths.map((terms) => task.limit({ terms, alpha: task.alpha }));
  const damped = dampings.map((eps) => task.limit({ kind: "damped", eps }));
  const path = thin(metrics, 200) as unknown[] as { outerNorm: number; weightsNorm: number }[];
  return {
    id: "norms",
    title: "Norms of heights and weights that solve the problem",
    caption:
      "Every point on the two curves has outer loss 0. Few terms or much damping: small weights and large heights, at the upper left; " +
      "the exact response: the least heights, at the lower right. Truncation and damping trace nearly one curve. The run comes from 0.",
    x: { label: "norm of the weights |w|" },
    y: { label: "norm of the heights |u|" },
    series: [
      {
        name: "series of 1 to 500 terms",
        kind: "dots",
        x: series.map(({ weightsNorm }) => weightsNorm),
        y: series.map(({ outerNorm }) => outerNorm),
      },
      {
        name: "damping 30 to 0.001",
        x: damped.map(({ weightsNorm }) => weightsNorm),
        y: damped.map(({ outerNorm }) => outerNorm),
      },
      {
        name: "this run",
        x: path.map(({ weightsNorm }) => weightsNorm),
        y: path.map(({ outerNorm }) => outerNorm),
      },
    ],
  };
}

function regressionFigure({ theta }: RunRecord<BiasTheta>, task: Antidistillation): Figure {
  const x = grid(-Math.PI, Math.PI, 241);
  return {
    id: "regression",
    title: "Learned heights, and the regression on them",
    caption:
      "The curve is trained on the dots alone and passes through the real point (1, 2). One term lifts all points a little; " +
      "the exact response lifts those beside the real one. (Vicol et al. 2022, antidistillation.)",
    x: { label: "x" },
    y: { label: "y" },
    series: [
      { name: "learned points", kind: "dots", x: task.places, y: Array.from(theta.outer.data, Number) },
      { name: "real point", kind: "dots", x: [1], y: [2] },
      { name: "regression", x, y: task.predict(task.solve(theta.outer, theta.weights), x) },
    ],
  };
}

function filterFigure(task: Antidistillation, { terms }: BiasConfig): Figure {
  const lambdas = grid(-3, Math.log10(1 / task.alpha), 80).map((exponent) => 10 ** exponent);
  const drawn = (name: string, options: Parameters<typeof spectralFilter>[0]) => ({
    name,
    x: lambdas,
    y: lambdas.map((lambda) => spectralFilter(options, lambda)),
  });
  return {
    id: "filters",
    title: "What stands in the place of 1 / λ",
    caption:
      "The inverse of the inner Hessian by eigenvalue: a series of n terms levels off at alpha · n, damping at 1 / eps. Where " +
      "eps = 1 / (alpha · n) the two nearly agree: truncation is damping.",
    x: { label: "eigenvalue λ of the inner Hessian", scale: "log" },
    y: { label: "factor", scale: "log" },
    series: [
      drawn("exact", { kind: "exact" }),
      drawn(`series, ${terms} terms`, { terms, alpha: task.alpha }),
      drawn("damped alike", { kind: "damped", eps: 1 / (task.alpha * terms) }),
      drawn("series, 100 terms", { terms: 100, alpha: task.alpha }),
    ],
  };
}

const trainedSteps = [...new Set(grid(0, 3, 40).map((exponent) => Math.round(10 ** exponent)))];

function missedFigure(task: Antidistillation): Figure {
  const of = (options: HypergradientOptions): number[] => task.direction(options);
  const truth = trainedSteps.map((terms) => of({ terms }));
  const drawn = (name: string, options: HypergradientOptions) => {
    const found = of(options);
    const share = (wanted: number[]): number =>
      Math.hypot(...found.map((a, i) => a - wanted[i]!)) / Math.hypot(...wanted);
    return { name, x: trainedSteps, y: truth.map((wanted) => Math.max(share(wanted), 1e-8)) };
  };
  return {
    id: "missed",
    title: "What hypergradients miss, against how long the weights were trained",
    caption:
      "Distance from the derivative of what training really reaches, over its length: closed forms. Implicit kinds answer for " +
      "weights that have arrived; truncated backpropagation (a series of as many terms) for its last steps. Each is right at one " +
      "end and at no other. `unspool compare bilevel-bias` measures them, and evolution strategies, which are right everywhere and scatter.",
    x: { label: "inner steps", scale: "log" },
    y: { label: "error / length of the gradient", scale: "log" },
    series: [
      drawn("exact", { kind: "exact" }),
      drawn("damped, 0.1", { kind: "damped", eps: 0.1 }),
      drawn("series or last 20 steps", { terms: 20 }),
      drawn("series or last 5 steps", { terms: 5 }),
      drawn("identity", { kind: "identity", scale: task.alpha }),
    ],
  };
}

/** Outer steps of the line that turns: enough for both to come to rest at this rate. */
const lineSteps = 150;

function lineFigure(): Figure {
  const line = rotatingLine();
  const path = (strategy: "warm" | "cold") => {
    const { inner, outer, solve } = line;
    const method = bilevel({
      inner,
      outer,
      strategy,
      solver: solve,
      optimizer: sgd({ learningRate: 0.05 }),
      // Where a(u)ᵀw = 1 the Hessian a aᵀ and M are of a alone: v itself does what the pseudo-inverse makes of it.
      hypergradient: { kind: "identity" },
      retrain: { every: 0 },
    });
    const key = random.key(0);
    let theta = line.theta;
    let state = method.init(theta, key);
    const points = [Array.from(theta.weights.data, Number)];
    for (let i = 0; i < lineSteps; i++) {
      ({ theta, state } = method.step(theta, state, key));
      points.push(Array.from(theta.weights.data, Number));
    }
    return { name: `${strategy} starts`, x: points.map(([x]) => x!), y: points.map(([, y]) => y!) };
  };
  // Both end at u = -arctan(3/4), where the line of inner solutions passes through t.
  const u = -Math.atan(0.75);
  const [cos, sin] = [Math.cos(u), Math.sin(u)];
  const along = [-1, 1.6];
  return {
    id: "rotating-line",
    title: "One outer number, two answers: weights on a line that turns",
    caption:
      "Warm and cold starts end in the same outer parameter, whose inner solutions are the straight line. Warm-started weights " +
      "have moved along with it and rest near the target; weights that are trained from the start each time end at the other side.",
    x: { label: "w₁" },
    y: { label: "w₂" },
    series: [
      path("warm"),
      path("cold"),
      {
        name: "inner solutions at the end",
        x: along.map((s) => cos - sin * s),
        y: along.map((s) => sin + cos * s),
      },
      { name: "target", kind: "dots", x: [2], y: [1] },
      { name: "start", kind: "dots", x: [0], y: [0.5] },
    ],
  };
}
