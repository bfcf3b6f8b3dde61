import { expect, test } from "vitest";
import { adam } from "../rules/adam.ts";
import { learnedOptimizerCost } from "./cost.ts";
import { learnableSgd } from "./learnable.ts";
import { mlpLopt } from "./mlpLopt.ts";
import { nnAdam } from "./nnAdam.ts";
import { smallFc } from "./smallFc.ts";
import { star } from "./star.ts";

/** Weights and biases of a network with layers of these sizes. */
const network = (...sizes: number[]): number[][] =>
  sizes.slice(1).flatMap((outputs, i) => [[sizes[i]!, outputs], [outputs]]);
const matrix = [[40, 25]];

// By arithmetic: small_fc keeps 4 numbers per parameter of a matrix and 3 (rows + columns), 7 per bias.
test.each([
  [network(64, 32, 10), 10_180 / 2410],
  [matrix, 4 + 3 * (1 / 40 + 1 / 25)],
])("state of small_fc, case %#", (shapes, floats) => {
  expect(learnedOptimizerCost(smallFc(), shapes).state).toBeCloseTo(floats, 10);
});

test("state, multiplications and parameters of the others", () => {
  const cost = (of: Parameters<typeof learnedOptimizerCost>[0]) => learnedOptimizerCost(of, matrix);
  // 39 inputs, 4 and 4 hidden units, 2 or 4 outputs; 7 decays.
  expect(cost(smallFc())).toMatchObject({ multiplications: 180, parameters: 197 });
  expect(cost(star())).toMatchObject({ multiplications: 188, parameters: 207 });
  expect(cost(smallFc({ hiddenUnits: 32 }))).toMatchObject({ multiplications: 2336, parameters: 2402 + 7 });
  // 19 inputs, 32 and 32 hidden units, 2 outputs; 6 momenta.
  expect(cost(mlpLopt())).toMatchObject({ state: 6, multiplications: 1696, parameters: 1762 });
  // Two moments; per tensor 4 controls and the memory of an LSTM, 2 times 32.
  expect(cost(nnAdam())).toMatchObject({ multiplications: 0, parameters: 6856 });
  expect(cost(nnAdam()).state).toBeCloseTo(2 + (4 + 64) / 1000, 10);
  expect(cost(learnableSgd())).toMatchObject({ state: 0, multiplications: 0, parameters: 1 });
  expect(cost(adam())).toMatchObject({ multiplications: 0, parameters: 0 });
  // Two products of betas per tree beside the moments.
  expect(cost(adam()).state).toBeCloseTo(2 + 2 / 1000, 10);
});

test("work is that of an update, in the order of the networks", () => {
  const work = [adam(), smallFc(), mlpLopt()].map((of) => learnedOptimizerCost(of, matrix).work);
  expect(work[0]).toBeLessThan(work[1]!);
  expect(work[1]).toBeLessThan(work[2]!);
});

test("no shapes, no cost", () => {
  expect(() => learnedOptimizerCost(smallFc(), [])).toThrow("learnedOptimizerCost: shapes must be");
});
