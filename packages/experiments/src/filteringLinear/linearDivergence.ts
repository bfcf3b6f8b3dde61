/** How the variational pair comes to the exact one while it is optimised: KL to a Kalman filter over few observations. */
import {
  type DiagonalLinearGaussianTheta,
  type Experiment,
  defineExperiment,
  diagonalLinearGaussian,
  drawDiagonals,
  gaussianFamily,
  kalmanFilter,
  klToKalman,
  onlineLearning,
  onlineVariationalFilter,
  random,
  simulate,
} from "unspool";
import { z } from "zod";
import { metricOf } from "../shared/records.ts";

const config = z.strictObject({
  d: z.int().min(1).default(2).describe("chains"),
  observations: z.int().min(2).default(10),
  phiSteps: z.int().min(1).default(2000).describe("M, steps of Adam at an observation"),
  looks: z
    .array(z.int().min(1))
    .default([1, 30, 300])
    .describe("steps after which the divergence is measured too"),
  phiSamples: z.int().min(1).default(32).describe("states drawn in each of them"),
  samples: z.int().min(2).default(250).describe("of a regression, N"),
});

type Config = z.infer<typeof config>;
type Theta = DiagonalLinearGaussianTheta;

export const linearDivergence: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "filtering-linear-divergence",
  summary: "divergence from the exact pair while the pair of each observation is optimised",
  config,
  setup({ d, observations: count, phiSteps, looks, phiSamples, samples }, key) {
    const model = diagonalLinearGaussian(drawDiagonals(random.foldIn(key, "truth"), d));
    const theta = model.init(key);
    const { y } = simulate(model, theta, random.foldIn(key, "stream"), count);
    const matrices = model.matrices(theta);
    const filtered = kalmanFilter(matrices, { y });
    const family = gaussianFamily({ past: "diagonal" });
    const filterOf = (steps: number) =>
      onlineVariationalFilter({
        model,
        family,
        regressors: { T: "kernelRidge" },
        // The rate falls a thousandfold over M steps, and starts higher where the first pairs are far off.
        phi: {
          ...{ steps, samples: phiSamples, decay: 0.001 ** (1 / phiSteps) },
          first: { learningRate: 0.1 },
        },
        elboSamples: samples,
      });
    const all = filterOf(phiSteps);
    const shorter = looks
      .filter((steps) => steps < phiSteps)
      .map((steps) => ({ steps, filter: filterOf(steps) }));
    const kl = (phi: Parameters<typeof family.moments>[0], t: number): number =>
      klToKalman({ family, phi, matrices, filtered, t });
    return {
      theta,
      steps: count,
      method: onlineLearning({
        filter: all,
        observations: { y },
        measure({ t, y: seen, key: own, before, made }) {
          // The same draws: what the longer optimisation was after so many steps.
          const early = shorter.map(({ steps, filter }) => [
            `klAfter${steps}`,
            kl(filter.step(theta, before, seen, own).state.phi, t),
          ]);
          return { ...Object.fromEntries(early), kl: kl(made.state.phi, t) };
        },
      }),
      evaluate: () => ({ metrics: {} }),
      figures: ({ metrics }) => [
        {
          id: "divergence",
          title: "Divergence from the exact pair while it is optimised",
          caption: `KL of q(x, x') from the smoothing density at each observation, after some and after all ${phiSteps} steps.`,
          x: { label: "observation" },
          y: { label: "nats", scale: "log" as const },
          series: [...shorter.map(({ steps }) => `klAfter${steps}`), "kl"].map((metric) => ({
            name: metric === "kl" ? `${phiSteps} steps` : `${metric.slice("klAfter".length)} steps`,
            x: metrics.map(({ step }) => step),
            y: metrics.map((record) => metricOf(record, metric)),
          })),
        },
      ],
    };
  },
}) as Experiment<unknown, Theta>;
