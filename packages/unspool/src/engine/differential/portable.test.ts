/**
 * Programs without fused multiply-add: no relaxed instruction in them, and the bits of the reference.
 *
 * The reference adds in index order, one number at a time, and so does the engine where every unit has its own sums;
 * sums that all units share are added in four lanes. Quotients are exempt: the engine divides, the reference multiplies
 * by the rounded reciprocal.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileUnitProgram, hasRelaxedSimd } from "../index.ts";
import type { UnitFunctions } from "../index.ts";
import { wrongOf } from "./testing/check.ts";
import { arithmetic } from "./testing/operations.ts";
import { type RandomFunction, caseOf, randomFunctions } from "./testing/randomFunction.ts";
import { type RandomLoop, loopOf, randomLoops } from "./testing/randomLoop.ts";

test("sums, products and roots per unit and per member are the reference's, bit by bit", () => {
  const check = (random: RandomFunction): void => {
    const options = { portableBits: true, isLanedOnly: true };
    expect(wrongOf(caseOf(random, arithmetic), { ulps: 0 }, options)).toEqual([]);
  };
  fc.assert(fc.property(randomFunctions(40), check), { numRuns: 60, seed: 5 });
});

/** Relaxed instructions: prefix 0xfd, sub-opcodes 0x100 to 0x114 as LEB128. */
function relaxedIn(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] === 0xfd && bytes[i + 1]! >= 0x80 && bytes[i + 1]! <= 0x94 && bytes[i + 2] === 0x02) count++;
  }
  return count;
}

test("every module is valid, and portable ones hold no relaxed instruction", () => {
  let fused = 0;
  const check = (random: RandomLoop): void => {
    const { program, args } = loopOf(random);
    const compile = (fma: boolean) =>
      compileUnitProgram(program as unknown as UnitFunctions, args.shared, args.units, {
        fma,
        isShared: random.seed % 2 === 1,
        threads: 1,
      }).bytes;
    const portable = compile(false);
    expect(WebAssembly.validate(portable)).toBe(true);
    expect(relaxedIn(portable)).toBe(0);
    if (!hasRelaxedSimd()) return;
    const fast = compile(true);
    expect(WebAssembly.validate(fast)).toBe(true);
    fused += relaxedIn(fast);
  };
  fc.assert(fc.property(randomLoops(20), check), { numRuns: 40, seed: 6 });
  if (hasRelaxedSimd()) expect(fused).toBeGreaterThan(50);
});
