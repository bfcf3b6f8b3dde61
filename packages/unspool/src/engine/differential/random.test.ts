/**
 * Random functions and random loops (fixed seeds), compiled, against the reference. Values stay between -2 and 2, and
 * bounds are in ulps of 2: 64 in float32, 4096 in float64 (2e-12). What the programs decide they decide by exact values,
 * and whole numbers, bits and copies are the same exactly.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compiledExecutor, referenceExecutor } from "../../unroll/index.ts";
import { engineStatistics } from "../index.ts";
import { wrongOf } from "./testing/check.ts";
import { type Bound, treeDifferences } from "./testing/compare.ts";
import { gradientOf } from "./testing/functions.ts";
import { rowwise } from "./testing/operations.ts";
import { type RandomFunction, caseOf, randomFunctions, rowFunctions } from "./testing/randomFunction.ts";
import { type RandomLoop, loopOf, randomLoops, reverseOf } from "./testing/randomLoop.ts";

/** How many are tried: a sixth here, of those that `npm run test:robustness` tries. */
const runs = (all: number): number => Math.ceil(all * (process.env["UNSPOOL_LONG_TESTS"] ? 1 : 1 / 6));

const boundOf = (dtype: "float32" | "float64", scale = 2): Bound => ({
  ulps: dtype === "float32" ? 64 : 4096,
  scale,
  dtype,
});

describe("functions, for all units, per unit and per member", () => {
  test("of all operations", { tags: ["long"] }, () => {
    const check = (random: RandomFunction): void => {
      expect(wrongOf(caseOf(random), boundOf(random.dtype))).toEqual([]);
    };
    fc.assert(fc.property(randomFunctions(40), check), { numRuns: runs(50), seed: 1 });
  });
  test("of long arrays, row by row", () => {
    const check = (random: RandomFunction): void => {
      const row = caseOf(random, { from: rowwise, mostElements: 1000 });
      expect(wrongOf(row, boundOf(random.dtype))).toEqual([]);
    };
    fc.assert(fc.property(rowFunctions, check), { numRuns: runs(12), seed: 2 });
  });
  test("that are gradients", { tags: ["long"] }, () => {
    const check = (random: RandomFunction): void => {
      const value = caseOf(random);
      // Its first argument is a float, its results may not be.
      const row = gradientOf({ ...value, call: (...args) => [args[0]!, ...value.call(...args)] });
      // Derivatives of the operations are up to 4.
      expect(wrongOf(row, boundOf(random.dtype, 8), { isLanedOnly: true })).toEqual([]);
    };
    fc.assert(fc.property(randomFunctions(20), check), { numRuns: runs(30), seed: 3 });
  });
});

describe("loops", () => {
  const check = (random: RandomLoop): void => {
    const { program, args } = loopOf(random);
    const wanted = referenceExecutor().forward(program, args.shared, args.units);
    const got = compiledExecutor().forward(program, args.shared, args.units);
    expect(treeDifferences(got, wanted, boundOf(random.dtype))).toEqual([]);
  };
  test("whose carries are permuted and combined", { tags: ["long"] }, () => {
    fc.assert(fc.property(randomLoops(0), check), { numRuns: runs(80), seed: 4 });
  });
  test("whose steps are random functions", () => {
    fc.assert(fc.property(randomLoops(15), check), { numRuns: runs(50), seed: 5 });
  });
  test("run backward", { tags: ["long"] }, () => {
    const checkReverse = (random: RandomLoop): void => {
      const { program, theta, args } = reverseOf(random);
      const policy = (["all", "sqrt", { states: 2 }] as const)[random.seed % 3]!;
      const wanted = referenceExecutor().reverse(program, policy, theta, args.shared, args.units);
      const got = compiledExecutor().reverse(program, policy, theta, args.shared, args.units);
      const { forwardSteps, statesHeld, ...results } = got;
      expect({ forwardSteps, statesHeld }).toEqual({
        forwardSteps: wanted.forwardSteps,
        statesHeld: wanted.statesHeld,
      });
      const { carry, losses, gradient } = wanted;
      expect(treeDifferences(results, { carry, losses, gradient }, boundOf(random.dtype, 4))).toEqual([]);
    };
    fc.assert(fc.property(randomLoops(10), checkReverse), { numRuns: runs(24), seed: 6 });
  });
});

test("two threads give the bits of one, and a program is compiled to machine code once", () => {
  const check = (random: RandomLoop): void => {
    const { program, args } = loopOf({ ...random, units: 21 });
    const run = (threads: number) => compiledExecutor({ threads }).forward(program, args.shared, args.units);
    const alone = run(1);
    const together = run(2);
    expect(treeDifferences(together, alone, { ulps: 0, isSigned: true })).toEqual([]);
    const before = engineStatistics();
    expect(treeDifferences(run(1), alone, { ulps: 0, isSigned: true })).toEqual([]);
    const after = engineStatistics();
    expect([after.compiled - before.compiled, after.reused - before.reused]).toEqual([0, 1]);
  };
  fc.assert(fc.property(randomLoops(12), check), { numRuns: runs(25), seed: 7 });
});
