/** The inverse of a sampled Gram matrix, which `naive` and `oracle` use: over all draws of the small matrix, and where it is singular. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { compiled } from "../unroll/index.ts";
import { pseudoSolve } from "./columnWeights.ts";
import { double, smallRows } from "./testing.ts";

const gramOf = (phi: Tensor): Tensor =>
  (np.matmul(np.transpose(phi) as Tensor, phi) as Tensor).div(phi.shape[0]!);

/** The inverse [2, 2] of the Gram matrix of samples [J, 2], over J. */
const inverse = compiled("inverse", (phi: Tensor) =>
  np.stack([0, 1].map((k) => pseudoSolve(gramOf(phi), np.eye(2, 2, { dtype: "float64" }).slice(k)))),
);

test("J = 3: a sixteenth of the draws is singular, and the mean over the rest is not the inverse (NumPy)", () => {
  const sum = [0, 0];
  let regular = 0;
  for (const a of smallRows) {
    for (const b of smallRows) {
      for (const c of smallRows) {
        // Of three vectors in the plane all minors are 0 where they are multiples of one.
        const minors = [a[0] * b[1] - a[1] * b[0], a[0] * c[1] - a[1] * c[0], b[0] * c[1] - b[1] * c[0]];
        if (minors.every((minor) => minor === 0)) continue;
        regular++;
        const { data } = inverse(double([a, b, c]));
        sum[0]! += (data[0]! + data[3]!) / 2;
        sum[1]! += (data[1]! + data[2]!) / 2;
      }
    }
  }
  expect(1 - regular / 64).toBe(0.0625);
  expect(sum[0]! / regular).toBeCloseTo(3.447916667, 9);
  // The truth is 2 and -2/3.
  expect(sum[1]! / regular).toBeCloseTo(-0.41875, 9);
});

test("a singular Gram matrix has the inverse of least norm, a ridge one of full rank", () => {
  // φ = (1, 1) twice: C = [[1, 1], [1, 1]], whose pseudo-inverse is C / 4.
  const gram = gramOf(double([[1, 1], [1, 1]])); // prettier-ignore
  const b = np.array([2, 0], { dtype: "float64" });
  const [least, ridged] = [pseudoSolve(gram, b), pseudoSolve(gram, b, 0.5)];
  [0.5, 0.5].forEach((x, i) => expect(least.data[i]!).toBeCloseTo(x, 12));
  // (C + I / 2)⁻¹ = [[1.5, -1], [-1, 1.5]] / 1.25.
  [2.4, -1.6].forEach((x, i) => expect(ridged.data[i]!).toBeCloseTo(x, 12));
});
