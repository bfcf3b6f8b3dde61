/**
 * Where the states of a reverse pass lie: each held state has a place in a stack of states, given back when the step
 * after it has been pulled back through. The plan becomes a table of integers that the program walks.
 */
import type { CheckpointAction } from "../program/index.ts";

/** Words per row of the table: kind, first step, step after the last one, place of the state, place of the result. */
export const rowWords = 5;

/** `kind` of a row. */
export const rowKind = { advance: 0, back: 1 } as const;

/** Instead of a place: the state after the last step, which is a result. */
export const lastState: number = -1;

export interface ReverseStates {
  readonly table: Int32Array;
  readonly rows: number;
  /** Places in the stack: the most states held at once. */
  readonly held: number;
  /** Whether some states are passed through without being held. */
  readonly hasMotion: boolean;
  /** Steps computed forward that the plan asks for. */
  readonly forwardSteps: number;
}

export function reverseStates(length: number, plan: readonly CheckpointAction[]): ReverseStates {
  const table = new Int32Array(rowWords * plan.length);
  const places = new Map<number, number>([[0, 0]]);
  const free: number[] = [];
  let held = 1;
  let forwardSteps = 0;
  let hasMotion = false;
  plan.forEach((action, row) => {
    if (action.kind === "back") {
      const place = places.get(action.step)!;
      places.delete(action.step);
      free.push(place);
      table.set([rowKind.back, action.step, action.step + 1, place, 0], rowWords * row);
      return;
    }
    const { from, to } = action;
    const start = places.get(from)!;
    let target = lastState;
    if (to < length) {
      target = places.get(to) ?? free.pop() ?? held++;
      places.set(to, target);
    }
    forwardSteps += to - from;
    hasMotion ||= to - from > 1;
    table.set([rowKind.advance, from, to, start, target], rowWords * row);
  });
  return { table, rows: plan.length, held, hasMotion, forwardSteps };
}
