/** Indexing as the reference does it, compiled for all units, per unit and per member; exactly. */
import { expect, test } from "vitest";
import { type Tensor, grad, np } from "../../array/index.ts";
import { wrongOfAll } from "./testing/check.ts";
import type { FunctionCase } from "./testing/functions.ts";

const ints = (values: number[]) => np.array(values, { dtype: "int32" });
const spread = (x: Tensor) => x.mul(7).astype("int32").sub(3);
const cases: [string, (x: Tensor) => Tensor][] = [
  ["every third from the second", (x) => x.slice([], [1, null, 3])],
  ["backwards", (x) => x.slice([null, null, -1], [null, 0, -2])],
  ["beyond the end", (x) => x.slice([], [4, 99, 5])],
  ["the last by tensor", (x) => x.slice([], ints([-1, 0, -2]))],
  ["out of range by tensor", (x) => np.take(x, ints([99, -99]), 1)],
  ["computed indices", (x) => np.take(x, spread(x.slice(0)), 1)],
  ["computed along an axis", (x) => np.takeAlongAxis(x, spread(x), 1)],
];

test("indices", () => {
  const x = np.array([0.1, 0.9, -0.4, 1.2, -0.7, 0.3, 0.6, -0.2, 1.4, 0.8, -0.9, 0.5, 1.1, -0.1, 0.2], {
    shape: [3, 5],
  });
  const rows = cases.flatMap(([name, call]): FunctionCase[] => {
    const weighted = (y: Tensor) => call(y).mul(call(y)).sum();
    const shared = { args: [x], vary: "roll", isDifferentiable: true } as const;
    return [
      { name, call: (y) => [call(y!)], ...shared },
      { name: `gradient of ${name}`, call: (y) => [grad(weighted)(y!)], ...shared },
    ];
  });
  expect(wrongOfAll(rows, { ulps: 1 })).toEqual([]);
});
