/** The double pendulum: throwing the tip to a place, from regular motion and from chaos. */
import {
  type Experiment,
  type Figure,
  type Measure,
  type PendulumState,
  type Tensor,
  adam,
  defineExperiment,
  defineProblem,
  doublePendulum as doublePendulumProblem,
  innerProblem,
  lyapunov,
  np,
  pendulumTip,
  productSpectrum,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach, measureInChunks } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.05, pairs: 32, truncation: 50 }, "fullEs"),
    steps: z.int().min(1).default(200).describe("outer steps"),
    learningRate: z.number().positive().default(0.02).describe("of Adam on the start"),
    angle: z.number().default(2).describe("initial angle of both rods in radians, at rest"),
    target: z
      .tuple([z.number(), z.number()])
      .default([1.5, 0.5])
      .describe("where the tip is to be at the end"),
    horizon: z.int().min(1).default(200).describe("steps of 0.01 s"),
    damping: z.number().min(0).default(0).describe("torque per angular velocity, per second"),
    loss: z
      .enum(["last", "each"])
      .default("last")
      .describe("judge the end only, or every step (for estimators that see windows)"),
    points: z.int().min(2).default(601).describe("starts in the drawn slice"),
    dtype: z.enum(["float32", "float64"]).default("float64"),
  }),
);

type Config = z.infer<typeof config>;

const timeStep = 0.01;

export const doublePendulum: Experiment<unknown, PendulumState> = defineExperiment<Config, PendulumState>({
  name: "double-pendulum",
  summary: "the start of a double pendulum whose tip is to end at a place",
  paper: "Metz et al., Gradients are Not All You Need (2021), rigid bodies, at CPU size",
  config,
  setup(settings: Config) {
    const { estimator, horizon, target, damping, loss, steps, learningRate, angle, dtype } = settings;
    const problem = doublePendulumProblem({ horizon, target, damping, loss });
    const options = {
      ...estimatorOptions(settings),
      truncation: Math.min(settings.truncation, horizon),
      objective: loss === "last" ? "sum" : "mean",
    } as const;
    const rate = outerRate(learningRate, (to) => adam({ learningRate: to }));
    return {
      theta: { angles: np.array([angle, angle], { dtype }), velocities: np.zeros([2], { dtype }) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const rows = await measureEach(measure, "exponents", [initial, theta], (start) => {
          const { exponents } = lyapunov(endless(settings), start, {
            steps: 5000,
            exponents: 1,
            dt: timeStep,
          });
          return [endDistance(settings, start), exponents[0]!];
        });
        return {
          metrics: { distance: rows[1]![0]!, initialDistance: rows[0]![0]!, exponentPerSecond: rows[1]![1]! },
          table: {
            title: `Distance of the tip from the target after ${horizon} steps`,
            columns: ["", "distance", "largest exponent per second (50 s)"],
            rows: [
              ["initial", ...rows[0]!],
              ["tuned", ...rows[1]!],
            ],
          },
        };
      },
      figures: async (run, measure) => [
        await pathFigure(settings, run, measure),
        await sliceFigure(settings, measure),
        await growthFigure(settings, measure),
      ],
    };
  },
});

function endless({ damping }: Config, angle?: number) {
  return doublePendulumProblem({ damping, horizon: Infinity, ...(angle === undefined ? {} : { angle }) });
}

function endDistance({ horizon, target, damping }: Config, theta: PendulumState): number {
  const { losses } = unroll(doublePendulumProblem({ horizon, target, damping }), theta, {
    key: random.key(0),
  });
  return Math.sqrt(losses.data[horizon - 1]!);
}

/** One coordinate of the tip after each step, from each start. */
function tipCoordinate(
  { horizon, damping }: Config,
  starts: readonly PendulumState[],
  coordinate: 0 | 1,
  measure: Measure,
): Promise<number[][]> {
  const problem = doublePendulumProblem({ horizon, damping });
  const watched = defineProblem({
    ...problem,
    step(start: PendulumState, state: PendulumState, context) {
      const next = problem.step(start, state, context);
      return { state: next.state, loss: pendulumTip(next.state).slice(coordinate) as Tensor };
    },
  });
  return measureEach(
    measure,
    `coordinate ${coordinate}`,
    starts,
    (theta) => unroll(watched, theta, { key: random.key(0) }).losses.data,
  );
}

async function pathFigure(
  settings: Config,
  run: { initialTheta: PendulumState; theta: PendulumState },
  measure: Measure,
): Promise<Figure> {
  const starts = [run.initialTheta, run.theta];
  const across = await tipCoordinate(settings, starts, 0, measure);
  const up = await tipCoordinate(settings, starts, 1, measure);
  const tuned = { name: "tuned", x: across[1]!, y: up[1]! };
  const [x, y] = settings.target;
  return {
    id: "path",
    title: "Path of the tip",
    caption: `Over ${settings.horizon} steps of ${timeStep} s, before and after tuning of the start. The dot is where the tuned tip ends; the lines cross at the target.`,
    x: { label: "to the right of the hinge (m)", domain: [-3.6, 3.6] },
    y: { label: "above the hinge (m)", domain: [-2.1, 2.1] },
    series: [
      { name: "initial", x: across[0]!, y: up[0]! },
      tuned,
      { name: "end", kind: "dots", x: tuned.x.slice(-1), y: tuned.y.slice(-1) },
    ],
    references: [
      { axis: "x", value: x, label: "target, across" },
      { axis: "y", value: y, label: "target, up" },
    ],
  };
}

async function sliceFigure({ target, damping, points }: Config, measure: Measure): Promise<Figure> {
  const times = [100, 300, 1000];
  const angles = grid(0.1, 3, points);
  const problem = doublePendulumProblem({ horizon: Math.max(...times), target, damping });
  /** For each angle, the distances after the times. */
  const distances = await measureInChunks(measure, "slice", angles, 151, (some) => {
    const theta = {
      angles: np.array(Float64Array.from(some.flatMap((angle) => [angle, angle])), {
        shape: [some.length, 2],
      }),
      velocities: np.zeros([some.length, 2], { dtype: "float64" }),
    };
    const { losses } = unroll(problem, theta, { key: random.key(0), isThetaBatched: true });
    return some.flatMap((_, i) =>
      times.map((steps) => Math.sqrt(losses.data[(steps - 1) * some.length + i]!)),
    );
  });
  return {
    id: "slice",
    title: "Distance of the tip from the target against the angle of the start",
    caption:
      "Both rods at the same angle and at rest, after growing numbers of steps. From small angles the motion is regular and the curves are smooth for all times; from large ones they become rough. After the surfaces along a line of Metz et al. (2021).",
    x: { label: "initial angle (radians)" },
    y: { label: "distance from the target (m)" },
    series: times
      .map((steps, t) => ({
        name: `${(steps * timeStep).toFixed(0)} s`,
        x: angles,
        y: angles.map((_, i) => distances[i * times.length + t]!),
      }))
      .toReversed(),
  };
}

async function growthFigure(settings: Config, measure: Measure): Promise<Figure> {
  const times = grid(50, 2000, 40).map(Math.round);
  const starts = [0.1, 1, 2, 2.5];
  const growths = await measureEach(measure, "growth", starts, (angle) => {
    const problem = endless(settings, angle);
    const spectra = productSpectrum(problem, problem.theta!, { times });
    return spectra.map(({ logSingularValues }) => Math.exp(logSingularValues[0]!));
  });
  return {
    id: "growth",
    title: "Largest growth of a perturbation of the start",
    caption:
      "Largest singular value of the product of all step Jacobians, from four angles at rest. It grows at most linearly for regular motion and exponentially for chaotic motion: exact gradients of the end grow with it.",
    x: { label: "seconds" },
    y: { label: "largest singular value", scale: "log" },
    series: starts.map((angle, i) => ({
      name: `from ${angle} rad`,
      x: times.map((steps) => steps * timeStep),
      y: growths[i]!,
    })),
  };
}
