/**
 * The best gradient to measure others against: backpropagation through whole trajectories in float64 where the problem
 * can be differentiated and its derivatives do not explode, else full evolution strategies with many pairs.
 *
 * The first is the gradient of the loss itself, the second that of the loss smoothed by the perturbations; ES types
 * estimate the latter. A result says which it is.
 */
import { type Key, random, tree } from "../array/index.ts";
import { UnspoolError, requireKnownOptions } from "../errors.ts";
import { type EstimatorOptions, bptt, fullEs } from "../estimators/index.ts";
import { type Problem, unroll } from "../unroll/index.ts";
import { moments, vectorNorm } from "../numerics/index.ts";
import { trajectoryGradients } from "./trajectoryGradients.ts";

export type ReferenceMethod = "exact" | "bptt" | "fullEs";

export interface ReferenceGradient {
  method: ReferenceMethod;
  /** In words: of which loss, in which precision, why not another. */
  description: string;
  /** [P], leaves of theta one after the other. */
  gradient: Float64Array;
  /** [P]; 0 where the gradient is exact. */
  standardError: Float64Array;
  /** Trajectories that it averages. */
  trajectories: number;
  innerSteps: number;
  /** Standard deviation of the perturbations over which the loss was averaged; undefined for the loss itself. */
  smoothedBy?: number;
  /** For a reference of the loss itself, the gradient of the smoothed loss where it was measured: how far apart they are. */
  smoothed?: { sigma: number; distance: number; standardError: number; trajectories: number };
}

export interface ReferenceOptions {
  /** Of the estimators that are measured: their objective, sigma and pairs count. */
  options: EstimatorOptions;
  /** Of the trajectories. */
  key: Key;
  /** Inner steps to spend at most, beyond what two trajectories of every pair cost. */
  innerSteps: number;
  /** Whether all trajectories are the same. */
  isDeterministic: boolean;
  /** Default "auto". */
  method?: "auto" | "bptt" | "fullEs" | undefined;
}

/** A gradient this many times longer than that of the smoothed loss is taken for exploded. */
const explosion = 1e3;

/** The problem must have a finite horizon. */
export function referenceGradient<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  given: ReferenceOptions,
): ReferenceGradient {
  requireKnownOptions("referenceGradient", given, [
    "options",
    "key",
    "innerSteps",
    "isDeterministic",
    "method",
  ]);
  const { method = "auto" } = given;
  if (method === "fullEs") return byFullEs(problem, theta, given, "as asked");
  if (method === "bptt") return byBptt(problem, theta, given);
  if (!problem.isDifferentiable)
    return byFullEs(problem, theta, given, "because the problem has no derivative");
  let exact: ReferenceGradient;
  try {
    exact = byBptt(problem, theta, given);
  } catch (error) {
    if (!(error instanceof UnspoolError)) throw error;
    return byFullEs(problem, theta, given, `because backpropagation fails (${error.message})`);
  }
  const pilot = byFullEs(problem, theta, { ...given, innerSteps: given.innerSteps / 4 }, "");
  const size = vectorNorm(pilot.gradient) + vectorNorm(pilot.standardError);
  if (vectorNorm(exact.gradient) <= explosion * size) return withSmoothing(exact, pilot);
  const ratio = (vectorNorm(exact.gradient) / size).toExponential(0);
  return byFullEs(
    problem,
    theta,
    given,
    `because the exact gradient is ${ratio} times as long as that of the smoothed loss`,
  );
}

/** What smoothing alone does to the gradient, as the estimators that smooth see it. */
function withSmoothing(exact: ReferenceGradient, pilot: ReferenceGradient): ReferenceGradient {
  const { smoothedBy: sigma, trajectories } = pilot;
  if (sigma === undefined) return exact;
  const distance = vectorNorm(pilot.gradient.map((value, i) => value - exact.gradient[i]!));
  const standardError = Math.hypot(vectorNorm(pilot.standardError), vectorNorm(exact.standardError));
  return { ...exact, smoothed: { sigma, distance, standardError, trajectories } };
}

/** Trajectories of more steps than this are backpropagated with few states kept. */
const mostStatesKept = 200;

function byBptt<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  { options, key, innerSteps, isDeterministic }: ReferenceOptions,
): ReferenceGradient {
  const tasks = isDeterministic ? 1 : (options.pairs ?? 16);
  const samples = isDeterministic
    ? 1
    : Math.max(8, Math.min(1000, Math.floor(innerSteps / (3 * tasks * problem.horizon))));
  const checkpoints = problem.horizon > mostStatesKept ? "sqrt" : "all";
  const estimator = bptt(problem, { tasks, objective: options.objective ?? "mean", checkpoints });
  const wide = tree.astype(theta, "float64");
  const run = { windows: 1, isMean: false, samples, key };
  const { gradient, standardError, steps } = average(
    trajectoryGradients(estimator, wide, run),
    tree.size(theta),
  );
  return {
    method: "bptt",
    description: `backpropagation through ${problem.horizon} steps in float64, the gradient of the loss itself`,
    gradient,
    standardError: isDeterministic ? new Float64Array(gradient.length) : standardError,
    trajectories: tasks * samples,
    innerSteps: steps,
  };
}

/** Pairs of one estimate: many, because the reference wants few calls. */
const pairsPerCall = 256;

function byFullEs<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  { options, key, innerSteps }: ReferenceOptions,
  why: string,
): ReferenceGradient {
  const { sigma = 0.01, objective = "mean", noise } = options;
  const estimator = fullEs(problem, { sigma, objective, pairs: pairsPerCall, ...(noise && { noise }) });
  const samples = Math.max(8, Math.min(4000, Math.floor(innerSteps / (2 * pairsPerCall * problem.horizon))));
  const run = { windows: 1, isMean: false, samples, key: random.foldIn(key, "reference") };
  const { gradient, standardError, steps } = average(
    trajectoryGradients(estimator, theta, run),
    tree.size(theta),
  );
  return {
    method: "fullEs",
    description: `full ES with ${pairsPerCall * samples} pairs, the gradient of the loss smoothed by sigma ${sigma}, ${why}`,
    gradient,
    standardError,
    trajectories: 2 * pairsPerCall * samples,
    innerSteps: steps,
    smoothedBy: sigma,
  };
}

function average(samples: ReturnType<typeof trajectoryGradients>, length: number) {
  const sum = moments(length);
  let steps = 0;
  for (const { gradient, innerSteps } of samples) {
    sum.add(gradient);
    steps += innerSteps;
  }
  return { gradient: sum.mean, standardError: sum.standardError(), steps };
}

/** Whether trajectories with other keys have the same losses. */
export function isDeterministic<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  key: Key,
): boolean {
  const { losses } = unroll(problem, theta, { key, particles: 2 });
  return losses.data.every((loss, i) => Object.is(loss, losses.data[i - (i % 2)]));
}
