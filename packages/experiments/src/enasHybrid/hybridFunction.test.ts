import { expect, test } from "vitest";
import { hybridFunction, hybridFunctionNames } from "./hybridFunction.ts";

test("values at a point with three categories and four numbers, NumPy; 0 at the optimum", () => {
  const [choice, theta] = [Int32Array.of(2, 5, 9), Float64Array.of(0.5, -1, 2, 0)];
  const wanted = [89.894170057655, 131.935126203448, 222851.067006997, 637.307822841896];
  hybridFunctionNames.forEach((name, i) => {
    const { loss, optimum } = hybridFunction(name, 3, 4);
    expect(Math.abs(loss(choice, theta) / wanted[i]! - 1)).toBeLessThan(1e-13);
    expect(loss(optimum.choice, optimum.theta)).toBe(0);
  });
});
