import { describe, expect, test } from "vitest";
import { type Key, random } from "../../array/index.ts";
import { mask } from "./choiceSpace.ts";
import { esEnas } from "./esEnas.ts";
import { hybridLosses } from "./hybridLosses.ts";
import { hybridSpace } from "./hybridSpace.ts";
import { softConstraint } from "./softConstraint.ts";

const key = (i: number): Key => random.foldIn(random.key(9), i);

describe("softConstraint", () => {
  const cost = (choice: Int32Array): number => choice[0]!;
  test("returns count as they are within the target, and less beyond", () => {
    const { apply } = softConstraint({ cost, target: 4, offset: 1000 });
    expect(apply(Int32Array.of(2), 100)).toBe(-900);
    // (-100 + 1000) · (8 / 4)^-1
    expect(apply(Int32Array.of(8), 100)).toBe(-450);
    expect(softConstraint({ cost, target: 4, alpha: -1, offset: 0 }).apply(Int32Array.of(2), -3)).toBe(-6);
    expect(apply(Int32Array.of(2), NaN)).toBeNaN();
  });

  test("the search keeps to it", () => {
    const bits = hybridSpace({ discrete: mask(10), continuous: 1 });
    const ones = (choice: Int32Array): number => choice.reduce((sum, bit) => sum + bit, 0);
    const constraint = softConstraint({ cost: ones, target: 4, offset: 0 });
    const search = esEnas({ space: bits, pairs: 10, controller: "hillClimb", constraint });
    let state = search.init(bits.point(), random.key(0));
    for (let i = 0; i < 60; i++) {
      const asked = search.ask(state, key(i));
      // Each bit is worth 1.
      const { losses } = hybridLosses((choice) => -ones(choice))(asked.candidates, key(i));
      state = search.tell(asked.state, losses).state;
    }
    expect(ones(search.incumbent(state).choice.data as Int32Array)).toBeGreaterThanOrEqual(4);
    // min over n of -n · max(1, n / 4)^-1 is -4 from 4 bits on.
    expect(state.bestLoss).toBeCloseTo(-4, 12);
  });

  test("errors", () => {
    const free = softConstraint({ cost: () => 0, target: 1, alpha: -1, offset: 9 });
    expect(() => free.apply(Int32Array.of(2), 5)).toThrow("the cost of choice 2 is 0, and must be above 0.");
    expect(() => softConstraint({ cost, target: 0, offset: 1 })).toThrow(
      "softConstraint: target must be a finite number above 0",
    );
    expect(() => softConstraint({ cost, target: 1, beta: 1, offset: 1 })).toThrow(
      "beta must be a finite number of at most 0, got 1.",
    );
    expect(() => softConstraint({ cost, target: 1, offset: 1 }).apply(Int32Array.of(2), 5)).toThrow(
      "softConstraint: the return -5 with its offset 1 is below 0, where a penalty would be a gain. Raise `offset`.",
    );
  });
});
