/** The logistic map: where the variance of exact gradients overtakes that of evolution strategies. */
import {
  type Experiment,
  type Figure,
  type LogisticMapTheta,
  type RunRecord,
  adam,
  defineExperiment,
  gradientGrowth,
  gradientVariance,
  innerProblem,
  logisticMap as logisticMapProblem,
  lyapunov,
  np,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid, mean } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.01, pairs: 50, truncation: 4 }, "fullEs"),
    steps: z.int().min(1).default(200).describe("outer steps"),
    learningRate: z.number().positive().default(1e-3).describe("of Adam on theta"),
    start: z.number().gt(0).lt(1).default(0.3).describe("initial x_0"),
    rate: z.number().positive().max(4).default(4).describe("of the map; 4 has the exponent ln 2"),
    target: z.number().default(0.75).describe("where the orbit is to stay; 3/4 is the fixed point at rate 4"),
    horizon: z.int().min(2).default(12).describe("steps of the map"),
    samples: z.int().min(2).default(4000).describe("perturbations per measured variance"),
    dtype: z.enum(["float32", "float64"]).default("float64"),
  }),
);

type Config = z.infer<typeof config>;
type Theta = LogisticMapTheta;

export const logisticMap: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "logistic-map",
  summary: "the start of a chaotic orbit; where exact gradients become worse than black-box ones",
  paper: "Metz et al., Gradients are Not All You Need (2021), on the smallest chaotic system",
  config,
  setup(settings: Config) {
    const { estimator, horizon, rate, target, steps, learningRate, dtype } = settings;
    const problem = logisticMapProblem({ rate, target, horizon });
    const options = {
      ...estimatorOptions(settings),
      truncation: Math.min(settings.truncation, horizon),
      objective: "mean",
    } as const;
    const outer = outerRate(learningRate, (to) => adam({ learningRate: to }));
    return {
      theta: { start: np.array(settings.start, { dtype }) },
      ...outerParts(estimator, problem, options, outer.optimizer(outer.value)),
      inner: innerProblem(problem, options, outer),
      steps,
      evaluate(theta, initial) {
        const orbit = logisticMapProblem({ rate, horizon: Infinity });
        const { exponents } = lyapunov(orbit, initial, { steps: 20_000, exponents: 1 });
        const [before, after] = [initial, theta].map(
          ({ start }) => meanLosses(settings, [start!.item()])[0]!,
        );
        return {
          metrics: { start: theta.start!.item(), loss: after!, exponent: exponents[0]! },
          table: {
            title: `Mean squared distance from ${target} over ${horizon} steps`,
            columns: ["", "x_0", "loss"],
            rows: [
              ["initial", initial.start!.item(), before!],
              ["tuned", theta.start!.item(), after!],
            ],
          },
        };
      },
      figures: (run) => [crossoverFigure(settings), growthFigure(settings), surfaceFigure(settings, run)],
    };
  },
});

function startOf(x: number): Theta {
  return { start: np.array(x, { dtype: "float64" }) };
}

/** Mean loss over the first `steps` steps, per start. */
function meanLosses({ rate, target, horizon }: Config, starts: number[], steps = horizon): number[] {
  const { losses } = unroll(
    logisticMapProblem({ rate, target, horizon }),
    { start: np.array(Float64Array.from(starts)) },
    { key: random.key(0), isThetaBatched: true },
  );
  const columns = starts.map((_, i) =>
    Array.from({ length: steps }, (_step, t) => losses.data[t * starts.length + i]!),
  );
  return columns.map(mean);
}

function crossoverFigure({ start, rate, horizon, sigma, samples }: Config): Figure {
  const times = Array.from({ length: horizon }, (_, t) => t + 1);
  const problem = logisticMapProblem({ rate, horizon });
  const options = { horizons: times, sigma, samples, objective: "last" } as const;
  const { horizons, crossover } = gradientVariance(problem, startOf(start), options);
  const curve = (name: string, kind: "rp" | "es" | "esAntithetic") => ({
    name,
    x: times,
    y: horizons.map((measured) => measured[kind].totalVariance),
  });
  return {
    id: "crossover",
    title: "Variance of two estimates of the same gradient",
    caption: `Derivative of x_T with respect to x_0, smoothed by Gaussian noise of standard deviation ${sigma}: exact derivatives at perturbed starts against evolution strategies. The first grows by a factor of 4 per step, the second stays bounded${crossover === undefined ? "" : `; they cross at T = ${crossover}`}. The comparison of Metz et al. (2021), on a system with a closed form.`,
    x: { label: "steps T" },
    y: { label: "variance of one sample", scale: "log" },
    series: [
      curve("reparameterised (exact derivatives)", "rp"),
      curve("evolution strategies, antithetic", "esAntithetic"),
      curve("evolution strategies, plain", "es"),
    ],
    references:
      crossover === undefined
        ? []
        : [{ axis: "x" as const, value: crossover, label: "first T where ES is better" }],
  };
}

function growthFigure({ start, rate }: Config): Figure {
  const steps = 60;
  const problem = logisticMapProblem({ rate, horizon: steps });
  const theta = startOf(start);
  const { logStateNorms, precisionHorizon } = gradientGrowth(problem, theta);
  const { exponents } = lyapunov(logisticMapProblem({ rate, horizon: Infinity }), theta, { steps: 20_000 });
  const x = Array.from(logStateNorms, (_, t) => t + 1);
  const horizons = Object.entries(precisionHorizon).filter(([, value]) => value < steps);
  return {
    id: "growth",
    title: "Growth of the derivative of the state",
    caption: `|dx_T/dx_0| against exp(λT) with the Lyapunov exponent λ = ${exponents[0]!.toFixed(4)} measured over 20,000 steps (ln 2 = 0.6931 at rate 4). Beyond the vertical lines the orbit itself, and with it any exact derivative, is an artefact of rounding.`,
    x: { label: "steps T" },
    y: { label: "|dx_T/dx_0|", scale: "log" },
    series: [
      { name: "|dx_T/dx_0|", x, y: Array.from(logStateNorms, Math.exp) },
      { name: "exp(λT)", x, y: x.map((t) => Math.exp(exponents[0]! * t)) },
    ],
    references: horizons.map(([dtype, value]) => ({ axis: "x", value, label: `rounding in ${dtype}` })),
  };
}

function surfaceFigure(settings: Config, { theta }: RunRecord<Theta>): Figure {
  const x = grid(0.15, 0.35, 1201);
  const horizons = [...new Set([2, 6, settings.horizon].filter((steps) => steps <= settings.horizon))];
  return {
    id: "surface",
    title: "The loss against the start, for growing horizons",
    caption:
      "Mean squared distance from the target over the first steps. 1/4 is mapped to the fixed point 3/4. Longer horizons make the loss rough without making it larger: derivatives say ever less about where the minimum is.",
    x: { label: "x_0" },
    y: { label: "mean squared distance" },
    series: horizons
      .map((steps) => ({ name: `T = ${steps}`, x, y: meanLosses(settings, x, steps) }))
      .toReversed(),
    references: [{ axis: "x", value: theta.start!.item(), label: "tuned start" }],
  };
}
