/**
 * Samples of what an estimator says of whole trajectories at fixed theta: its estimates of all windows of a trajectory,
 * summed (objective "sum") or averaged (objective "mean"), one sample per trajectory of its units.
 *
 * Trajectories, perturbations and data come from the key alone, so estimators with the same key share them.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, requireKnownOptions } from "../errors.ts";
import {
  type GradientEstimator,
  type Recurrence,
  estimatesProgram,
  takeEstimates,
  windowsRunner,
} from "../estimators/index.ts";

export interface TrajectorySample {
  /** Leaves of theta one after the other, [P]. */
  gradient: Float64Array;
  /** Over all units. */
  innerSteps: number;
  /** Time that it took, with a share of calls that make several samples; without the first call's compilation. */
  milliseconds: number;
}

export interface TrajectoryOptions {
  /** Windows per trajectory. */
  windows: number;
  /** The objective is a mean over steps, so that windows are averaged. */
  isMean: boolean;
  /** Trajectories, at most. */
  samples: number;
  /** Of the trajectories. */
  key: Key;
}

/** Samples one by one; the caller may stop early. Units must run in lockstep, with resets at window edges. */
export function* trajectoryGradients<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  options: TrajectoryOptions,
): Generator<TrajectorySample, void, undefined> {
  requireKnownOptions("trajectoryGradients", options, ["windows", "isMean", "samples", "key"]);
  const { windows, isMean, samples, key } = options;
  const start = { state: estimator.init(theta, random.foldIn(key, "init")), key: random.foldIn(key, "step") };
  const { recurrence } = estimator;
  const estimates =
    recurrence !== undefined && windowsRunner(recurrence) !== undefined
      ? inARow(recurrence, theta, start.state, start.key, windows * samples)
      : oneByOne(estimator, theta, start.state, start.key, windows * samples);
  let sum = new Float64Array(tree.size(theta));
  let [innerSteps, milliseconds, done] = [0, 0, 0];
  for (const estimate of estimates) {
    for (let i = 0; i < sum.length; i++) sum[i]! += estimate.gradient[i]!;
    innerSteps += estimate.innerSteps;
    milliseconds += estimate.milliseconds;
    done += 1;
    if (done < windows) continue;
    yield { gradient: isMean ? sum.map((value) => value / windows) : sum, innerSteps, milliseconds };
    sum = new Float64Array(sum.length);
    [innerSteps, milliseconds, done] = [0, 0, 0];
  }
}

function* oneByOne<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  first: unknown,
  key: Key,
  count: number,
): Generator<TrajectorySample> {
  // Compiles; estimators are pure.
  estimator.estimate(theta, first, random.foldIn(key, 0));
  let state = first;
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    const estimate = estimator.estimate(theta, state, random.foldIn(key, i));
    state = estimate.state;
    yield {
      gradient: tree.flatten(estimate.gradient),
      innerSteps: estimate.metrics.innerSteps,
      milliseconds: performance.now() - startedAt,
    };
  }
}

interface Recorded {
  loss: Tensor;
  /** Flat, float64. */
  gradient: Tensor;
}

function* inARow(
  recurrence: Recurrence,
  theta: unknown,
  first: unknown,
  key: Key,
  count: number,
): Generator<TrajectorySample> {
  const program = estimatesProgram<object, Recorded>(recurrence, ({ loss, gradient }, { theta: same }) => ({
    theta: same,
    own: {},
    record: { loss, gradient: flat(gradient) },
  }));
  const from = { theta, own: {}, key, step: 0, estimatorState: first };
  takeEstimates(recurrence, program, from, 1);
  while (from.step < count) {
    const startedAt = performance.now();
    const done = takeEstimates(recurrence, program, from, count - from.step);
    const { estimatorState, record, count: made } = done;
    const milliseconds = (performance.now() - startedAt) / made;
    const size = record.gradient.size / made;
    const gradients = record.gradient.data as Float64Array;
    for (let i = 0; i < made; i++) {
      const gradient = gradients.slice(i * size, (i + 1) * size);
      requireFinite(record.loss.data[i]!, gradient, from.step + i);
      yield { gradient, innerSteps: recurrence.innerSteps, milliseconds };
    }
    [from.step, from.estimatorState] = [from.step + made, estimatorState];
  }
}

function flat(gradient: unknown): Tensor {
  return np.concatenate(tree.leaves(gradient).map((leaf) => leaf.astype("float64").reshape([leaf.size])));
}

function requireFinite(loss: number, gradient: Float64Array, window: number): void {
  if (Number.isFinite(loss) && gradient.every((value) => Number.isFinite(value))) return;
  const what = Number.isFinite(loss) ? "the gradient is not finite" : `the loss is ${loss}`;
  throw new NonFiniteError("trajectoryGradients", `${what} in estimate ${window}.`, { estimate: window });
}
