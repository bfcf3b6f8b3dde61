/** Lorenz identification: two constants of a chaotic system from its trajectory, by any estimator. */
import {
  type EstimatorName,
  type Experiment,
  type Figure,
  type LorenzTheta,
  type Measure,
  type RunRecord,
  clipByGlobalNorm,
  estimatorEntry,
  findSearch,
  defineExperiment,
  innerProblem,
  lorenz,
  np,
  random,
  sgd,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach, measureInChunks } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid, mean, thin } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

/** Learning rates of SGD in the code released with NRES (NeurIPS 2023); relatives share them. */
const learningRates: Partial<Record<EstimatorName, number>> = {
  fullEs: 3e-5,
  truncatedEs: 3e-4,
  bptt: 1e-8,
  tbptt: 3e-4,
  uoro: 1e-13,
  dodge: 1e-10,
  rtrl: 1e-10,
};

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.04, pairs: 200, truncation: 100 }, "nres"),
    tasks: z
      .int()
      .min(1)
      .default(100)
      .describe("trajectories at different places (estimators with derivatives of windows)"),
    steps: z.int().min(1).default(3000).describe("outer steps"),
    learningRate: z
      .number()
      .positive()
      .optional()
      .describe("of SGD on theta; by default that of the paper for the estimator, 1e-5 for nres and pes"),
    clip: z.number().positive().optional().describe("longest gradient that is not shortened"),
    start: z.tuple([z.number(), z.number()]).default([3.116, 3.7]).describe("initial ln a and ln r"),
    horizon: z.int().min(1).default(2000).describe("inner steps of a trajectory, 0.005 of time each"),
    surface: z
      .int()
      .min(0)
      .default(81)
      .describe("points per side of the drawn loss surface; 0 leaves it out"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
  { optimizer: ["learningRate", "clip"] },
);

type Config = z.infer<typeof config>;
type LorenzProblem = ReturnType<typeof lorenz>;

/** ln a and ln r of the trajectory that is to be matched. */
const truth = [Math.log(10), Math.log(28)] as const;

export const lorenzIdentification: Experiment<unknown, LorenzTheta> = defineExperiment<Config, LorenzTheta>({
  name: "lorenz-identification",
  summary: "two constants of the Lorenz system from its trajectory, through chaos",
  paper: "Li et al. (NeurIPS 2023), section 5, and Metz et al., Gradients are Not All You Need (2021)",
  config,
  setup(settings: Config) {
    const { estimator, horizon, steps, dtype, start, clip, tasks, sigma, surface } = settings;
    const problem = lorenz({ horizon });
    const entry = findSearch(estimator) === undefined ? estimatorEntry(estimator) : undefined;
    // A search draws candidates, and no trajectories of its own.
    const { isWhole = true, isDeterministic = entry === undefined } = entry ?? {};
    const usualRate = (entry && learningRates[entry.name]) ?? 1e-5;
    const rate = outerRate(settings.learningRate ?? usualRate, (learningRate) => {
      const descent = sgd({ learningRate });
      return clip === undefined ? descent : clipByGlobalNorm(descent, { maxNorm: clip });
    });
    const options = {
      ...estimatorOptions(settings),
      objective: "mean",
      resets: "random-offset",
      // Whole trajectories of a problem without randomness are all the same, to whoever draws nothing either.
      tasks: isWhole && isDeterministic ? 1 : tasks,
    } as const;
    return {
      theta: { logA: np.array(start[0], { dtype }), logR: np.array(start[1], { dtype }) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const found = await measureEach(measure, "losses", [initial, theta, thetaOf(truth)], (at) =>
          describe(problem, at, sigma),
        );
        const rows = ["initial", "found", "truth"].map((name, i) => [name, ...found[i]!]) as [
          string,
          number,
          number,
          number,
          number,
        ][];
        const [, logA, logR, loss, smoothedLoss] = rows[1]!;
        return {
          metrics: { logA, logR, errorOfLogA: Math.abs(logA - truth[0]), errorOfLogR: Math.abs(logR - truth[1]), loss, smoothedLoss }, // prettier-ignore
          table: {
            title: `Mean squared error of z over ${horizon} steps`,
            columns: ["", "ln a", "ln r", "loss", `loss averaged over N(theta, ${sigma}²)`],
            rows,
          },
        };
      },
      figures: async (run, measure) => [
        ...(surface === 0 ? [] : [await surfaceFigure(problem, run, surface, measure)]),
        await sliceFigure(problem, start, measure),
      ],
    };
  },
});

function thetaOf([logA, logR]: readonly [number, number]): LorenzTheta {
  return { logA: np.array(logA, { dtype: "float64" }), logR: np.array(logR, { dtype: "float64" }) };
}

/** Losses [horizon, points] at points of the plane. */
function lossesAt(problem: LorenzProblem, logA: number[], logR: number[]): Float64Array {
  const thetas = { logA: np.array(Float64Array.from(logA)), logR: np.array(Float64Array.from(logR)) };
  const { losses } = unroll(problem, thetas, { key: random.key(0), isThetaBatched: true });
  return losses.data as Float64Array;
}

/** Mean over the first `steps` steps, per point. */
function meanLosses(losses: Float64Array, points: number, steps: number): number[] {
  return Array.from({ length: points }, (_, i) =>
    mean(Array.from({ length: steps }, (_step, t) => losses[t * points + i]!)),
  );
}

/** ln a, ln r, the loss there, and its mean over Gaussian perturbations. */
function describe(
  problem: LorenzProblem,
  theta: LorenzTheta,
  sigma: number,
): [number, number, number, number] {
  const draws = 512;
  const noise = random.normal(random.key(0), [2 * draws]).mul(sigma).data;
  const [logA, logR] = [theta.logA.item(), theta.logR.item()];
  const place = (center: number, first: number): number[] =>
    [center].concat(Array.from({ length: draws }, (_, i) => center + noise[2 * i + first]!));
  const losses = lossesAt(problem, place(logA, 0), place(logR, 1));
  const [loss, ...around] = meanLosses(losses, draws + 1, problem.horizon);
  return [logA, logR, loss!, mean(around)];
}

async function surfaceFigure(
  problem: LorenzProblem,
  run: RunRecord<LorenzTheta>,
  points: number,
  measure: Measure,
): Promise<Figure> {
  const path = thin(run.metrics, 400).map(({ theta }) => [theta!["logA"]![0]!, theta!["logR"]![0]!] as const);
  const start = [run.initialTheta.logA.item(), run.initialTheta.logR.item()] as const;
  const seen = [start, truth, ...path].filter(([a, r]) => Math.abs(a - 2.7) < 1.5 && Math.abs(r - 3.5) < 1);
  const around = (values: number[]): number[] =>
    grid(Math.min(...values) - 0.15, Math.max(...values) + 0.15, points);
  const [x, y] = [around(seen.map(([a]) => a)), around(seen.map(([, r]) => r))];
  const rows = await measureEach(measure, "surface", y, (logR) => {
    const losses = lossesAt(
      problem,
      x,
      x.map(() => logR),
    );
    return meanLosses(losses, points, problem.horizon);
  });
  const values = rows.flat();
  const drawn = [start, ...path].filter(([a, r]) => seen.some(([b, s]) => a === b && r === s));
  return {
    id: "surface",
    title: "Loss surface and the path of theta",
    caption:
      "Mean squared error of z over whole trajectories, rough wherever the system is chaotic. The lines cross at the truth; estimators that see through the window only stop at a larger a.",
    x: { label: "ln a" },
    y: { label: "ln r" },
    series: [{ name: "theta", x: drawn.map(([a]) => a), y: drawn.map(([, r]) => r) }],
    heatmap: { x, y, values, label: "mean squared error of z", scale: "log" },
    references: [
      { axis: "x", value: truth[0], label: "true ln a" },
      { axis: "y", value: truth[1], label: "true ln r" },
    ],
  };
}

/** The loss along the line from the start to the truth and beyond, for growing horizons. */
async function sliceFigure(
  problem: LorenzProblem,
  start: readonly [number, number],
  measure: Measure,
): Promise<Figure> {
  const places = grid(-0.2, 1.3, 601);
  const along = (axis: 0 | 1, at: readonly number[]): number[] =>
    at.map((s) => start[axis] + s * (truth[axis] - start[axis]));
  const horizons = [...new Set([100, 400, problem.horizon].filter((steps) => steps <= problem.horizon))];
  /** For each place, means over the horizons. */
  const found = await measureInChunks(measure, "slice", places, 100, (at) => {
    const losses = lossesAt(problem, along(0, at), along(1, at));
    const means = horizons.map((steps) => meanLosses(losses, at.length, steps));
    return at.flatMap((_, i) => means.map((values) => values[i]!));
  });
  return {
    id: "slice",
    title: "The loss between start and truth, for growing horizons",
    caption:
      "Mean squared error over the first steps along the line from the start (0) to the truth (1). Short horizons are smooth; long ones bounded but rough, so that their exact derivative says nothing of the way down. After Metz et al. (2021), their loss surfaces along a line.",
    x: { label: "from start (0) to truth (1)" },
    y: { label: "mean squared error of z", scale: "log" },
    series: horizons.map((steps, h) => ({
      name: `first ${steps} steps`,
      x: places,
      y: places.map((_, i) => Math.max(found[i * horizons.length + h]!, 1e-6)),
    })),
    references: [{ axis: "x", value: 1, label: "truth" }],
  };
}
