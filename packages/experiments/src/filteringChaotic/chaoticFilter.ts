/** One filter along one trajectory of the chaotic recurrent network: an outer step is an observation. */
import {
  type ChaoticRnnTheta,
  type Experiment,
  type OnlineVariationalFilter,
  type Tensor,
  chaoticRnn,
  createOnlineFilter,
  defineExperiment,
  kernelRidge,
  onlineFilterNames,
  onlineLearning,
  random,
  simulate,
  smootherElbo,
} from "unspool";
import { z } from "zod";
import { mean } from "../shared/series.ts";
import { metricOf } from "../shared/records.ts";

const config = z.strictObject({
  filter: z.enum(onlineFilterNames as [string, ...string[]]).default("ovf"),
  units: z.int().min(1).default(5).describe("of the network, d"),
  observations: z.int().min(2).default(40),
  phiSteps: z.int().min(1).default(500).describe("M, steps of Adam at an observation"),
  phiSamples: z.int().min(1).default(10).describe("states drawn in each of them"),
  samples: z.int().min(2).default(250).describe("of a regression, N"),
  ridge: z.number().positive().default(0.01),
  bandwidth: z.enum(["median", "trained"]).default("median"),
  window: z.int().min(1).default(1).describe("kernels that are trained, L"),
  particles: z.int().min(2).default(10_000).describe("of the particle filter, members of the ensemble"),
  every: z.int().min(1).default(5).describe("observations between measurements of the true bound"),
});

type Config = z.infer<typeof config>;

export const chaoticFilter: Experiment<unknown, ChaoticRnnTheta> = defineExperiment<Config, ChaoticRnnTheta>({
  name: "filtering-chaotic-run",
  summary: "one filter along a trajectory of a chaotic network",
  config,
  setup(settings, key) {
    const { units, observations: count, samples, ridge, bandwidth, phiSteps, phiSamples } = settings;
    const model = chaoticRnn({ units });
    const theta = model.init(random.foldIn(key, "network"));
    const { x, y } = simulate(model, theta, random.foldIn(key, "trajectory"), count);
    const regressor = kernelRidge({ samples, ridge, bandwidth });
    const filter = createOnlineFilter(settings.filter, {
      model,
      particles: settings.particles,
      variational: {
        phi: { steps: phiSteps, samples: phiSamples },
        regressors: { T: regressor, V: regressor },
        window: settings.filter === "aelbo1" ? 1 : settings.window,
        keepHistory: true,
      },
    });
    return {
      theta,
      steps: count,
      method: onlineLearning({
        filter,
        observations: { y },
        measure({ t, made }) {
          const rmse = errorOf(made.mean, x.slice(t));
          const isDue =
            "settings" in filter && (t === count - 1 || t % settings.every === settings.every - 1);
          if (!isDue) return { rmse };
          // A filter with settings is a variational one, and its state has a history.
          const variational = filter as OnlineVariationalFilter<ChaoticRnnTheta, unknown>;
          const state = made.state as Parameters<typeof smootherElbo>[2];
          const { elbo, standardError } = smootherElbo(variational, theta, state);
          return { rmse, trueElbo: elbo, trueElboError: standardError };
        },
      }),
      evaluate: () => ({ metrics: {} }),
      figures: ({ metrics }) => [
        {
          id: "error",
          title: "Error of the filter's mean",
          caption: "Root mean square over the units.",
          x: { label: "observation" },
          y: { label: "error" },
          series: [
            {
              name: settings.filter,
              x: metrics.map(({ step }) => step),
              y: metrics.map((record) => metricOf(record, "rmse")),
            },
          ],
        },
      ],
    };
  },
}) as Experiment<unknown, ChaoticRnnTheta>;

function errorOf(found: Tensor, wanted: Tensor): number {
  return Math.sqrt(mean(Array.from(found.data, (at, i) => (Number(at) - Number(wanted.data[i])) ** 2)));
}
