/** Influence balancing: which estimators go the right way where short and long effects of theta differ in sign. */
import {
  type Experiment,
  type Figure,
  type RunRecord,
  type Tensor,
  defineExperiment,
  influenceBalancing as influenceBalancingProblem,
  innerProblem,
  np,
  sgd,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { thin } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.1, pairs: 500, truncation: 1 }),
    steps: z.int().min(1).default(3000).describe("outer steps"),
    learningRate: z.number().positive().default(1e-4).describe("of SGD on theta"),
    theta: z.number().default(0.5).describe("initial theta"),
    size: z.int().min(2).default(23).describe("length of the state"),
    positive: z.int().min(1).default(10).describe("entries that theta drives upward"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
);

type Config = z.infer<typeof config>;
type Theta = { theta: Tensor };

/** Steps after which the loss is reported, as in the paper. */
const reportedStep = 500;

export const influenceBalancing: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "influence-balancing",
  summary: "a linear system whose short-term and long-term gradients have opposite signs",
  paper: "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 4.1, after Tallec and Ollivier (2018)",
  config,
  setup(settings: Config) {
    const { size, positive, estimator, learningRate, steps, dtype } = settings;
    const problem = influenceBalancingProblem({ size, positive });
    const options = { ...estimatorOptions(settings), objective: "sum" } as const;
    const optimum = optimalTheta(size, positive);
    const loss = (theta: number) => lossAfter(reportedStep, theta, size, positive);
    const rate = outerRate(learningRate, (to) => sgd({ learningRate: to }));
    return {
      theta: { theta: np.array(settings.theta, { dtype }) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      evaluate(theta, initial) {
        const [tuned, start] = [theta.theta.item(), initial.theta.item()];
        return {
          metrics: { theta: tuned, distanceToOptimum: Math.abs(tuned - optimum), lossAfter500: loss(tuned) },
          table: {
            title: `Loss after ${reportedStep} steps (optimum theta = ${optimum.toFixed(6)})`,
            columns: ["", "theta", "loss"],
            rows: [
              ["initial", start, loss(start)],
              ["tuned", tuned, loss(tuned)],
            ],
          },
        };
      },
      figures: (run) => [thetaFigure(run, optimum), lossFigure(run, loss)],
    };
  },
});

/** State of the system after `steps` steps, and its first entry's loss; plain float64. */
export function lossAfter(steps: number, theta: number, size = 23, positive = 10): number {
  let s = new Float64Array(size).fill(1);
  for (let t = 0; t < steps; t++) {
    s = s.map((x, i) => 0.5 * x + 0.5 * (s[i + 1] ?? 0) + (i < positive ? theta : -theta));
  }
  return 0.5 * (s[0]! - 1) ** 2;
}

/** The theta whose steady state has s_0 = 1: the response of s_0 is linear in theta. */
function optimalTheta(size: number, positive: number): number {
  let s = new Float64Array(size);
  for (let t = 0; t < 4000; t++)
    s = s.map((x, i) => 0.5 * x + 0.5 * (s[i + 1] ?? 0) + (i < positive ? 1 : -1));
  return 1 / s[0]!;
}

type Run = RunRecord<Theta>;

function thetas(run: Run): { step: number; theta: number }[] {
  return thin(run.metrics, 1000).map(({ step, theta }) => ({
    step,
    theta: theta!["theta"]![0]!,
  }));
}

function thetaFigure(run: Run, optimum: number): Figure {
  const points = thetas(run);
  return {
    id: "theta",
    title: "theta over outer steps",
    caption: "Unbiased estimators converge to the dashed line; truncated ones move away from it.",
    x: { label: "outer step" },
    y: { label: "theta" },
    series: [{ name: "theta", x: points.map(({ step }) => step), y: points.map(({ theta }) => theta) }],
    references: [{ axis: "y", value: optimum, label: "optimum" }],
  };
}

function lossFigure(run: Run, loss: (theta: number) => number): Figure {
  const points = thetas(run).filter(({ theta }) => Math.abs(theta) < 1e6);
  return {
    id: "loss-after-500",
    title: `Loss after ${reportedStep} steps at the theta of the moment`,
    caption:
      "The figure of PES (ICML 2021), section 4.1, and ES-Single (ICML 2023), Figure 5: unbiased estimators go down to rounding, truncated ones up.",
    x: { label: "outer step" },
    y: { label: `loss after ${reportedStep} steps`, scale: "log" },
    series: [
      {
        name: "loss",
        x: points.map(({ step }) => step),
        y: points.map(({ theta }) => Math.max(loss(theta), 1e-16)),
      },
    ],
  };
}
