/** Adam under differentiation: no NaN at a zero gradient ("NaN meta-gradients through Adam"). */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, tree } from "../../array/index.ts";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { rmsprop } from "./rmsprop.ts";
import { expectClose, f32, f64, numbers, trajectory } from "../testing.ts";

type Options = Record<"learningRate" | "beta1" | "beta2" | "eps" | "epsRoot", Tensor>;
const options = (make: typeof f64): Options => ({
  learningRate: make(0.1),
  beta1: make(0.9),
  beta2: make(0.99),
  eps: make(1e-8),
  epsRoot: make(0),
});

/** Sum of theta after updates with given gradients. */
const after =
  (gradients: Tensor[], make: typeof f64) =>
  (learned: Options): Tensor =>
    trajectory(adam(learned), make([1, 2]), (_theta, t) => gradients[t]!, gradients.length)
      .at(-1)!
      .theta.sum();

describe.each([
  ["float32", f32, 1e-4],
  ["float64", f64, 1e-7],
] as const)("%s", (_dtype, make, tolerance) => {
  test("derivatives with respect to all options are 0 where the gradient was always 0", () => {
    const slopes = grad(after([make([0, 0]), make([0, 0])], make))(options(make));
    expect(numbers(slopes)).toEqual([0, 0, 0, 0, 0]);
  });

  test("derivatives are those of differences where one coordinate had no gradient yet", () => {
    const loss = after([make([0, 0.5]), make([0, -0.25])], make);
    const slopes = grad(loss)(options(make));
    expect(tree.isFinite(slopes)).toBe(true);
    // Differences in float64 for both dtypes.
    const exact = after([f64([0, 0.5]), f64([0, -0.25])], f64);
    for (const name of ["learningRate", "beta1", "beta2"] as const) {
      const moved = (h: number) => exact({ ...options(f64), [name]: options(f64)[name].add(h) }).item();
      expectClose(slopes[name], [(moved(1e-5) - moved(-1e-5)) / 2e-5], tolerance);
    }
  });

  test("the derivative with respect to the gradient at 0 is -lr / eps", () => {
    const loss = (g: Tensor): Tensor => {
      const optimizer = adam({ learningRate: 0.1, eps: 1e-3 });
      const theta = make([1]);
      return optimizer.update(g, optimizer.init(theta), theta).theta.sum();
    };
    expectClose(grad(loss)(make([0])), [-100], tolerance);
  });
});

test("rmsprop and adagrad have finite derivatives at a zero gradient too", () => {
  const theta = f64([1]);
  for (const make of [
    (rate: Tensor) => rmsprop({ learningRate: rate }),
    (rate: Tensor) => adagrad({ learningRate: rate }),
  ]) {
    const loss = (rate: Tensor): Tensor =>
      trajectory(make(rate), theta, () => f64([0]), 2)
        .at(-1)!
        .theta.sum();
    expect(Math.abs(grad(loss)(f64(0.1)).item())).toBe(0);
    const slope = (g: Tensor): Tensor => {
      const optimizer = make(f64(0.1));
      return optimizer.update(g, optimizer.init(theta) as never, theta).theta.sum();
    };
    expect(Number.isFinite(grad(slope)(f64([0])).item())).toBe(true);
  }
});

test("float32 bias weights do not cancel: the first step is lr to 2e-7 for beta2 = 0.999", () => {
  // Exactly lr · g / (|g| + eps). A weight of 1 - fround(0.999) beside a moment of 0.001 g² would put it off by 5e-6.
  const { theta } = trajectory(adam({ learningRate: 1 }), f32([0]), () => f32([0.5]), 1).at(-1)!;
  expectClose(theta, [-1], 2e-7);
});
