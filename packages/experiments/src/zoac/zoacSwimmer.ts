/** A linear policy for MuJoCo's swimmer, tuned from rewards per step: simulators in threads, and a critic. */
import {
  type Evaluation,
  type Experiment,
  type Figure,
  type Key,
  type Measure,
  type RunRecord,
  adam,
  defineExperiment,
  filteredPolicy,
  linearPolicy,
  np,
  random,
  zoac,
} from "unspool";
import type { SimulatorPool } from "unspool/train/node";
import { z } from "zod";
import { mujocoPool } from "../mujoco/mujocoPool.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { mean, thin } from "../shared/series.ts";
import { returnsAlong } from "./controlFigures.ts";
import { type SwimmingTheta, clip, plainPolicy, swimmingFigures } from "./swimming.ts";

const config = z.strictObject({
  steps: z.int().min(1).default(300).describe("outer steps"),
  samplers: z.int().min(1).default(4).describe("simulators that keep their episodes"),
  segmentLength: z.int().min(1).default(100).describe("actions for which a perturbation is held"),
  segments: z.int().min(1).default(4).describe("of each sampler per step"),
  sigma: z.number().positive().default(0.3).describe("of the perturbations"),
  learningRate: z.number().positive().default(0.05).describe("of Adam on the weights of the policy"),
  discount: z.number().min(0).max(1).default(0.999).describe("of rewards, per action"),
  lambda: z.number().min(0).max(1).default(0.97).describe("of the advantages"),
  isFiltered: z
    .boolean()
    .default(false)
    .describe("whether observations are brought to mean 0 and deviation 1 of what was seen"),
  hasCritic: z.boolean().default(true).describe("whether segments are judged by a critic"),
  criticEpochs: z.int().min(1).default(5).describe("passes of the critic per step"),
  horizon: z.int().min(1).default(1000).describe("actions of an episode"),
  evaluationEpisodes: z.int().min(1).default(10).describe("new episodes per policy at the end"),
  curve: z
    .int()
    .min(0)
    .default(15)
    .describe("policies of the run whose return is drawn; 0 leaves the curve out"),
});

type Config = z.infer<typeof config>;

/** Episodes over which the return of a policy of the run is averaged in the curve. */
const curveEpisodes = 3;

export const zoacSwimmer: Experiment<unknown, SwimmingTheta> = defineExperiment<Config, SwimmingTheta>({
  name: "zoac-swimmer",
  summary: "a linear policy for MuJoCo's swimmer, from rewards per step in simulators over threads",
  paper: "Lei et al., Zeroth-Order Actor-Critic (arXiv 2201.12518), at CPU size",
  config,
  async setup(settings: Config, key: Key) {
    const { samplers, segmentLength, segments, sigma, discount, lambda, horizon, steps } = settings;
    const pool = await mujocoPool({ environment: "swimmer", timeLimit: horizon }, { samplers });
    const environment = pool.samplers!;
    const policy = filteredPolicy(linearPolicy(environment), {
      observationSize: pool.sizes.observationSize,
      clip,
    });
    const episodes = random.foldIn(key, "evaluation");
    return {
      theta: policy.init(random.foldIn(key, "theta")),
      method: zoac({
        ...{ environment, segmentLength, segments, sigma, discount, lambda },
        policy,
        isFilterUpdated: settings.isFiltered,
        critic: settings.hasCritic ? { epochs: settings.criticEpochs } : null,
        actor: adam({ learningRate: settings.learningRate }),
      }),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const returns = await returnsOf("returns", pool, [initial, theta], episodes, {
          episodes: settings.evaluationEpisodes,
          measure,
        });
        return comparison(horizon, returns);
      },
      figures: async (run, measure) => [
        returnsFigure(run, horizon),
        ...(settings.curve === 0 ? [] : [await curveFigure(pool, run, episodes, settings, measure)]),
        ...(await swimmingFigures(run.initialTheta, run.theta, episodes, horizon)),
      ],
    };
  },
});

/** Of the same episodes for each policy. */
function returnsOf(
  name: string,
  pool: SimulatorPool,
  policies: readonly SwimmingTheta[],
  key: Key,
  { episodes, measure }: { episodes: number; measure: Measure },
): Promise<number[][]> {
  return measureEach(measure, name, policies, (policy) => {
    const { weights, filter } = plainPolicy(policy);
    return pool.play(weights, key, { episodes, filter }).returns;
  });
}

function comparison(horizon: number, returns: readonly number[][]): Evaluation {
  const [before, after] = returns as [number[], number[]];
  const std = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  const spread = (values: readonly number[]): [number, number, number, number] => [
    mean(values),
    std(values),
    Math.min(...values),
    Math.max(...values),
  ];
  return {
    metrics: { initialReturn: mean(before), return: mean(after), returnStd: std(after) },
    table: {
      title: `Return over ${horizon} actions, ${after.length} new episodes`,
      columns: ["policy", "mean", "std", "worst", "best"],
      rows: [
        ["initial (all weights 0)", ...spread(before)],
        ["tuned", ...spread(after)],
      ],
    },
  };
}

const spent = "actions of all samplers so far";

function returnsFigure({ metrics }: RunRecord<SwimmingTheta>, horizon: number): Figure {
  return {
    id: "returns",
    title: "Return of the perturbed policies",
    caption:
      "Episodes that ended in each outer step, each played by many perturbations, one for each segment.",
    x: { label: spent },
    y: { label: `return over ${horizon} actions` },
    series: [{ name: "perturbed", ...returnsAlong(metrics) }],
  };
}

async function curveFigure(
  pool: SimulatorPool,
  run: RunRecord<SwimmingTheta>,
  key: Key,
  { curve, horizon }: Config,
  measure: Measure,
): Promise<Figure> {
  const records = thin(run.metrics, curve - 1);
  const policies = records.map(({ theta }): SwimmingTheta => {
    const part = (path: string, shape: readonly number[]) =>
      np.array(Float32Array.from(theta![path]!), { shape: [...shape] });
    const { filter, policy } = run.initialTheta;
    return {
      filter: { mean: part("filter.mean", filter.mean.shape), std: part("filter.std", filter.std.shape) },
      policy: { weights: part("policy.weights", policy.weights.shape) },
    };
  });
  const all = await returnsOf("curve", pool, [run.initialTheta, ...policies], key, {
    episodes: curveEpisodes,
    measure,
  });
  return {
    id: "return",
    title: "Return of the policy over the run",
    caption: `Mean return of ${curveEpisodes} new episodes, without perturbations. A linear policy can reach about 360.`,
    x: { label: spent },
    y: { label: `return over ${horizon} actions` },
    series: [
      {
        name: "return",
        x: [0, ...records.map(({ innerSteps }) => innerSteps)],
        y: all.map((one) => mean(one)),
      },
    ],
  };
}
