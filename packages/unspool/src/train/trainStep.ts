/**
 * One outer step, synchronous and pure: estimate a gradient, update theta. `train` is a loop around it; call it
 * directly where a loop of one's own is wanted.
 */
import { type Key, type Tensor, random, tree } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import type { Setup, StepRecord } from "./experiment.ts";
import { type OuterRecord, outerSteps } from "./outerSteps.ts";
import { type AnyOptimizer, type TrainState, loggedThetaSize, optimizerOf } from "./trainState.ts";
import { skippedUpdates } from "./trainState.ts";

export type { TrainState } from "./trainState.ts";

export interface TrainStepResult {
  state: TrainState;
  record: StepRecord;
}

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
 * loss, the gradient, the new theta or the new state of the optimizer is not finite. A gradient that is not is the
 * optimizer's where that can leave it out (`lossScale`); updates that it left out are counted in `skippedUpdates`.
 */
export function trainStep(setup: Setup, state: TrainState): TrainStepResult {
  const { state: next, records } = trainSteps(setup, state, 1);
  return { state: next, record: records[0]! };
}

export interface TrainStepsResult {
  state: TrainState;
  /** One per outer step done: at least one, at most as many as were asked for. */
  records: StepRecord[];
}

/**
 * The next outer steps, up to `steps` of them, in one call of the engine where estimator and executor allow it: the
 * same bits as one by one. If a step fails, those before it are returned first, and the next call throws.
 */
export function trainSteps(setup: Setup, state: TrainState, steps: number): TrainStepsResult {
  const startedAt = performance.now();
  const done = outerSteps(setup, state, steps);
  if (done === undefined) return single(setup, state);
  const bad = firstBad(done.record, done.steps);
  // What went wrong is found by taking the step alone.
  if (bad === 0) return single(setup, state);
  if (bad > 0) return trainSteps(setup, state, bad);
  const durationMs = (performance.now() - startedAt) / done.steps;
  const perStep = (done.state.innerSteps - state.innerSteps) / done.steps;
  const read = recordReader(done.record);
  const records = Array.from({ length: done.steps }, (_, i) =>
    read(i, state.step + i + 1, state.innerSteps + perStep * (i + 1), durationMs),
  );
  return { state: done.state, records };
}

/** The first step of a call with a loss, gradient, theta or state that is not finite; -1 if there is none. */
function firstBad({ loss, gradientNorm, isFinite }: OuterRecord, steps: number): number {
  for (let i = 0; i < steps; i++) {
    if (!Number.isFinite(loss.data[i]) || !Number.isFinite(gradientNorm.data[i]) || isFinite.data[i] === 0)
      return i;
  }
  return -1;
}

/** Reads the records of a call, step by step: what `asLogged` makes of them, without its detours. */
function recordReader({ loss, gradientNorm, metrics, theta, skipped }: OuterRecord) {
  const number = (value: number): number =>
    Number.isFinite(value) ? value + 0 : (null as unknown as number);
  const scalars = Object.entries(metrics).map(([name, { data }]) => [name, data] as const);
  const leaves = tree
    .entries(theta)
    .map(([path, { data, shape }]) => [path || "theta", data, data.length / shape[0]!] as const);
  return (i: number, step: number, innerSteps: number, durationMs: number): StepRecord => {
    const record: Record<string, unknown> = {
      step,
      loss: number(loss.data[i]!),
      innerSteps,
      gradientNorm: number(gradientNorm.data[i]!),
      durationMs,
    };
    for (const [name, data] of scalars) record[name] = number(data[i]!);
    if (skipped.data[i] !== 0) record["skippedUpdates"] = skipped.data[i];
    if (leaves.length > 0) {
      const logged: Record<string, number[]> = {};
      for (const [path, data, size] of leaves) {
        const values: number[] = [];
        for (let j = i * size; j < (i + 1) * size; j++) values.push(number(data[j]!));
        logged[path] = values;
      }
      record["theta"] = logged;
    }
    return record as unknown as StepRecord;
  };
}

/** One outer step, its parts one by one. */
function single(setup: Setup, state: TrainState): TrainStepsResult {
  const startedAt = performance.now();
  const step = state.step + 1;
  const key = random.foldIn(random.foldIn(state.key, "step"), state.step);
  const estimate = setup.estimator.estimate(state.theta, state.estimatorState, key);
  tree.requireSame("train", `the gradient of "${setup.estimator.name}"`, state.theta, estimate.gradient);
  const gradientNorm = norm(estimate.gradient);
  const optimizer = optimizerOf(setup);
  const isSkipped =
    !tree.isFinite(estimate.gradient) && optimizer.canSkip?.(state.optimizerState).item() === 1;
  if (!Number.isFinite(estimate.loss) && !isSkipped) {
    throw nonFinite(step, `the loss is ${estimate.loss}`, "loss");
  }
  if (!Number.isFinite(gradientNorm) && !isSkipped) requireFinite(step, "gradient", estimate.gradient);

  const { theta, state: optimizerState } = compiledUpdate(optimizer)(
    estimate.gradient,
    state.optimizerState,
    state.theta,
  );
  requireFinite(step, "theta", theta);
  requireFinite(step, "optimizer's state", optimizerState, "optimizerState");
  const skipped = skippedUpdates(optimizerState).item() - skippedUpdates(state.optimizerState).item();

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
    ...(skipped !== 0 && { skippedUpdates: skipped }),
    ...(tree.size(theta) <= loggedThetaSize && { theta: byPath(theta) }),
  });
  return { state: next, records: [record] };
}

/** The parameters to evaluate and to keep: those of optimizer or estimator where one has its own, else theta. */
export function evaluatedTheta(setup: Setup, state: TrainState): unknown {
  const { theta, optimizerState, estimatorState } = state;
  return (
    optimizerOf(setup).evaluationTheta?.(optimizerState, theta) ??
    setup.estimator.evaluationTheta?.(estimatorState, theta) ??
    theta
  );
}

type Update = AnyOptimizer["update"];

/** Compiled updates: a memo, so that a pure function of setup and state need not compile at every step. */
const compiledUpdates = new WeakMap<AnyOptimizer, Update>();

function compiledUpdate(optimizer: AnyOptimizer): Update {
  let update = compiledUpdates.get(optimizer);
  if (update === undefined) {
    update = compiled("update", (gradient: unknown, state: unknown, theta: unknown) =>
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

function requireFinite(step: number, words: string, values: unknown, quantity = words): void {
  for (const [path, leaf] of tree.entries(values)) {
    if (leaf.dtype !== "float32" && leaf.dtype !== "float64") continue;
    const at = firstNonFinite(leaf.data);
    if (at === -1) continue;
    const place = `${words}${path === "" ? "" : ` at "${path}"`}, element ${at} of ${leaf.toString()}`;
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
  return plain(record) as StepRecord;
}

function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(known.map(([name, part]) => [name, plain(part)]));
}
