/**
 * Which of many outer solutions: heights of more points than are needed, so that a Fourier regression on them passes through
 * one real point. How the response is approximated decides which heights are found, in closed form.
 */
import {
  type Antidistillation,
  type BilevelTheta,
  type Experiment,
  type HypergradientOptions,
  type Tensor,
  antidistillation,
  bilevel,
  bilevelComparison,
  defineExperiment,
  retrainGap,
  sgd,
} from "unspool";
import { z } from "zod";
import { biasFigures } from "./bilevelBiasFigures.ts";

const config = z.strictObject({
  hypergradient: z
    .enum(["exact", "damped", "neumann", "normalCg"])
    .default("neumann")
    .describe("how the response of the weights is approximated"),
  terms: z.int().min(1).default(5).describe("of neumann"),
  eps: z.number().positive().default(1).describe("of damped"),
  strategy: z.enum(["warm", "cold"]).default("warm"),
  steps: z.int().min(1).default(100).describe("outer steps"),
  learningRate: z.number().positive().default(1).describe("of gradient descent on the heights"),
  points: z.int().min(1).default(13).describe("whose heights are learned"),
  frequencies: z.int().min(1).default(10).describe("of the regression"),
  compareSteps: z.int().min(1).default(40).describe("inner steps of the trajectories that compare looks at"),
  twoPoints: z
    .boolean()
    .default(true)
    .describe("whether to draw two learned points against a disc in a ring"),
});

export interface BiasConfig {
  hypergradient: "exact" | "damped" | "neumann" | "normalCg";
  terms: number;
  eps: number;
  strategy: "warm" | "cold";
  steps: number;
  learningRate: number;
  points: number;
  frequencies: number;
  compareSteps: number;
  twoPoints: boolean;
}

export type BiasTheta = BilevelTheta<Tensor, Tensor>;

export const bilevelBias: Experiment<unknown, BiasTheta> = defineExperiment<BiasConfig, BiasTheta>({
  name: "bilevel-bias",
  summary: "which of many bilevel solutions truncation, damping, warm and cold starts end in",
  paper: "Vicol, Lorraine, Pedregosa, Duvenaud, Grosse (ICML 2022), sections 3 and 4",
  config,
  setup(settings) {
    const task = antidistillation({ points: settings.points, frequencies: settings.frequencies });
    const { inner, outer, name, theta } = task;
    const problem = { inner, outer, ...(name !== undefined && { name }) };
    return {
      theta,
      steps: settings.steps,
      method: bilevel({
        ...problem,
        solver: task.solve,
        strategy: settings.strategy,
        optimizer: sgd({ learningRate: settings.learningRate }),
        hypergradient: hypergradientOf(task, settings),
        retrain: { every: 10, steps: 1 },
      }),
      inner: {
        ...bilevelComparison(problem, {
          theta: theta.outer,
          weights: theta.weights,
          optimizer: sgd({ learningRate: task.alpha }),
          steps: settings.compareSteps,
        }),
        learningRate: {
          value: settings.learningRate,
          optimizer: (learningRate) => sgd({ learningRate }),
        },
      },
      evaluate(end, start) {
        const wanted = task.limit(hypergradientOf(task, settings));
        const least = task.limit({ kind: "exact" });
        const [heights, weights] = [norm(end.outer), norm(end.weights)];
        const { gap } = retrainGap(problem, end, { solver: task.solve, weights: start.weights });
        return {
          metrics: {
            outerLoss: task.outer(end.outer, end.weights, undefined).item(),
            outerNorm: heights,
            weightsNorm: weights,
            expectedOuterNorm: wanted.outerNorm,
            expectedWeightsNorm: wanted.weightsNorm,
            leastOuterNorm: least.outerNorm,
            retrainGap: gap,
          },
          table: {
            title: "Norms of the solution",
            columns: ["", "|u|", "|w|"],
            rows: [
              ["this run", heights, weights],
              ["its limit, in closed form", wanted.outerNorm, wanted.weightsNorm],
              ["exact hypergradient: least |u|", least.outerNorm, least.weightsNorm],
              ["one term: least |w|", ...norms(task, { terms: 1 })],
            ],
          },
        };
      },
      figures: (run, measure) => biasFigures(run, task, settings, measure),
    };
  },
});

/** The options of the run's hypergradient. */
export function hypergradientOf(task: Antidistillation, settings: BiasConfig): HypergradientOptions {
  const { hypergradient: kind, terms, eps } = settings;
  if (kind === "neumann") return { kind, terms, alpha: task.alpha };
  if (kind === "damped") return { kind, eps };
  // As many iterations as there are different eigenvalues: conjugate gradients are exact, and so is their limit.
  return kind === "normalCg" ? { kind, iterations: 30 } : { kind };
}

const norms = (task: Antidistillation, options: HypergradientOptions): [number, number] => {
  const { outerNorm, weightsNorm } = task.limit(options);
  return [outerNorm, weightsNorm];
};

const norm = (x: Tensor): number => Math.hypot(...Array.from(x.data, Number));
