import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../../../array/index.ts";
import { type Optimizer, sgd } from "../../../optimizers/index.ts";
import { adaptiveClip, adaptiveLimit, watchNorm } from "./adaptiveClip.ts";
import { gradientStep } from "./gradientStep.ts";

const f64 = (x: number | number[]): Tensor => np.array(x, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

describe("an update", () => {
  const optimizer: Optimizer = sgd({ learningRate: 1 }) as Optimizer;
  const start = { x: f64([3, 4]), whole: np.array([1, 2], { dtype: "int32" }) };
  const moved = (loss: (x: Tensor) => Tensor, clip: number | null) =>
    gradientStep({ theta: start, optimizer: optimizer.init(start) }, { optimizer, clip }, ({ x }) => loss(x));

  test("is clipped by the norm of the gradient, and leaves whole numbers alone", () => {
    const square = (x: Tensor): Tensor => x.mul(x).sum().mul(0.5);
    const { trained, record } = moved(square, 1);
    expect(record.gradientNorm.item()).toBeCloseTo(5, 12);
    numbers(trained.theta.x).forEach((value, i) => expect(value).toBeCloseTo([2.4, 3.2][i]!, 12));
    expect(numbers(trained.theta.whole)).toEqual([1, 2]);
    expect(numbers(moved(square, null).trained.theta.x)).toEqual([0, 0]);
  });

  test("is left out and counted where loss or gradient is not finite", () => {
    const { trained, record } = moved((x) => np.log(x.sub(3)).sum() as Tensor, 1);
    expect(record.isSkipped.item()).toBe(1);
    expect(numbers(trained.theta.x)).toEqual([3, 4]);
  });

  test("adaptive: twice the median of the norms that were seen, and nothing beyond ten times", () => {
    let state = adaptiveClip("float64");
    expect(adaptiveLimit(state).limit.item()).toBe(Infinity);
    for (const norm of [1, 9, 2, 3, NaN])
      state = watchNorm(state, f64(norm), np.isfinite(f64(norm)) as Tensor);
    expect(adaptiveLimit(state).limit.item()).toBe(4);
    expect(adaptiveLimit(state).most.item()).toBe(20);
    for (let i = 0; i < 100; i++) state = watchNorm(state, f64(7), np.array(true));
    expect(adaptiveLimit(state).limit.item()).toBe(14);
  });
});
