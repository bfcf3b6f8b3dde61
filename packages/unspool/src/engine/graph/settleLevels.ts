/**
 * For whom the values that a loop carries differ, found by trial: they are at least as different as what the loop starts
 * from and what a step makes of it.
 */
import type { Level } from "./node.ts";

/** Raises the levels of what a loop carries until a step changes none of them. */
export function settleLevels(
  start: readonly Level[],
  step: (levels: readonly Level[]) => readonly Level[],
): Level[] {
  let levels = [...start];
  for (;;) {
    const next = step(levels);
    const raised = levels.map((level, i) => (next[i]! > level ? next[i]! : level));
    if (raised.every((level, i) => level === levels[i])) return levels;
    levels = raised;
  }
}
