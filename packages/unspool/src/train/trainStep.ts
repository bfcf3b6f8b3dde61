/**
 * One outer step, synchronous and pure: estimate a gradient, update theta. `train` is a loop around it; call it
 * directly where a loop of one's own is wanted.
 */
import { type Key, type Tensor, jit, random, tree } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";
import type { Setup, StepRecord } from "./experiment.ts";

/** All that the next outer step needs. Plain data: it is what a checkpoint holds. */
export interface TrainState {
  /** Outer steps done. */
  readonly step: number;
  /** Key of the run; each outer step derives its own from it. uint32[2] */
  readonly key: Key;
  readonly theta: unknown;
  readonly estimatorState: unknown;
  readonly optimizerState: unknown;
  /** Inner steps spent so far, over all particles. */
  readonly innerSteps: number;
}

export interface TrainStepResult {
  state: TrainState;
  record: StepRecord;
}

/** Thetas of up to this many numbers are logged at every outer step (as `StepRecord` promises). */
const loggedThetaSize = 32;

/** The state before the first outer step. `key` is the key of the run: `random.key(seed)`. */
export function initTraining(setup: Setup, key: Key): TrainState {
  const theta: unknown = tree.tensors(setup.theta);
  return {
    step: 0,
    key,
    theta,
    estimatorState: setup.estimator.init(theta, random.foldIn(key, "estimator")),
    optimizerState: optimizerOf(setup).init(theta),
    innerSteps: 0,
  };
}

/**
 * The next outer step. Its random key is `foldIn(foldIn(key, "step"), state.step)`. Throws `NonFiniteError` if the
 * loss, the gradient or the new theta is not finite.
 */
export function trainStep(setup: Setup, state: TrainState): TrainStepResult {
  const startedAt = performance.now();
  const step = state.step + 1;
  const key = random.foldIn(random.foldIn(state.key, "step"), state.step);
  const estimate = setup.estimator.estimate(state.theta, state.estimatorState, key);
  if (!Number.isFinite(estimate.loss)) throw nonFinite(step, `the loss is ${estimate.loss}`, "loss");
  tree.requireSame("train", `the gradient of "${setup.estimator.name}"`, state.theta, estimate.gradient);
  const gradientNorm = norm(estimate.gradient);
  if (!Number.isFinite(gradientNorm)) requireFinite(step, "gradient", estimate.gradient);

  const { theta, state: optimizerState } = compiledUpdate(optimizerOf(setup))(
    estimate.gradient,
    state.optimizerState,
    state.theta,
  );
  requireFinite(step, "theta", theta);

  const { innerSteps, ...metrics } = estimate.metrics;
  const next = {
    step,
    key: state.key,
    theta,
    estimatorState: estimate.state,
    optimizerState,
    innerSteps: state.innerSteps + innerSteps,
  };
  const record = asLogged({
    step,
    loss: estimate.loss,
    innerSteps: next.innerSteps,
    gradientNorm,
    durationMs: performance.now() - startedAt,
    ...metrics,
    ...(tree.size(theta) <= loggedThetaSize && { theta: byPath(theta) }),
  });
  return { state: next, record };
}

/** The parameters to evaluate and to keep: those of the optimizer where it has its own, else theta. */
export function evaluatedTheta(setup: Setup, state: TrainState): unknown {
  const optimizer = optimizerOf(setup);
  return optimizer.evaluationTheta?.(state.optimizerState, state.theta) ?? state.theta;
}

// The loop only passes these from one call to the next; `Optimizer` is generic in theta.
interface AnyOptimizer {
  init(theta: unknown): unknown;
  update(gradient: unknown, state: unknown, theta: unknown): { theta: unknown; state: unknown };
  evaluationTheta?(state: unknown, theta: unknown): unknown;
}

const optimizerOf = (setup: Setup): AnyOptimizer => setup.optimizer as unknown as AnyOptimizer;

/** Compiled updates: a memo, so that a pure function of setup and state need not compile at every step. */
const compiledUpdates = new WeakMap<AnyOptimizer, AnyOptimizer["update"]>();

function compiledUpdate(optimizer: AnyOptimizer): AnyOptimizer["update"] {
  let update = compiledUpdates.get(optimizer);
  if (update === undefined) {
    update = jit((gradient: unknown, state: unknown, theta: unknown) =>
      optimizer.update(gradient, state, theta),
    );
    compiledUpdates.set(optimizer, update);
  }
  return update;
}

/** Euclidean norm over all leaves, in float64; not finite if an element is not. */
function norm(gradient: unknown): number {
  const leaves = tree.leaves(gradient);
  const scaled = (scale: number) => {
    let sum = 0;
    for (const { data } of leaves) for (let i = 0; i < data.length; i++) sum += (data[i]! / scale) ** 2;
    return Math.sqrt(sum) * scale;
  };
  const plain = scaled(1);
  // Squares beyond 1e308: a float64 gradient that explodes can still be finite.
  return plain === Infinity
    ? scaled(leaves.reduce((most, { data }) => Math.max(most, largest(data)), 1))
    : plain;
}

function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]!));
  return most;
}

function requireFinite(step: number, quantity: string, values: unknown): void {
  for (const [path, leaf] of tree.entries(values)) {
    const at = firstNonFinite(leaf.data);
    if (at === -1) continue;
    const place = `${quantity}${path === "" ? "" : ` at "${path}"`}, element ${at} of ${leaf.toString()}`;
    throw nonFinite(step, `the ${place}, is ${leaf.data[at]}`, quantity, { path, element: at });
  }
}

function firstNonFinite(data: ArrayLike<number>): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

function nonFinite(step: number, problem: string, quantity: string, details = {}): NonFiniteError {
  return new NonFiniteError("train", `in outer step ${step}, ${problem}.`, { step, quantity, ...details });
}

function byPath(theta: unknown): Record<string, number[]> {
  return Object.fromEntries(
    tree.entries(theta).map(([path, leaf]: [string, Tensor]) => [path || "theta", Array.from(leaf.data)]),
  );
}

/** A record as a file of metrics gives it back: no undefined, null for numbers that are not finite, no -0. */
function asLogged(record: StepRecord): StepRecord {
  return JSON.parse(JSON.stringify(record)) as StepRecord;
}
