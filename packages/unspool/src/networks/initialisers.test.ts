import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { fanInNormal, glorotUniform, heNormal, orthogonal } from "./initialisers.ts";
import { initMlp } from "./mlp.ts";

// Variances of the distributions that the papers name, for 50 inputs and 200 outputs: 10,000 draws.
test.each([
  ["heNormal", heNormal, 2 / 50],
  ["fanInNormal", fanInNormal, 1 / 50],
  ["glorotUniform", glorotUniform, 2 / 250],
] as const)("%s has mean 0 and the variance of its paper", (_name, draw, variance) => {
  const data = [...draw(random.key(1), [50, 200], "float64").data];
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const found = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
  // Four standard errors: of the mean 1 / 100 of the deviation, of the variance of normal numbers √2 / 100 of it.
  expect(Math.abs(mean)).toBeLessThan(0.04 * Math.sqrt(variance));
  expect(Math.abs(found / variance - 1)).toBeLessThan(0.04 * Math.SQRT2);
});

test("layers are drawn by any initialiser, in either float type", () => {
  const key = random.key(2);
  const [hidden, output] = initMlp(key, [3, 4, 2], { weights: fanInNormal, dtype: "float64" });
  expect(hidden!.weights).toEqual(fanInNormal(random.foldIn(key, 0), [3, 4], "float64"));
  expect(output!.bias.dtype).toBe("float64");
  expect(initMlp(key, [3, 4])[0]!.weights).toEqual(heNormal(random.foldIn(key, 0), [3, 4]));
});

test.each([
  [6, 4],
  [3, 5],
] as const)(
  "orthogonal weights [%s, %s] have orthonormal rows or columns, times the gain",
  (inputs, outputs) => {
    const weights = orthogonal(2)(random.key(3), [inputs, outputs], "float64");
    expect(weights.shape).toEqual([inputs, outputs]);
    const few = inputs > outputs ? weights : weights.transpose();
    const gram = np.matmul(few.transpose(), few) as Tensor;
    const size = Math.min(inputs, outputs);
    gram.data.forEach((x: number, at: number) =>
      expect(x).toBeCloseTo(Math.floor(at / size) === at % size ? 4 : 0, 12),
    );
  },
);
