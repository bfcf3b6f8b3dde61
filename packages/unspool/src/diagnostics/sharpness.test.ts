/** Sharpness of quadratics, whose Hessian and worst points are known. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { epsSharpness } from "./epsSharpness.ts";
import { sharpness } from "./sharpness.ts";

const f64 = (values: number[]) => np.array(values, { dtype: "float64" });
type Theta = { x: Tensor; count: Tensor };
const theta = (values: number[]): Theta => ({ x: f64(values), count: np.array([1], { dtype: "int32" }) });
const quadratic =
  (a: number[]) =>
  ({ x }: Theta): Tensor =>
    x.mul(x).mul(f64(a)).sum().mul(0.5);

test("largest eigenvalue and trace of a diagonal Hessian", () => {
  const measured = sharpness(quadratic([1, 3, 0.5]), { tolerance: 1e-9, probes: 3 })(
    theta([1, 2, 3]),
    random.key(0),
  );
  expect(measured.largest).toBeCloseTo(3, 8);
  expect(measured.residual).toBeLessThan(1e-4);
  // Every vector of signs gives the trace of a diagonal matrix.
  expect(measured.trace).toBeCloseTo(4.5, 12);
  expect(measured.traceError).toBeCloseTo(0, 12);
});

test("the largest eigenvalue, not the largest in size", () => {
  const measure = sharpness(quadratic([1, -5, 3]), { tolerance: 1e-9, probes: 0 });
  const measured = measure(theta([1, 1, 1]), random.key(0));
  expect(measured.largest).toBeCloseTo(3, 6);
  expect(measured.trace).toBeNaN();
});

test("a Hessian of zeros", () => {
  const measured = sharpness(({ x }: Theta) => x.sum(), { probes: 2 })(theta([1, 1]), random.key(0));
  expect([measured.largest, measured.trace]).toEqual([0, 0]);
});

test("epsSharpness finds the corner of the box where a quadratic is highest", () => {
  const [a, x, eps] = [[1, 10], [1, -2], 0.01];
  const measured = epsSharpness(quadratic(a), { eps })(theta(x));
  const loss = 0.5 * (1 + 10 * 4);
  const worst = 0.5 * ((1 + 2 * eps) ** 2 + 10 * (2 + 3 * eps) ** 2);
  expect(measured.loss).toBeCloseTo(loss, 12);
  expect(measured.worstLoss).toBeCloseTo(worst, 10);
  expect(measured.sharpness).toBeCloseTo((100 * (worst - loss)) / (1 + loss), 8);
});
