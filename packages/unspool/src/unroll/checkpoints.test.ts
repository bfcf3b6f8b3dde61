import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CheckpointPolicy, checkpointPlan } from "./index.ts";

/** Carries a plan out on step numbers; throws where it uses a state that is not held. */
function carryOut(length: number, policy: CheckpointPolicy): { back: number[]; steps: number; most: number } {
  const held = new Set([0]);
  const back: number[] = [];
  let [steps, most] = [0, 1];
  for (const action of checkpointPlan(length, policy)) {
    if (action.kind === "advance") {
      if (!held.has(action.from)) throw new Error(`advances from ${action.from}, which is not held`);
      if (action.to <= action.from) throw new Error(`advances from ${action.from} to ${action.to}`);
      steps += action.to - action.from;
      if (action.to < length) held.add(action.to);
      most = Math.max(most, held.size);
    } else {
      if (!held.delete(action.step)) throw new Error(`pulls back from ${action.step}, which is not held`);
      back.push(action.step);
    }
  }
  return { back, steps, most };
}

const policies: fc.Arbitrary<CheckpointPolicy> = fc.oneof(
  fc.constantFrom("all" as const, "sqrt" as const),
  fc.record({ states: fc.integer({ min: 1, max: 12 }) }),
);

test("every step is pulled back through once, last first, from a held state (property)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), policies, (length, policy) => {
      const { back } = carryOut(length, policy);
      expect(back).toEqual(Array.from({ length }, (_, i) => length - 1 - i));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("held states stay within the policy: all, 2 sqrt(length), or as many as given (property)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), policies, (length, policy) => {
      const { most } = carryOut(length, policy);
      // "all" holds the states before each of the steps.
      const allowed =
        policy === "all" ? length : policy === "sqrt" ? 2 * Math.ceil(Math.sqrt(length)) : policy.states + 1;
      expect(most).toBeLessThanOrEqual(allowed);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("the whole forward pass is made before the first step back", () => {
  for (const policy of ["all", "sqrt", { states: 1 }, { states: 3 }] as const) {
    const plan = checkpointPlan(17, policy);
    const first = plan.findIndex(({ kind }) => kind === "back");
    expect(plan.slice(0, first).some((action) => action.kind === "advance" && action.to === 17)).toBe(true);
  }
});

describe("binomial checkpointing computes the fewest steps", () => {
  /** Fewest steps to reach the states of `length` steps in reverse with `states` held, by trying every split. */
  const known = new Map<string, number>();
  const fewest = (length: number, states: number): number => {
    if (length === 1) return 0;
    if (states === 1) return (length * (length - 1)) / 2;
    const label = `${length},${states}`;
    const kept = known.get(label);
    if (kept !== undefined) return kept;
    let best = Infinity;
    for (let m = 1; m < length; m++) {
      best = Math.min(best, m + fewest(length - m, states - 1) + fewest(m, states));
    }
    known.set(label, best);
    return best;
  };
  test("as few as any plan of this kind, for lengths up to 40 and up to 6 states (brute force)", () => {
    for (let states = 1; states <= 6; states++) {
      for (let length = 1; length <= 40; length++) {
        // One more step leaves the last state, for its loss.
        expect(carryOut(length, { states }).steps, `${length} steps, ${states} states`).toBe(
          fewest(length, states) + 1,
        );
      }
    }
  });
  test("Griewank and Walther: 56 steps with 3 states held are computed at most 5 times each", () => {
    // beta(3, 5) = C(8, 3) = 56, so no step is computed more than 5 times; the count is r l - beta(s + 1, r - 1).
    const { steps } = carryOut(56, { states: 3 });
    expect(steps).toBe(5 * 56 - 70 + 1);
  });
});

test("a policy with no states is refused", () => {
  expect(() => checkpointPlan(4, { states: 0 })).toThrow(/states.*got 0/);
});
