/** Four weights drive the swimmer: which entries of a linear policy share a weight is found together with the weights. */
import {
  type ChoicePolicy,
  type Controller,
  type Experiment,
  type Figure,
  type HybridSpace,
  type Key,
  defineExperiment,
  esEnas,
  hybridSpace,
  mlpPolicy,
  np,
  random,
  randomController,
  randomStream,
  regularizedEvolution,
  toeplitzPolicy,
  weightShared,
} from "unspool";
import { z } from "zod";
import { networkFigure } from "../shared/networkFigure.ts";
import { mean, thin } from "../shared/series.ts";
import { centre, loadSwimmer, observations } from "../swimmer/swimmerProblem.ts";
import { type SwimmerPolicy, playEpisode, returnsOf, startOf, swimmerSearch } from "./swimmerSearch.ts";

const config = z.strictObject({
  policy: z
    .enum(["shared", "fixed-tying", "random-tying", "toeplitz", "dense"])
    .default("shared")
    .describe(
      "weights that are shared as evolution finds out, as one random choice says, or as a new one for each pair; a Toeplitz matrix; 16 weights",
    ),
  colours: z.int().min(1).default(4).describe("weights that are shared"),
  pairs: z.int().min(1).default(8).describe("pairs of episodes per step"),
  sigma: z.number().positive().default(0.1).describe("size of the perturbations"),
  alpha: z.number().positive().default(0.05).describe("step, over the standard deviation of the returns"),
  population: z.int().min(2).default(32).describe("ties that evolution remembers"),
  tournament: z.int().min(2).default(6).describe("ties of which the best is mutated"),
  steps: z.int().min(1).default(60).describe("outer steps"),
  horizon: z.int().min(1).default(1000).describe("actions of an episode"),
  evaluationEpisodes: z.int().min(1).default(3).describe("new episodes at the end"),
});

type Config = z.infer<typeof config>;

export const enasSwimmer: Experiment<unknown, SwimmerPolicy> = defineExperiment<Config, SwimmerPolicy>({
  name: "enas-swimmer",
  summary: "which weights of the swimmer's policy are shared, found together with the weights",
  paper: "Song et al., ES-ENAS (arXiv 2101.07415) and chromatic networks (arXiv 1907.06511)",
  config,
  async setup(settings: Config, key: Key) {
    const { pairs, sigma, alpha, steps, horizon, evaluationEpisodes } = settings;
    const swimmer = await loadSwimmer();
    const policy = policyOf(settings);
    const space = hybridSpace({ discrete: policy.discreteSpace, continuous: policy.numParameters });
    const search = esEnas({
      ...{ space, pairs, sigma, alpha, estimator: "ars" },
      controller: controllerOf(settings, space, random.foldIn(key, "tying")),
    });
    const episodes = random.foldIn(key, "evaluation");
    const play = { swimmer, policy, horizon };
    return {
      theta: startOf(space.point()),
      method: swimmerSearch({ ...play, search }),
      steps,
      async evaluate(theta, _initial, _steps, measure) {
        const returns = await measure("returns", evaluationEpisodes, (i) =>
          returnsOf(play, theta, random.foldIn(episodes, i), 1),
        );
        const all = returns.flat();
        return {
          metrics: { return: mean(all), weights: policy.numParameters },
          table: {
            title: `Return over ${horizon} actions, ${all.length} new episodes`,
            columns: ["policy", "trainable weights", "mean", "worst", "best"],
            rows: [[settings.policy, policy.numParameters, mean(all), Math.min(...all), Math.max(...all)]],
          },
        };
      },
      figures: (run) => [
        curveFigure(run.metrics, horizon),
        networkFigure(
          "network",
          "The policy that was found",
          "Eight observations on the left, two motors on the right; edges of one colour share one weight.",
          policy.network(Int32Array.from(run.theta.choice.data), Float64Array.from(run.theta.weights.data)),
        ),
        pathFigure(play, run.theta, random.foldIn(episodes, 0)),
      ],
    };
  },
});

function policyOf({ policy, colours }: Config): ChoicePolicy {
  const sizes = { observations, actions: 2, output: "clip" } as const;
  if (policy === "dense") return mlpPolicy(sizes);
  if (policy === "toeplitz") return toeplitzPolicy(sizes);
  return weightShared({ ...sizes, colours });
}

function controllerOf({ policy, population, tournament }: Config, space: HybridSpace, key: Key): Controller {
  if (policy === "shared") return regularizedEvolution({ population, tournament });
  if (policy === "fixed-tying") return always(space, key);
  return randomController();
}

/** Proposes one random choice for ever. */
function always({ discrete }: HybridSpace, key: Key): Controller {
  const { choices } = randomController().propose(
    discrete,
    randomController().init(discrete),
    randomStream(key.data),
    1,
  );
  return {
    name: "always",
    recipe: { choice: [...choices] },
    init: () => ({ none: np.zeros([]) }),
    propose: (_space, state, _random, count) => ({
      choices: Int32Array.from({ length: count * choices.length }, (_, i) => choices[i % choices.length]!),
      state,
    }),
    feedback: (_space, state) => state,
    best: () => choices.slice(),
  };
}

function curveFigure(
  metrics: readonly { innerSteps: number; loss: number | null }[],
  horizon: number,
): Figure {
  return {
    id: "return",
    title: "Return of the candidates over the run",
    caption:
      "Mean of the perturbed policies of a step, against the actions taken so far; about 360 can be reached.",
    x: { label: "inner steps spent" },
    y: { label: `return over ${horizon} actions` },
    series: [
      {
        name: "candidates",
        x: metrics.map(({ innerSteps }) => innerSteps),
        y: metrics.map(({ loss }) => (loss === null ? Number.NaN : -loss)),
      },
    ],
  };
}

function pathFigure(play: Parameters<typeof playEpisode>[0], theta: SwimmerPolicy, key: Key): Figure {
  const path: [number, number][] = [];
  playEpisode(play, theta, randomStream(random.foldIn(key, 0).data), (state) => path.push(centre(state)));
  const points = thin(path, 500);
  return {
    id: "path",
    title: "Path of the swimmer's centre",
    caption: "One new episode: it is rewarded for its velocity to the right.",
    x: { label: "x (m)" },
    y: { label: "y (m)" },
    series: [{ name: "found", x: points.map(([x]) => x), y: points.map(([, y]) => y) }],
  };
}
