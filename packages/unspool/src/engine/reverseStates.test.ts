/** Places of states in a reverse pass: a walk of the table visits the right states, and holds no more than the plan. */
import { expect, test } from "vitest";
import { type CheckpointPolicy, checkpointPlan } from "../unroll/index.ts";
import { lastState, reverseStates, rowKind, rowWords } from "./reverseStates.ts";

const policies: CheckpointPolicy[] = ["all", "sqrt", { states: 1 }, { states: 2 }, { states: 5 }];

test.each(policies)("policy %o: every place holds the state that its row expects", (policy) => {
  for (const length of [1, 2, 3, 7, 16, 30]) {
    const { table, rows, held, forwardSteps, hasMotion } = reverseStates(
      length,
      checkpointPlan(length, policy),
    );
    const places: (number | undefined)[] = [0];
    const pulled: number[] = [];
    let steps = 0;
    for (let row = 0; row < rows; row++) {
      const [kind, from, to, start, target] = table.slice(row * rowWords) as unknown as number[];
      expect(places[start!]).toBe(from);
      if (kind === rowKind.back) {
        pulled.push(from!);
        places[start!] = undefined;
        continue;
      }
      steps += to! - from!;
      if (target === lastState) expect(to).toBe(length);
      else {
        expect(places[target!]).toBeUndefined();
        places[target!] = to!;
      }
      if (!hasMotion) expect(to! - from!).toBe(1);
    }
    expect(pulled).toEqual(Array.from({ length }, (_, i) => length - 1 - i));
    expect(steps).toBe(forwardSteps);
    expect(held).toBe(places.length);
    if (policy === "all") expect([held, forwardSteps, hasMotion]).toEqual([length, length, false]);
    if (typeof policy === "object") expect(held).toBeLessThanOrEqual(policy.states + 1);
  }
});
