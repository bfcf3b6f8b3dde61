/** Learning the diagonals of independent linear-Gaussian chains from a stream, by the gradient of one filter. */
import {
  type DiagonalLinearGaussianTheta,
  type Experiment,
  type OnlineFilter,
  type Tensor,
  adam,
  defineExperiment,
  diagonalLinearGaussian,
  drawDiagonals,
  gaussianFamily,
  kalmanLearning,
  kernelRidge,
  np,
  onlineLearning,
  onlineVariationalFilter,
  random,
  simulate,
} from "unspool";
import { z } from "zod";
import { metricOf } from "../shared/records.ts";
import { thin } from "../shared/series.ts";

export const linearFilters = ["rmle", "ovf", "ovfKernel", "aelbo2", "aelbo1"] as const;

const config = z.strictObject({
  filter: z
    .enum(linearFilters)
    .default("ovf")
    .describe("ovf has exact quadratics for S, ovfKernel kernel ridge regression"),
  d: z.int().min(1).default(2).describe("chains"),
  observations: z.int().min(10).default(8000),
  samples: z.int().min(1).default(32).describe("states drawn for a gradient"),
  learningRate: z.number().positive().default(0.03).describe("at the first step; falls as 10 / (10 + k^0.6)"),
});

type Config = z.infer<typeof config>;
type Theta = DiagonalLinearGaussianTheta;

/** Variances of Figure 1b. */
const [U, V] = [0.1 ** 2, 0.25 ** 2];

export const linearLearning: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "filtering-linear-learning",
  summary: "F and G of linear-Gaussian chains, learned from a stream by one filter's gradient",
  config,
  setup({ filter: name, d, observations: count, samples, learningRate }, key) {
    const truth = drawDiagonals(random.foldIn(key, "truth"), d);
    const world = diagonalLinearGaussian({ ...truth, U, V });
    const { y } = simulate(world, world.init(key), random.foldIn(key, "stream"), count);
    const model = diagonalLinearGaussian({ ...drawDiagonals(random.foldIn(key, "start"), d), U, V });
    const common = {
      model,
      family: gaussianFamily({ past: "diagonal" }),
      phi: "kalman" as const,
      learns: true,
      theta: { samples },
      elboSamples: samples,
    };
    const filters: Record<(typeof linearFilters)[number], () => OnlineFilter<Theta>> = {
      rmle: () => kalmanLearning({ model }),
      ovf: () => onlineVariationalFilter({ ...common, regressors: { T: "zero", S: "exact" } }),
      ovfKernel: () =>
        onlineVariationalFilter({ ...common, regressors: { T: "zero", S: kernelRidge({ samples: 200 }) } }),
      aelbo2: () => onlineVariationalFilter({ ...common, objective: "aelbo2" }),
      aelbo1: () => onlineVariationalFilter({ ...common, objective: "aelbo1" }),
    };
    const errors = ({ F, G }: Theta): { maeF: number; maeG: number } => ({
      maeF: meanError(F, truth.F),
      maeG: meanError(G, truth.G),
    });
    return {
      theta: model.init(key),
      steps: count,
      method: onlineLearning({
        filter: filters[name](),
        observations: { y },
        optimizer: adam({ learningRate: (step) => falling(step, learningRate) }),
        measure: ({ learned }) => errors(learned),
      }),
      evaluate: (theta) => ({ metrics: errors(theta) }),
      figures({ metrics }) {
        const records = thin(metrics, 400);
        return [
          {
            id: "errors",
            title: "Error of F and G",
            caption: "Mean absolute error of the diagonals.",
            x: { label: "observation" },
            y: { label: "error", scale: "log" as const },
            series: ["maeF", "maeG"].map((metric) => ({
              name: metric === "maeF" ? "F" : "G",
              x: records.map(({ step }) => step),
              y: records.map((record) => metricOf(record, metric)),
            })),
          },
        ];
      },
    };
  },
}) as Experiment<unknown, Theta>;

/** rate · 10 / (10 + k^0.6), the schedule of the authors' code. */
function falling(step: Tensor, rate: number): Tensor {
  const k = np.power(step.astype("float64"), 0.6) as Tensor;
  return np.reciprocal(k.add(10)).mul(10 * rate) as Tensor;
}

function meanError(found: Tensor, wanted: readonly number[]): number {
  return wanted.reduce((sum, value, i) => sum + Math.abs(Number(found.data[i]) - value) / wanted.length, 0);
}
