/** A linear policy for MuJoCo's swimmer, tuned through a simulator that nobody can differentiate. */
import {
  type Evaluation,
  type Experiment,
  type Figure,
  type FigureFrame,
  type Key,
  type Measure,
  type Problem,
  type RunRecord,
  defineExperiment,
  innerProblem,
  np,
  random,
  randomStream,
  sgd,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { mean, thin } from "../shared/series.ts";
import {
  type Swimmer,
  type SwimmerState,
  type SwimmerTheta,
  centre,
  links,
  loadSwimmer,
  observations,
  swimmerProblem,
} from "./swimmerProblem.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.3, pairs: 8, truncation: 100 }),
    steps: z.int().min(1).default(60).describe("outer steps"),
    learningRate: z.number().positive().default(0.1).describe("of SGD on the weights of the policy"),
    isDividedByStd: z
      .boolean()
      .default(true)
      .describe("whether gradients are divided by the standard deviation of the particles' losses"),
    resets: z
      .enum(["lockstep", "staggered", "random-offset"])
      .default("staggered")
      .describe("how the pairs' episodes lie in time"),
    horizon: z.int().min(1).default(1000).describe("actions of an episode"),
    evaluationEpisodes: z.int().min(1).default(10).describe("new episodes per policy at the end"),
    curve: z
      .int()
      .min(0)
      .default(15)
      .describe("policies of the run whose return is drawn; 0 leaves the curve out"),
  }),
);

type Config = z.infer<typeof config>;
type SwimmerProblem = Problem<SwimmerTheta, SwimmerState, undefined>;

/** Episodes over which the return of a policy of the run is averaged in the curve. */
const curveEpisodes = 3;

export const swimmer: Experiment<unknown, SwimmerTheta> = defineExperiment<Config, SwimmerTheta>({
  name: "swimmer",
  summary: "a linear policy for MuJoCo's swimmer: a simulator in WebAssembly inside the loop",
  paper: "Vicol, Metz, Sohl-Dickstein (ICML 2021) and Li et al. (NeurIPS 2023), Swimmer",
  config,
  async setup(settings: Config, key: Key) {
    const { estimator, learningRate, steps, horizon, isDividedByStd, resets, evaluationEpisodes } = settings;
    const simulator = await loadSwimmer();
    const problem = swimmerProblem(simulator, horizon);
    const options = { ...estimatorOptions(settings), objective: "sum", resets, isDividedByStd } as const;
    const episodes = random.foldIn(key, "evaluation");
    const rate = outerRate(learningRate, (to) => sgd({ learningRate: to }));
    return {
      theta: { weights: np.zeros([2, observations]) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(theta, initial, _steps, measure) {
        const returns = await returnsOf("returns", problem, [initial, theta], episodes, {
          episodes: evaluationEpisodes,
          measure,
        });
        return comparison(problem, returns);
      },
      figures: async (run, measure) => [
        ...(settings.curve === 0 ? [] : [await curveFigure(problem, run, episodes, settings.curve, measure)]),
        pathFigure(simulator, run, horizon, episodes),
        strokeFigure(simulator, run, horizon, episodes),
      ],
    };
  },
});

function comparison({ horizon }: SwimmerProblem, returns: readonly number[][]): Evaluation {
  const [before, after] = returns as [number[], number[]];
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

/** Policies of a part of the measurement. */
const batch = 4;

/** Returns of the same episodes for each policy. */
async function returnsOf(
  name: string,
  problem: SwimmerProblem,
  policies: readonly SwimmerTheta[],
  key: Key,
  { episodes, measure }: { episodes: number; measure: Measure },
): Promise<number[][]> {
  const batches = Array.from({ length: Math.ceil(policies.length / batch) }, (_, i) =>
    policies.slice(i * batch, (i + 1) * batch),
  );
  const jobs = batches.flatMap((some) =>
    Array.from({ length: episodes }, (_, episode) => ({ some, episode })),
  );
  const rows = await measureEach(measure, name, jobs, ({ some, episode }) => {
    const weights = np.stack(some.map((policy) => policy.weights));
    const options = { key: random.foldIn(key, episode), isThetaBatched: true, isCommon: true };
    return unroll(problem, { weights }, options)
      .losses.sum(0)
      .data.map((loss) => -loss);
  });
  return policies.map((_, policy) => {
    const first = Math.floor(policy / batch) * episodes;
    return Array.from({ length: episodes }, (_episode, i) => rows[first + i]![policy % batch]!);
  });
}

function std(values: readonly number[]): number {
  const average = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - average) ** 2)));
}

const spread = (values: readonly number[]): number[] => [
  mean(values),
  std(values),
  Math.min(...values),
  Math.max(...values),
];

async function curveFigure(
  problem: SwimmerProblem,
  run: RunRecord<SwimmerTheta>,
  key: Key,
  points: number,
  measure: Measure,
): Promise<Figure> {
  const records = thin(run.metrics, points - 1);
  const policies = records.map(({ theta }) => ({
    weights: np.array(Float32Array.from(theta!["weights"]!), { shape: [2, observations] }),
  }));
  const all = await returnsOf("curve", problem, [run.initialTheta, ...policies], key, {
    episodes: curveEpisodes,
    measure,
  });
  return {
    id: "return",
    title: "Return of the policy over the run",
    caption:
      `Mean return of ${curveEpisodes} new episodes, without perturbations, against the actions taken over all particles: the ` +
      "axes of the papers' figures. A linear policy can reach about 360.",
    x: { label: "inner steps spent" },
    y: { label: `return over ${problem.horizon} actions` },
    series: [
      {
        name: "return",
        x: [0, ...records.map(({ innerSteps }) => innerSteps)],
        y: all.map((one) => mean(one)),
      },
    ],
  };
}

/** Where the centre of the swimmer goes in one episode. */
function pathFigure(simulator: Swimmer, run: RunRecord<SwimmerTheta>, horizon: number, key: Key): Figure {
  const series = (name: string, { weights }: SwimmerTheta) => {
    const state = simulator.start(randomStream(key.data));
    const path = [centre(state)];
    for (let t = 0; t < horizon; t++) {
      simulator.act(weights.data as Float32Array, state);
      path.push(centre(state));
    }
    const points = thin(path, 500);
    return { name, x: points.map(([x]) => x), y: points.map(([, y]) => y) };
  };
  return {
    id: "path",
    title: "Path of the swimmer's centre",
    caption: `One episode of ${horizon} actions (${(horizon * 0.04).toFixed(0)} s) from the same start: it is rewarded for its velocity to the right.`,
    x: { label: "x (m)" },
    y: { label: "y (m)" },
    series: [series("initial", run.initialTheta), series("tuned", run.theta)],
  };
}

/** Pictures of the first strokes of the tuned policy. */
const pictures = 12;
/** Actions between two of them: 0.2 s. */
const between = 5;

function strokeFigure(simulator: Swimmer, run: RunRecord<SwimmerTheta>, horizon: number, key: Key): Figure {
  const state = simulator.start(randomStream(key.data));
  const frames: FigureFrame[] = [];
  for (let t = 0; t < horizon && frames.length < pictures; t++) {
    if (t % between === 0)
      frames.push({
        label: `${(t * 0.04).toFixed(1)} s`,
        shapes: links(state)
          .slice(1)
          .map((point, i) => ({
            kind: "path",
            width: 0.2,
            role: i === 1 ? "second" : "body",
            points: [links(state)[i]!, point],
          })),
      });
    simulator.act(run.theta.weights.data as Float32Array, state);
  }
  return {
    id: "strokes",
    title: "The tuned swimmer from above",
    caption:
      "The first strokes of the tuned policy; the head is to the right, and pictures follow the swimmer.",
    x: { label: "x (m)" },
    y: { label: "y (m)" },
    series: [],
    frames,
  };
}
