/** Segments, targets, elites and gradients against values computed by NumPy in float64 from the definitions (method card). */
import { expect, test } from "vitest";
import { criticTargets } from "./criticTargets.ts";
import { segmentAdvantages } from "./segmentAdvantages.ts";
import { type SegmentRecord, temporalDifferences } from "./segmentRecord.ts";
import { segmentWeights } from "./segmentWeights.ts";
import { zerothOrderGradient } from "./zerothOrderGradient.ts";

/** Eight steps: the episode is cut off at step 4 and ends at step 6. */
const record: SegmentRecord = {
  rewards: [1, 0.5, -0.2, 2, 0.3, 1.1, -0.7, 0.4],
  values: [0.4, 0.1, -0.3, 0.8, 0.2, 0.5, -0.1, 0.25],
  nextValues: [0.1, -0.3, 0.8, 0.2, 0.6, -0.1, 0.25, 0.9],
  terminated: [0, 0, 0, 0, 0, 0, 1, 0],
  isLast: [0, 0, 0, 0, 1, 0, 1, 0],
  starts: [0, 3, 5, 7],
};
const factors = { discount: 0.99, lambda: 0.95 };

function expectNear(given: ArrayLike<number>, expected: readonly number[], digits: number): void {
  expect(given.length).toBe(expected.length);
  expected.forEach((value, i) => expect(given[i]).toBeCloseTo(value, digits));
}

test("TD errors: a limit has a value after it, an end has none", () => {
  expectNear(temporalDifferences(record, 0.99), [0.699, 0.103, 0.892, 1.398, 0.694, 0.501, -0.6, 1.041], 14);
});

test("targets of the critic go across segments, and stop at ends and limits", () => {
  const expected = [3.690885278951, 2.855858882457, 2.5206899335, 2.850707, 0.894, 0.4367, -0.7, 1.291];
  expectNear(criticTargets(record, factors), expected, 12);
});

test("advantages begin anew at each segment", () => {
  expectNear(segmentAdvantages(record, factors), [1.584881403, 2.050707, -0.0633, 1.041], 9);
});

test("with lambda 1 an advantage telescopes to discounted rewards and the value after them", () => {
  const gamma = 0.99;
  // By the definition: rewards of the segment, the value of what follows unless it has ended, less the value at its start.
  const expected = [
    1 + gamma * 0.5 + gamma ** 2 * -0.2 + gamma ** 3 * 0.8 - 0.4,
    2 + gamma * 0.3 + gamma ** 2 * 0.6 - 0.8,
    1.1 + gamma * -0.7 - 0.5,
    0.4 + gamma * 0.9 - 0.25,
  ];
  expectNear(segmentAdvantages(record, { discount: gamma, lambda: 1 }), expected, 14);
});

test("without a critic an advantage with lambda 1 is the segment's discounted rewards", () => {
  const none = new Float64Array(8);
  const advantages = segmentAdvantages(
    { ...record, values: none, nextValues: none },
    { discount: 1, lambda: 1 },
  );
  expectNear(advantages, [1.3, 2.3, 0.4, 0.4], 14);
});

const advantages = [1.584881403, 2.050707, -0.0633, 1.041];
const perturbations = [
  [0.5, -1],
  [1.5, 0.2],
  [-0.3, 0.7],
  [-1.2, 0.4],
];

test("the gradient is the mean of advantage times perturbation over sigma", () => {
  const gradient = zerothOrderGradient(advantages, perturbations, { sigma: 0.1, isNormalized: false });
  expectNear(gradient, [6.59572800375, -2.0066250075], 10);
});

test("normalised advantages have mean 0 and deviation 1", () => {
  const expected = [0.547603160444, 1.138686628702, -1.54376491009, -0.142524879055];
  expectNear(
    segmentWeights(advantages).map((weight) => 4 * weight),
    expected,
    11,
  );
  expectNear(zerothOrderGradient(advantages, perturbations), [0.653997712792, -0.364377805847], 12);
});

test("elites are normalised among themselves", () => {
  const gradient = zerothOrderGradient(advantages, perturbations, { elitism: 0.5 });
  expectNear(gradient, [0.499999978533, 0.599999974239], 12);
});

test("elites are the largest advantages, or the largest in size", () => {
  const signed = [0.5, -2, 1, -0.1];
  const keep = (eliteBy: "value" | "size") => [
    ...segmentWeights(signed, { elitism: 0.5, eliteBy, isNormalized: false }),
  ];
  expect(keep("size")).toEqual([0, -1, 0.5, 0]);
  expect(keep("value")).toEqual([0.25, 0, 0.5, 0]);
});

test("equal advantages say nothing", () => {
  expect([...segmentWeights([3, 3, 3])]).toEqual([0, 0, 0]);
});

test("errors say what to give", () => {
  expect(() => segmentAdvantages(record, { lambda: 1.5 })).toThrow(
    "segmentAdvantages: lambda must be from 0 to 1, got 1.5.",
  );
  expect(() => criticTargets(record, { discount: -1 })).toThrow(/discount must be from 0 to 1, got -1/);
  expect(() => segmentAdvantages({ ...record, values: [1] })).toThrow(
    /values must have an element for each of the 8/,
  );
  expect(() => segmentAdvantages({ ...record, starts: [1, 3] })).toThrow(/starts must ascend from 0/);
  expect(() => segmentWeights(advantages, { elitism: 0.2 })).toThrow(
    "segmentWeights: elitism must be at most 1 and at least 1 / 4, so that one of 4 segments is kept, got 0.2.",
  );
  expect(() => zerothOrderGradient(advantages, perturbations, { sigma: 0 })).toThrow(
    /sigma must be a finite number above 0/,
  );
  expect(() => zerothOrderGradient([1], perturbations)).toThrow(/one for each advantage/);
});
