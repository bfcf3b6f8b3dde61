/**
 * Several estimates as one program: where an estimator says what its estimate is made of (`recurrence`) and its
 * executor can run windows in a row, nothing between them needs JavaScript.
 */
import { type Key, type Tensor, random, tree } from "../array/index.ts";
import type { OuterProgram } from "../unroll/index.ts";
import type { Recurrence } from "./estimator.ts";

/** What the program carries from one estimate to the next. */
export interface Turn<Carry> {
  theta: unknown;
  /** Whatever the caller wants to carry: the state of an optimizer. */
  carry: Carry;
  /** Key of all estimates: each takes `foldIn(key, step)`. uint32[2] */
  key: Key;
  /** int32 scalars: estimates made since the key's first, and since the estimator's `init`. */
  step: Tensor;
  estimates: Tensor;
}

/** What an estimate comes to, traced. */
export type Summary = ReturnType<Recurrence["summary"]>;

export type TurnProgram<Carry, Record> = OuterProgram<Turn<Carry>, unknown, unknown, unknown, Record>;

export interface TurnsTaken<Carry, Record> {
  theta: unknown;
  carry: Carry;
  /** The estimator's next state. */
  estimatorState: unknown;
  /** Leaves [estimates, …]. */
  record: Record;
}

/** Estimates in turn; `after` says what becomes of theta and the carry after each, and what is recorded of it. */
export function turnProgram<Carry, Record>(
  { window, restart, settle, share, summary }: Recurrence,
  after: (estimate: Summary, turn: Turn<Carry>) => { theta: unknown; carry: Carry; record: Record },
): TurnProgram<Carry, Record> {
  return {
    window,
    ...(restart && { restart }),
    ...(settle && { settle }),
    share: ({ theta, key, step, estimates }) => share(theta, random.foldIn(key, step), estimates),
    update(turn, mean) {
      const { theta, carry, record } = after(summary(mean, turn.theta), turn);
      const { key, step, estimates } = turn;
      return { outer: { theta, carry, key, step: step.add(1), estimates: estimates.add(1) }, record };
    },
  };
}

/** The executor's way to take several turns in one call; undefined where there is none. */
export function turnsOf(recurrence: Recurrence | undefined): Recurrence["executor"]["outer"] {
  return recurrence?.executor.outer?.bind(recurrence.executor);
}

/** Takes up to `most` turns from `step` on. Only where `turnsOf(recurrence)` is there. */
export function takeTurns<Carry, Record>(
  recurrence: Recurrence,
  program: TurnProgram<Carry, Record>,
  from: { theta: unknown; carry: Carry; key: Key; step: number; estimatorState: unknown },
  most: number,
): TurnsTaken<Carry, Record> & { turns: number } {
  const turn: Turn<Carry> = {
    theta: from.theta,
    carry: from.carry,
    key: from.key,
    step: tree.scalar(from.step, "int32"),
    estimates: tree.scalar(recurrence.estimates(from.estimatorState), "int32"),
  };
  const { outer, units, record } = turnsOf(recurrence)!(
    program,
    turn,
    recurrence.units(from.estimatorState),
    most,
  );
  const turns = tree.leaves(record)[0]!.shape[0]!;
  return {
    theta: outer.theta,
    carry: outer.carry,
    estimatorState: recurrence.next(from.estimatorState, units, turns),
    record,
    turns,
  };
}
