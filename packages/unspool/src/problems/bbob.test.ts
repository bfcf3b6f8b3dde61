/** The functions of BBOB against values computed by Google Vizier's forms (card 14, O7), and what is known of their minima. */
import { expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { bbob, bbobCandidates, oscillated } from "./bbob.ts";

const x = Float64Array.of(1.5, -2, 0.25, 5.5);

/** O7, identity rotation, to its printed digits. */
const oracle: Record<string, number> = {
  sphere: 36.5625,
  rastrigin: 1496.885174027,
  buecheRastrigin: 611.366411,
  linearSlope: 35.628589789884,
  attractiveSector: 8727.386528702,
  stepEllipsoid: 2896.708010899,
  rotatedRosenbrock: 6213.953125,
  ellipsoidal: 29694916.419865,
  discus: 2069610.479761,
  bentCigar: 1652314833.297515,
  sharpRidge: 1766.925148752,
  differentPowers: 166.41205348,
  weierstrass: 88.401743016,
  schaffers: 31.965474134,
  schaffersIllConditioned: 618.794260132,
  griewankRosenbrock: 12.477596795,
  katsuura: 5.486589011,
};

test("there are seventeen", () => expect(bbob.names).toEqual(Object.keys(oracle)));

test.each(Object.entries(oracle))("%s at (1.5, -2, 0.25, 5.5)", (name, expected) => {
  const value = bbob.create(name)(x);
  expect(Math.abs(value - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected) / 10));
});

test("T_osz of the same point", () => {
  const expected = [1.438602320856, -2.021283508672, 0.250446334511, 5.449208984607];
  expected.forEach((one, i) => expect(oscillated(x[i]!)).toBeCloseTo(one, 12));
});

/** Where each minimum of 0 is: the origin, but for these. */
const minima: Record<string, (rotation: string, size: number) => number[]> = {
  linearSlope: (_, size) => Array.from({ length: size }, () => 5),
  attractiveSector: (_, size) => Array.from({ length: size }, (_x, i) => (i % 2 === 0 ? 1 : -1)),
  rotatedRosenbrock: (_, size) => Array.from({ length: size }, () => 0.5),
};

test.each(bbob.names.map((name) => [name]))("%s is 0 at its minimum and above elsewhere", (name) => {
  for (const rotation of ["none", "reflection"] as const) {
    const f = bbob.create(name, { rotation });
    const at = minima[name]?.(rotation, 5) ?? [0, 0, 0, 0, 0];
    // Reflected, the corner of the plane is outside, and the end of the valley elsewhere.
    if (rotation === "none" || minima[name] === undefined || name === "attractiveSector")
      expect(Math.abs(f(Float64Array.from(at)))).toBeLessThan(1e-9);
    const draws = random.uniform(random.key(1), [40, 5], { minval: -5, maxval: 5 }).data;
    for (let i = 0; i < 40; i++)
      expect(f(Float64Array.from(draws.subarray(5 * i, 5 * i + 5)))).toBeGreaterThan(0);
  }
});

test("stacked candidates are evaluated each by itself, as one inner step", () => {
  const evaluate = bbobCandidates("sphere", 2);
  const { losses, innerSteps } = evaluate(np.array([[1, 2], [3, 0]]), random.key(0)); // prettier-ignore
  expect([...Array.from(losses)]).toEqual([5, 9]);
  expect(innerSteps).toBe(2);
  expect(() => evaluate(np.array([1, 2, 3]), random.key(0))).toThrow(/one leaf of 2 numbers/);
  expect(() => bbobCandidates("sphare", 2)).toThrow(/Did you mean "sphere"/);
});
