/** Toy regression: a loss surface over theta that is chaotic where inner steps are long. */
import {
  type Experiment,
  type Figure,
  type Heatmap,
  type Problem,
  type RunRecord,
  type Series,
  type ToyRegressionTheta,
  adam,
  defineExperiment,
  innerProblem,
  np,
  random,
  toyRegression as toyRegressionProblem,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid, mean, thin } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.3, pairs: 50, truncation: 10 }),
    steps: z.int().min(1).default(2000).describe("outer steps"),
    learningRate: z.number().positive().default(1e-2).describe("of Adam (b1 = 0.99, b2 = 0.999) on theta"),
    theta: z
      .tuple([z.number(), z.number()])
      .default([-4, -4])
      .describe("initial log learning rates, start and end"),
    horizon: z.int().min(1).default(100).describe("inner steps of a trajectory"),
    surface: z
      .int()
      .min(0)
      .default(61)
      .describe("points per side of the drawn loss surface; 0 leaves it out"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
);

type Config = z.infer<typeof config>;
type ToyProblem = Problem<ToyRegressionTheta, { x: ReturnType<typeof np.array> }, undefined>;

/** Perturbed copies of theta over which the meta-loss is averaged at the end. */
const smoothingDraws = 512;

export const toyRegression: Experiment<unknown, ToyRegressionTheta> = defineExperiment<
  Config,
  ToyRegressionTheta
>({
  name: "toy-regression",
  summary: "learning rates of gradient descent on a 2-D surface, chaotic for long steps",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 4.2; Vicol, Kolter, Swersky (ICML 2023), Figure 15",
  config,
  setup(settings: Config) {
    const { estimator, sigma, horizon, learningRate, steps, dtype, surface } = settings;
    const problem = toyRegressionProblem({ horizon });
    const options = { ...estimatorOptions(settings), objective: "sum" } as const;
    const rate = outerRate(learningRate, (to) => adam({ learningRate: to, beta1: 0.99, beta2: 0.999 }));
    return {
      theta: { logLearningRate: np.array(settings.theta, { dtype }) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      evaluate(theta, initial) {
        const rows = [
          ["initial", ...describe(problem, initial, sigma)],
          ["tuned", ...describe(problem, theta, sigma)],
        ] as (string | number)[][];
        return {
          metrics: { metaLoss: rows[1]![1] as number, smoothedMetaLoss: rows[1]![2] as number },
          table: {
            title: `Summed loss of ${horizon} steps`,
            columns: ["", "at theta", `mean over N(theta, ${sigma}²)`],
            rows,
          },
        };
      },
      figures: (run) => [
        ...(surface === 0 ? [] : [surfaceFigure(problem, run, surface)]),
        metaLossFigure(problem, run),
        pathFigure(run),
      ],
    };
  },
});

/** Meta-loss at theta, and averaged over Gaussian perturbations (where the surface is chaotic only this is stable). */
function describe(problem: ToyProblem, theta: ToyRegressionTheta, sigma: number): [number, number] {
  const draws = random.normal(random.key(0), [smoothingDraws, 2]).mul(sigma).data.slice();
  draws.fill(0, 0, 2);
  const [a, b] = theta.logLearningRate.data;
  const losses = metaLosses(
    problem,
    Array.from(draws, (d, i) => d + (i % 2 === 0 ? a! : b!)),
  );
  return [losses[0]!, mean(losses.slice(1))];
}

/** Meta-losses at thetas given as pairs in one list. */
function metaLosses(problem: ToyProblem, pairs: number[]): number[] {
  const thetas = { logLearningRate: np.array(Float32Array.from(pairs), { shape: [pairs.length / 2, 2] }) };
  const { losses } = unroll(problem, thetas, { key: random.key(0), isThetaBatched: true });
  return [...losses.sum(0).data];
}

type Run = RunRecord<ToyRegressionTheta>;

const axes = {
  x: { label: "log learning rate at the start", domain: [-6, 6] as [number, number] },
  y: { label: "log learning rate at the end", domain: [-8, 6] as [number, number] },
};

/** Theta by outer step, with inner steps spent. */
function pathOf(run: Run, most: number): { innerSteps: number; start: number; end: number }[] {
  const [start, end] = [...run.initialTheta.logLearningRate.data] as [number, number];
  const path = thin(run.metrics, most).map(({ theta, innerSteps }) => {
    const [a, b] = theta!["logLearningRate"] as [number, number];
    return { innerSteps, start: a, end: b };
  });
  return [{ innerSteps: 0, start, end }, ...path];
}

function pathSeries(run: Run): Series {
  const path = pathOf(run, 400);
  return { name: "theta", x: path.map(({ start }) => start), y: path.map(({ end }) => end) };
}

/** The end of the paper's colour scale: beyond, one sees that runs diverge and nothing else. */
const worst = 1e4;

function surfaceFigure(problem: ToyProblem, run: Run, points: number): Figure {
  const [x, y] = [grid(...axes.x.domain, points), grid(...axes.y.domain, points)];
  const values = metaLosses(
    problem,
    y.flatMap((b) => x.flatMap((a) => [a, b])),
  ).map((value) => (value < worst ? value : worst));
  const heatmap: Heatmap = { x, y, values, label: "summed loss", scale: "log" };
  return {
    id: "surface",
    title: "Meta-loss surface and the path of theta",
    caption:
      "Theta starts at the lower left; the optimum lies in the smooth valley at the lower right, past the ridge of chaotic steps. Losses above 10,000 are drawn as that. The left half of ES-Single (ICML 2023), Figure 15.",
    x: axes.x,
    y: axes.y,
    series: [pathSeries(run)],
    heatmap,
  };
}

function metaLossFigure(problem: ToyProblem, run: Run): Figure {
  const path = pathOf(run, 200).slice(1);
  return {
    id: "meta-loss",
    title: "Meta-loss at the theta of the moment",
    caption:
      "Summed loss of one trajectory, against inner steps spent. PES and NRES go down to the valley, truncated and exact gradients stop at the edge of the chaotic region. The right half of ES-Single (ICML 2023), Figure 15.",
    x: { label: "inner steps spent, over all particles", scale: "log" },
    y: { label: "summed loss" },
    series: [
      {
        name: "meta-loss",
        x: path.map(({ innerSteps }) => innerSteps),
        y: metaLosses(
          problem,
          path.flatMap(({ start, end }) => [start, end]),
        ),
      },
    ],
  };
}

/** Alone in its figure, so that a report of several runs draws their paths over each other. */
function pathFigure(run: Run): Figure {
  return {
    id: "path",
    title: "Path of theta",
    caption: "On the axes of the surface.",
    x: axes.x,
    y: axes.y,
    series: [pathSeries(run)],
  };
}
