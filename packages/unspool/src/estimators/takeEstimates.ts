/**
 * Several estimates as one program: where an estimator says what its estimate is made of (`recurrence`) and its
 * executor can run windows in a row, nothing between them needs JavaScript.
 */
import { type Key, type Tensor, random, tree } from "../array/index.ts";
import type { OuterProgram } from "../unroll/index.ts";
import type { Recurrence } from "./estimator.ts";

/** What the program hands from one estimate to the next. */
export interface BetweenEstimates<Own> {
  theta: unknown;
  /** Whatever the caller wants to keep: the state of an optimizer. */
  own: Own;
  /** Key of all estimates: each takes `foldIn(key, step)`. uint32[2] */
  key: Key;
  /** int32 scalars: estimates made since the key's first, and since the estimator's `init`. */
  step: Tensor;
  estimates: Tensor;
}

/** What an estimate comes to, traced. */
export type Summary = ReturnType<Recurrence["summary"]>;

export type EstimatesProgram<Own, Record> = OuterProgram<
  BetweenEstimates<Own>,
  unknown,
  unknown,
  unknown,
  Record
>;

export interface EstimatesTaken<Own, Record> {
  theta: unknown;
  own: Own;
  /** The estimator's next state. */
  estimatorState: unknown;
  /** Leaves [count, …]. */
  record: Record;
  /** Estimates that were made. */
  count: number;
}

/** Estimates in a row; `onEstimate` says what becomes of theta and `own` after each, and what is recorded of it. */
export function estimatesProgram<Own, Record>(
  { window, restart, settle, share, summary }: Recurrence,
  onEstimate: (estimate: Summary, now: BetweenEstimates<Own>) => { theta: unknown; own: Own; record: Record },
): EstimatesProgram<Own, Record> {
  return {
    window,
    ...(restart && { restart }),
    ...(settle && { settle }),
    share: ({ theta, key, step, estimates }) => share(theta, random.foldIn(key, step), estimates),
    update(now, mean) {
      const { theta, own, record } = onEstimate(summary(mean, now.theta), now);
      const { key, step, estimates } = now;
      return { outer: { theta, own, key, step: step.add(1), estimates: estimates.add(1) }, record };
    },
  };
}

/** The executor's way to run several windows in one call; undefined where there is none. */
export function windowsRunner(recurrence: Recurrence | undefined): Recurrence["executor"]["outer"] {
  return recurrence?.executor.outer?.bind(recurrence.executor);
}

/** The outer state of the program before the estimate of `step`. */
export function estimatesStart<Own>(
  recurrence: Recurrence,
  {
    theta,
    own,
    key,
    step,
    estimatorState,
  }: { theta: unknown; own: Own; key: Key; step: number; estimatorState: unknown },
): BetweenEstimates<Own> {
  return {
    ...{ theta, own, key },
    step: tree.scalar(step, "int32"),
    estimates: tree.scalar(recurrence.estimates(estimatorState), "int32"),
  };
}

/** Takes up to `most` estimates from `step` on. Only where `windowsRunner(recurrence)` is there. */
export function takeEstimates<Own, Record>(
  recurrence: Recurrence,
  program: EstimatesProgram<Own, Record>,
  from: { theta: unknown; own: Own; key: Key; step: number; estimatorState: unknown },
  most: number,
): EstimatesTaken<Own, Record> {
  const { estimatorState } = from;
  const start = estimatesStart(recurrence, from);
  const run = windowsRunner(recurrence)!;
  const { outer, units, record } = run(program, start, recurrence.units(estimatorState), most);
  const count = tree.leaves(record)[0]!.shape[0]!;
  return {
    theta: outer.theta,
    own: outer.own,
    estimatorState: recurrence.next(estimatorState, units, count),
    record,
    count,
  };
}
