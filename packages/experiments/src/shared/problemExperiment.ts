/** Any inner problem with a theta as an experiment: what `unspool run problem.ts` runs. */
import {
  type Experiment,
  type Figure,
  type Problem,
  type Tensor,
  adam,
  defineExperiment,
  innerProblem,
  measuredHorizon,
  random,
  tree,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "./fields.ts";
import { outerParts } from "./outerParts.ts";
import { outerRate } from "./outerRate.ts";
import { mean, thin } from "./series.ts";
import { withSearches } from "./withSearches.ts";

/** Trajectories from new keys over which losses are averaged at the end. */
const evaluationTrajectories = 64;

/** An experiment that tunes the problem's theta with Adam. `name` stands in for a problem that has none of its own. */
export function problemExperiment<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  name: string,
): Experiment<unknown, Theta> {
  const { horizon, theta } = problem;
  const config = withSearches(
    z.strictObject({
      ...estimatorFields({ sigma: 0.1, pairs: 16, truncation: defaultTruncation(horizon) }, "nres"),
      steps: z.int().min(1).default(500).describe("outer steps"),
      learningRate: z.number().positive().default(0.05).describe("of Adam on theta"),
    }),
  );
  type Config = z.infer<typeof config>;
  return defineExperiment<Config, Theta>({
    name: problem.name === "problem" ? name : problem.name,
    summary: `theta of an inner problem of ${horizon} steps, tuned by Adam`,
    config,
    setup(settings: Config, key) {
      const options = { ...estimatorOptions(settings), objective: "mean" } as const;
      const evaluationKey = random.foldIn(key, "evaluation");
      const curve = (at: Theta) => meanLosses(problem, at, evaluationKey);
      const rate = outerRate(settings.learningRate, (to) => adam({ learningRate: to }));
      return {
        theta: theta as Theta,
        ...outerParts(settings.estimator, problem, options, rate.optimizer(rate.value)),
        inner: innerProblem(problem, options, rate),
        steps: settings.steps,
        evaluate: (tuned, initial) => evaluation(tuned, mean(curve(initial)), mean(curve(tuned))),
        figures: ({ theta: tuned, initialTheta }) => [lossFigure(curve(initialTheta), curve(tuned))],
      };
    },
  }) as Experiment<unknown, Theta>;
}

/** The divisor of the horizon that is nearest to 10 on a logarithmic scale. */
function defaultTruncation(horizon: number): number {
  if (horizon === Infinity) return 10;
  const distance = (length: number): number => Math.abs(Math.log(length / 10));
  let best = horizon;
  // From 100 on, 1 is nearer.
  for (let length = 1; length < Math.min(horizon, 100); length++)
    if (horizon % length === 0 && distance(length) < distance(best)) best = length;
  return best;
}

/** Loss of each step, averaged over trajectories from new keys. */
function meanLosses<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  key: Tensor,
): number[] {
  const steps = measuredHorizon(problem);
  return [...unroll(problem, theta, { key, particles: evaluationTrajectories, steps }).losses.mean(1).data];
}

/** Thetas of up to this many numbers are told. */
const toldSize = 16;

function evaluation(theta: unknown, initialLoss: number, loss: number) {
  const told =
    tree.size(theta) > toldSize
      ? []
      : tree.entries(theta).flatMap(([path, leaf]) => numbers(path || "theta", leaf));
  return { metrics: { initialLoss, loss, ...Object.fromEntries(told) } };
}

function numbers(path: string, leaf: Tensor): [string, number][] {
  return [...leaf.data].map((value, i): [string, number] => [
    leaf.size === 1 ? path : `${path}[${i}]`,
    value,
  ]);
}

function lossFigure(initial: readonly number[], tuned: readonly number[]): Figure {
  const steps = thin(
    initial.map((_, t) => t),
    600,
  );
  const series = (name: string, losses: readonly number[]) => ({
    name,
    x: steps.map((t) => t + 1),
    y: steps.map((t) => losses[t]!),
  });
  return {
    id: "losses",
    title: "Loss over the steps of a trajectory",
    caption: `Mean over ${evaluationTrajectories} trajectories from new keys, at the first theta and at the tuned one.`,
    x: { label: "inner step" },
    y: { label: "loss", scale: "symlog" },
    series: [series("initial", initial), series("tuned", tuned)],
  };
}
