/** Against mpmath 1.3 with 40 digits: loggamma, digamma, psi(1, x). */
import { expect, test } from "vitest";
import { type Tensor, grad, jit, np, vmap } from "../array/index.ts";
import { digamma, logGamma } from "./index.ts";
import { logGammaHalfStep } from "./logGammaHalfStep.ts";
import { expectClose, wide } from "./testing.ts";

const points = wide([1e-8, 0.1, 0.5, 1.5, 3.3, 7.9999, 8, 25, 1e5, 1e12]);
const digammas = [
  -100000000.57721564, -10.423754940411076, -1.9635100260214235, 0.03648997397857652, 1.0348224890596216,
  2.015628164165642, 2.01564147795561, 3.198742512851974, 11.512920464961896, 27.63102111592805,
];
const slope = (fn: (x: Tensor) => Tensor) => (x: Tensor) => vmap(([one]: [Tensor]) => grad(fn)(one))([x]);

test("logGamma, digamma and the trigamma function", () => {
  expectClose(
    logGamma(points),
    [
      18.42068073818021, 2.252712651734206, 0.5723649429247001, -0.12078223763524522, 0.9870985778947344,
      8.524959797583307, 8.525161361065415, 54.78472939811232, 1051287.7089736569, 26631021115915.652,
    ],
    1e-14,
  );
  expectClose(digamma(points), digammas, 1e-14);
  expectClose(slope(logGamma)(points), digammas, 1e-14);
  expectClose(
    slope(digamma)(points),
    [
      1.0000000000000002e16, 101.43329915079275, 4.934802200544679, 0.9348022005446793, 0.3535015418410618,
      0.1331387846744475, 0.1331370146940314, 0.04081066325722558, 1.0000050000166667e-5, 1.0000000000005e-12,
    ],
    1e-13,
  );
});

test("logGamma at whole numbers is the logarithm of a factorial", () => {
  expectClose(logGamma(wide([1, 2, 3, 4, 7])), [0, 0, Math.log(2), Math.log(6), Math.log(720)], 1e-14);
});

test("a step by one half keeps its digits at large x", () => {
  const x = wide([1e-8, 0.1, 0.5, 1.5, 11.9999, 12, 25, 1e5, 1e12]);
  expectClose(
    logGammaHalfStep(x),
    [
      -17.848315814890608, -1.854478793664971, -0.5723649429247001, 0.12078223763524522, 1.2320354126473467,
      1.2320396660625599, 1.6044382456076276, 5.756461482485114, 13.81551055796415,
    ],
    1e-14,
  );
});

test("float32 results are rounded once; borders are not NaN", () => {
  const x = np.array([0.1, 3.3, 1e5]);
  expect(logGamma(x)).toEqual(logGamma(x.astype("float64")).astype("float32"));
  expect(logGamma(wide([0, Infinity])).toArray()).toEqual([Infinity, Infinity]);
  expect(slope(logGamma)(wide([0])).toArray()).toEqual([-Infinity]);
  expect(digamma(wide([0, Infinity])).toArray()).toEqual([-Infinity, Infinity]);
  expect(logGamma(wide([-0.5])).toArray()).toEqual([NaN]);
  expect(digamma(wide([-0.5])).toArray()).toEqual([NaN]);
});

test("compiled they have the values of single operations", () => {
  expectClose(jit(logGamma)(points), [...logGamma(points).data], 1e-15);
});
