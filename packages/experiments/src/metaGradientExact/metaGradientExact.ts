/**
 * Bias and variance of meta-gradients without sampling error: a three-armed bandit learner whose 729 lifetimes are
 * enumerated. The run follows the sampled estimate of the chosen switches; the figures say where it must end.
 */
import {
  type AnyEstimator,
  type EstimatorRow,
  type Experiment,
  type Figure,
  type MetaGradientSwitches,
  type RateEta,
  type RunRecord,
  type Tensor,
  bandit,
  centralDifferences,
  defineExperiment,
  estimatorTable,
  innerProblem,
  learnedRates,
  lifetimeProblem,
  metaGradient,
  np,
  sgd,
} from "unspool";
import { z } from "zod";
import {
  estimatorField,
  namedSwitches,
  switchFields,
  switchesOf,
  uncorrected,
} from "../shared/metaGradientFields.ts";
import { grid, thin } from "../shared/series.ts";

const config = z.strictObject({
  estimator: estimatorField,
  ...switchFields,
  lifetimes: z.int().min(2).default(4000).describe("lifetimes per outer step"),
  steps: z.int().min(1).default(150).describe("outer steps"),
  learningRate: z.number().positive().default(2).describe("of SGD on eta"),
  eta: z.number().default(2).describe("initial eta; the agent's step size is softplus(eta)"),
});

type Config = z.infer<typeof config>;
type Run = RunRecord<RateEta>;

/** Reward of each arm; first logits 0, one pull per update, six updates, no noise. */
const arms = [2, 1, 0.5];
const updates = 6;
const task = bandit({ arms, updates, batch: 1, rewardNoise: 0, rate: learnedRates() });
const at = (eta: number): RateEta => ({ rates: np.array(eta, { dtype: "float64" }) });
/** Where biases and variances are compared: between the rest of the exact gradient and that of the naive one. */
const shown = 1.5;

export const metaGradientExact: Experiment<unknown, RateEta> = defineExperiment<Config, RateEta>({
  name: "meta-gradient-exact",
  summary: "bias and variance of meta-gradients, by enumeration of a small bandit learner",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the claims on an enumerable problem",
  config,
  setup(settings: Config) {
    const { eta, steps, learningRate, lifetimes } = settings;
    return {
      theta: { rates: np.array(eta, { dtype: "float32" }) },
      estimator: estimatorOf(settings),
      inner: innerProblem(lifetimeProblem(task, { derivative: "surrogate" }), {
        tasks: lifetimes,
        pairs: lifetimes,
        sigma: 0.1,
        truncation: updates,
      }),
      optimizer: sgd({ learningRate }),
      steps,
      evaluate(theta, initial) {
        const rests = namedSwitches.map(([name, switches]) => [name, restOf(switches)] as const);
        const returnAt = (eta: number) => -estimatorTable(task, at(eta), []).loss;
        const rows = [
          ["initial", initial.rates.item()],
          ["tuned", theta.rates.item()],
          ...rests.map(([name, rest]) => [`rest of ${name}`, rest] as const),
        ] as const;
        return {
          metrics: { eta: theta.rates.item(), return: returnAt(theta.rates.item()) },
          table: {
            title: "Expected return per update",
            columns: ["", "eta", "return"],
            rows: rows.map(([name, eta]) => [name, eta, returnAt(eta)]),
          },
        };
      },
      figures: (run) => [surfaceFigure(run), planeFigure(), truncationFigure()],
    };
  },
});

function estimatorOf(settings: Config): AnyEstimator<RateEta> {
  const { estimator, lifetimes } = settings;
  if (estimator === "metaGradient") return metaGradient(task, { ...switchesOf(settings), lifetimes });
  const directions = estimator === "centralDifferences" ? "axes" : "gaussian";
  return centralDifferences(lifetimeProblem(task), { directions, trajectories: lifetimes });
}

/** Where the expected ascent direction of the return changes its sign from + to -, between 0.5 and 2.5. */
export function restOf(switches: MetaGradientSwitches): number {
  let [low, high] = [0.5, 2.5];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    const [row] = estimatorTable(task, at(middle), [switches]).rows;
    if (row!.mean[0]! < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function surfaceFigure(run: Run): Figure {
  const etas = grid(-2, 4, 49);
  const returnAt = (eta: number) => -estimatorTable(task, at(eta), []).loss;
  const path = thin([...run.metrics], 60).map(({ theta }) => theta!["rates"]![0]!);
  return {
    id: "return",
    title: "Return over eta, and where each estimator comes to rest",
    caption:
      "Dots: eta over the outer steps. Only the full sampling correction rests at the maximum; naive and DiCE pass by " +
      "it to larger learning rates, as their trajectories do in Vuorio et al. (return surface of the bandit).",
    x: { label: "eta (learning rate softplus(eta))" },
    y: { label: "mean reward per update" },
    series: [
      { name: "expected return", x: etas, y: etas.map(returnAt) },
      { name: "this run", kind: "dots", x: path, y: path.map(returnAt) },
    ],
    references: namedSwitches.map(([name, switches]) => ({
      axis: "x" as const,
      value: restOf(switches),
      label: name,
    })),
  };
}

const coefficients = [0, 0.2, 0.4, 0.6, 0.8, 1];
const lambda = (coefficient: number) => ({ samplingCorrection: { coefficient } });

function planeFigure(): Figure {
  const of = (settings: readonly MetaGradientSwitches[]) => estimatorTable(task, at(shown), settings).rows;
  const past = ({ pastReturns }: { pastReturns: Tensor }) => pastReturns;
  const series: [string, "line" | "dots", EstimatorRow[]][] = [
    ["correction 0 … 1", "line", of(coefficients.map(lambda))],
    [
      "window 5, correction 0 … 1",
      "line",
      of(coefficients.map((c) => ({ ...lambda(c), truncation: { length: 5 } }))),
    ],
    [
      "window 3, correction 0 … 1",
      "line",
      of(coefficients.map((c) => ({ ...lambda(c), truncation: { length: 3 } }))),
    ],
    ["meta-discount .5, .8, .95", "dots", of([0.5, 0.8, 0.95].map((metaDiscount) => ({ metaDiscount })))],
    ["DiCE", "dots", of([{ hessian: "dice", ...uncorrected }])],
    ["DiCE and correction", "dots", of([{ hessian: "dice" }])],
    ["correction, constant baseline", "dots", of([{ baseline: "constant" }])],
    ["correction, own past rewards as baseline", "dots", of([{ baseline: past }])],
  ];
  return {
    id: "bias-variance",
    title: `Bias and variance of one lifetime's estimate at eta ${shown}`,
    caption:
      "Exact. More correction (down, right) takes bias away and costs variance; truncation keeps bias; DiCE has the " +
      "naive estimate's bias and more variance; a constant baseline saves variance for nothing, one from the agent's " +
      "past is biased. The bias-variance plane of Vuorio et al.; meta-discounts lie beside coefficients.",
    x: { label: "variance of one lifetime" },
    y: { label: "absolute bias" },
    series: series.map(([name, kind, rows]) => ({
      name,
      kind,
      x: rows.map(({ variance }) => variance),
      y: rows.map(({ bias }) => bias),
    })),
  };
}

function truncationFigure(): Figure {
  const lengths = [2, 3, 4, 5, 6];
  const mean = (length: number, coefficient: number) =>
    -estimatorTable(task, at(shown), [{ ...lambda(coefficient), truncation: { length } }]).rows[0]!.mean[0]!;
  return {
    id: "truncation",
    title: `Expected meta-gradient at eta ${shown} by window and coefficient`,
    caption:
      "The exact gradient is negative. Without correction windows of 3 or more have the wrong sign, long ones most; with " +
      "all of it every window has the right one. Windows of 2 cannot see any correction. Truncation and correction together, " +
      "as in the truncation sweep of Vuorio et al.",
    x: { label: "updates per window" },
    y: { label: "expected ascent direction" },
    series: [0, 0.2, 0.6, 1].map((coefficient) => ({
      name: `correction ${coefficient}`,
      x: lengths,
      y: lengths.map((length) => mean(length, coefficient)),
    })),
    references: [
      { axis: "y", value: -estimatorTable(task, at(shown), []).exact[0]!, label: "exact" },
      { axis: "y", value: 0, label: "0" },
    ],
  };
}
