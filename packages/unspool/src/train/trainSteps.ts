/**
 * Outer steps of a setup's method, synchronous and pure. `train` is a loop around them; call them directly where a loop
 * of one's own is wanted.
 */
import { type Key, type Tensor, random, tree } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";
import {
  type MethodSteps,
  loggedThetaSize,
  requireFiniteLoss,
  requireFiniteValues,
} from "../methods/index.ts";
import type { Setup, StepRecord } from "./experiment.ts";
import { type TrainState, methodOf } from "./trainState.ts";

export type { TrainState } from "./trainState.ts";

/** The state before the first outer step. `key` is the key of the run: `random.key(seed)`. */
export function initTraining(setup: Setup, key: Key): TrainState {
  const theta: unknown = tree.tensors(setup.theta);
  const methodState = methodOf(setup).init(theta, random.foldIn(key, "estimator"));
  return { step: 0, key, theta, methodState, innerSteps: 0 };
}

export interface TrainStepsResult {
  state: TrainState;
  /** One per outer step done: at least one, at most as many as were asked for. */
  records: StepRecord[];
}

/**
 * The next outer steps, up to `steps` of them, in one call where the method has a way to do so: the same bits as one by
 * one. The random key of a step is `foldIn(foldIn(key, "step"), i)` with i the steps done before it.
 *
 * Throws `NonFiniteError` if the loss, the new theta or what the method looks at itself is not finite, with the step in its
 * details; steps of the same call that went well are returned first, and the next call throws. Updates that were left out
 * are counted in `skippedUpdates`.
 */
export function trainSteps(setup: Setup, state: TrainState, steps: number): TrainStepsResult {
  const startedAt = performance.now();
  const { key, step, theta, methodState, innerSteps } = state;
  const done = methodOf(setup).several?.(theta, methodState, random.foldIn(key, "step"), step, steps);
  if (done === undefined) return single(setup, state);
  const bad = firstBad(done);
  // What went wrong is found by taking the step alone.
  if (bad === 0) return single(setup, state);
  if (bad > 0) return trainSteps(setup, state, bad);
  const durationMs = (performance.now() - startedAt) / done.steps;
  const read = recordReader(done);
  const records = Array.from({ length: done.steps }, (_, i) =>
    read(i, step + i + 1, innerSteps + done.innerSteps * (i + 1), durationMs),
  );
  const next = {
    step: step + done.steps,
    key,
    theta: done.theta,
    methodState: done.state,
    innerSteps: innerSteps + done.steps * done.innerSteps,
  };
  return { state: next, records };
}

export type Measured = Omit<MethodSteps<unknown, unknown>, "theta" | "state">;
/** The record of the step of index `i` of a call, with its number and the inner steps up to its end. */
export type RecordReader = (i: number, step: number, innerSteps: number, durationMs: number) => StepRecord;

/** The first step of a call with something that is not finite; -1 if there is none. */
export function firstBad({ loss, isFinite, steps }: Measured): number {
  for (let i = 0; i < steps; i++)
    if (isFinite.data[i] === 0 || (loss !== null && !Number.isFinite(loss.data[i]))) return i;
  return -1;
}

/** Reads the records of a call, step by step: what `asLogged` makes of them, without its detours. */
export function recordReader({
  loss,
  metrics: { skippedUpdates, ...metrics },
  thetas,
}: Measured): RecordReader {
  // As JSON reads it back: null where it is not finite, whatever the type of a record says.
  const number = (value: number): number =>
    Number.isFinite(value) ? value + 0 : (null as unknown as number);
  const scalars = Object.entries(metrics).map(([name, { data }]) => [name, data] as const);
  const leaves = tree
    .entries(thetas ?? {})
    .map(([path, { data, shape }]) => [path || "theta", data, data.length / shape[0]!] as const);
  return (i: number, step: number, innerSteps: number, durationMs: number): StepRecord => {
    const record: StepRecord = { step, loss: number(loss?.data[i] ?? NaN), innerSteps, durationMs };
    for (const [name, data] of scalars) record[name] = number(data[i]!);
    const skipped = skippedUpdates?.data[i] ?? 0;
    if (skipped !== 0) record.skippedUpdates = skipped;
    if (leaves.length > 0) {
      const logged: Record<string, number[]> = {};
      for (const [path, data, size] of leaves) {
        const values: number[] = [];
        for (let j = i * size; j < (i + 1) * size; j++) values.push(number(data[j]!));
        logged[path] = values;
      }
      record.theta = logged;
    }
    return record;
  };
}

/** One outer step by the method's `step`. */
function single(setup: Setup, state: TrainState): TrainStepsResult {
  const startedAt = performance.now();
  const step = state.step + 1;
  const key = random.foldIn(random.foldIn(state.key, "step"), state.step);
  const { loss, theta, methodState, metrics } = told(step, () => {
    const made = methodOf(setup).step(state.theta, state.methodState, key);
    const mayBeInfinite = made.loss === null || (made.metrics.skippedUpdates ?? 0) !== 0;
    if (!mayBeInfinite) requireFiniteLoss("train", made.loss!);
    requireFiniteValues("train", "theta", made.theta);
    return { ...made, methodState: made.state };
  });
  const { innerSteps, skippedUpdates = 0, ...others } = metrics;
  const next = { step, key: state.key, theta, methodState, innerSteps: state.innerSteps + innerSteps };
  const record = asLogged({
    step,
    loss: loss ?? NaN,
    innerSteps: next.innerSteps,
    durationMs: performance.now() - startedAt,
    ...others,
    ...(skippedUpdates !== 0 && { skippedUpdates }),
    ...(tree.size(theta) <= loggedThetaSize && { theta: byPath(theta) }),
  });
  return { state: next, records: [record] };
}

/** The result of `call`; what is not finite in it is told with the number of the step. */
function told<T>(step: number, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { problem } = error instanceof NonFiniteError ? error.details : {};
    if (typeof problem !== "string") throw error;
    const { details } = error as NonFiniteError;
    throw new NonFiniteError("train", `in outer step ${step}, ${problem}.`, {
      ...details,
      where: "train",
      step,
    });
  }
}

/** The parameters to evaluate and to keep: the method's own where it has them, else theta. */
export function evaluatedTheta(setup: Setup, { theta, methodState }: TrainState): unknown {
  return methodOf(setup).evaluationTheta?.(theta, methodState) ?? theta;
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
