/** Values computed in NumPy and PyTorch, float64, after Harrison, Metz and Sohl-Dickstein 2022. */
import { describe, expect, test } from "vitest";
import { eigenvalues } from "../numerics/index.ts";
import { momentumStability, updateStability } from "./updateStability.ts";

const hessian = [[3.4, 1.2, 0], [1.2, 1.6, 0], [0, 0, 0.25]]; // prettier-ignore
const learned = [[0.2, 0.05, 0], [0.05, -0.08, 0.02], [0, 0.02, 0.1]]; // prettier-ignore
const diagonal = (...values: number[]) => values.map((x, i) => values.map((_, j) => (i === j ? x : 0)));

describe("updateStability", () => {
  test("spectral radii by nominal step, plain and preconditioned", () => {
    const cases: [alpha: number, plain: number, preconditioned: number][] = [
      [0, 1.0972180047, 1.0946054442],
      [0.05, 1.0428363627, 1.0422000344],
      [0.1, 0.9904747663, 0.9904137235],
      [0.2, 0.9272592429, 0.8895799987],
      [0.3, 0.9517116336, 0.8075629982],
      [0.35, 1.1504582914, 0.7790118154],
    ];
    for (const [nominalStep, plain, preconditioned] of cases) {
      const at = { hessian, learned, nominalStep };
      expect(updateStability(at).radius).toBeCloseTo(plain, 9);
      expect(updateStability({ ...at, isPreconditioned: true }).radius).toBeCloseTo(preconditioned, 9);
    }
  });

  test("bounds are sufficient where P is symmetric, and not necessary", () => {
    const within = updateStability({ hessian, learned, nominalStep: 0.1 });
    expect([within.bounds.lowest, within.bounds.highest]).toEqual([
      expect.closeTo(-0.0906975654, 9),
      expect.closeTo(0.2087691115, 9),
    ]);
    expect(within.bounds.isWithin).toBe(true);
    const beyond = updateStability({
      hessian: diagonal(10, 1),
      learned: diagonal(0, 1),
      nominalStep: 0.1,
    });
    expect([beyond.bounds.isWithin, beyond.isStable]).toEqual([false, true]);
    expect(beyond.radius).toBeCloseTo(0.1, 12);
    // P with real eigenvalues 1 and 0 that is not symmetric.
    const skew = updateStability({
      hessian: diagonal(1, 0.1),
      learned: [[3, -4], [1.5, -2]], // prettier-ignore
      nominalStep: 0.1,
    });
    expect(skew.radius).toBeCloseTo(1.9062, 4);
  });

  test("stationary covariance, and its refusal", () => {
    const noise = diagonal(0.5, 1, 2);
    const covariance = updateStability({ hessian, learned, nominalStep: 0.1 }).stationaryCovariance(noise);
    const wanted = [0.7985375126567891, 0.14650229030724807, 0.0245998678335392];
    wanted.forEach((x, i) => expect(covariance.data[i]).toBeCloseTo(x, 12));
    expect(covariance.data[4]).toBeCloseTo(0.03260904616815712, 12);
    expect(covariance.data[8]).toBeCloseTo(0.05391038090544803, 12);
    // By hand from that covariance; the second value from 4000 steps of the recursion in PyTorch.
    const loss = (isPreconditioned: boolean) =>
      updateStability({ hessian, learned, nominalStep: 0.1, isPreconditioned }).stationaryLoss(noise);
    expect(loss(false)).toBeCloseTo(3.4661425544329463, 12);
    expect(loss(true)).toBeCloseTo(2.399548708846348, 11);
    const unstable = updateStability({ hessian, learned });
    expect(() => unstable.stationaryCovariance(noise)).toThrow("spectral radius");
    expect(() => unstable.stationaryLoss(noise)).toThrow("spectral radius");
  });

  test("each bias moves eigenvalues inside the circle", () => {
    const v = [1, 2, 3, 4, 5, 6];
    const squares = v.reduce((sum, x) => sum + x * x, 0);
    const q = v.map((a, i) => v.map((b, j) => (i === j ? 1 : 0) - (2 * a * b) / squares));
    const curvatures = [0.05, 0.1, 0.5, 1, 2, 4];
    const six = q.map((a) => q.map((b) => curvatures.reduce((sum, c, k) => sum + a[k]! * c * b[k]!, 0)));
    const p = v.map((_, i) => v.map((__, j) => 0.15 * Math.cos(1 + 1.7 * i + 2.9 * j * (1 + 0.3 * i))));
    const quarter = p.map((row) => row.map((x) => x / 4));
    const radius = (nominalStep: number, rule: number[][], isPreconditioned: boolean) =>
      updateStability({ hessian: six, learned: rule, nominalStep, isPreconditioned }).radius;
    expect(radius(0, p, false)).toBeCloseTo(1.3149376589, 9);
    expect(radius(0.2, p, false)).toBeCloseTo(0.9820453142, 9);
    expect(radius(0, quarter, false)).toBeCloseTo(1.0703989852, 9);
    expect(radius(0, p, true)).toBeCloseTo(1.1933526527, 9);
    expect(radius(0.2, quarter, false)).toBeCloseTo(0.9887128785, 9);
    expect(radius(0.2, p, true)).toBeCloseTo(0.9437558183, 9);
    expect(radius(0.2, quarter, true)).toBeCloseTo(0.949066875, 9);
    const symmetric = p.map((row, i) => row.map((x, j) => (x + p[j]![i]!) / 2));
    const symmetricQuarter = symmetric.map((row) => row.map((x) => x / 4));
    expect(radius(0, symmetric, false)).toBeCloseTo(1.3659987988, 9);
    expect(radius(0.2, symmetric, false)).toBeCloseTo(1.0274332772, 9);
    expect(radius(0, symmetricQuarter, false)).toBeCloseTo(1.0914996997, 9);
    expect(radius(0.2, symmetricQuarter, true)).toBeCloseTo(0.9551222683, 9);
  });

  test("a learned term that cancels the nominal one leaves it where its scale is off", () => {
    const h = diagonal(4, 1, 0.25);
    const at = (nominalStep: number, error: number) =>
      updateStability({
        hessian: h,
        nominalStep,
        learned: h.map((row, i) => row.map((x, j) => (i === j ? (1 - error) * (0.9 / x - nominalStep) : 0))),
      }).radius;
    [0, 0.2, 0.5, 0.9, 1].forEach((error, i) =>
      expect(at(0.6, error)).toBeCloseTo([0.1, 0.25, 0.65, 1.25, 1.4][i]!, 10),
    );
    for (const error of [0, 0.2, 0.5, 0.9, 1]) expect(at(0.3, error)).toBeLessThanOrEqual(0.925 + 1e-12);
  });

  test("bounds for a learned term of unknown scale hold for every scale up to the largest, and for no larger", () => {
    // Lemma 3, with H and P diagonal. At the bounds, α 0.2 and λ(H) up to 4: P between -0.1 and (0.5 - 0.2) / 2.
    const at = (p: number[], scale: number) =>
      updateStability({
        hessian: diagonal(4, 1, 0.25),
        nominalStep: 0.2,
        learned: diagonal(...p.map((x) => x * scale)),
        largestScale: 2,
      });
    const edge = at([0.15, -0.1, 0.15], 1);
    expect([edge.bounds.lower, edge.bounds.upper]).toEqual([-0.1, expect.closeTo(0.15, 14)]);
    for (const scale of [0.1, 0.5, 1, 1.9, 2])
      expect(at([0.15, -0.1, 0.15], scale).radius).toBeLessThanOrEqual(1 + 1e-12);
    expect(at([0.15, 0, 0], 2.1).radius).toBeGreaterThan(1.05);
    expect(at([0, -0.1, 0], 2.1).radius).toBeGreaterThan(1.005);
    expect(() => at([NaN, 0, 0], 1)).toThrow("an entry of learned");
  });

  test("momentum", () => {
    const { radius, eigenvalues, largestRate } = momentumStability({
      learningRate: 1,
      decay: 0.9,
      curvature: 1,
    });
    expect(radius).toBeCloseTo(0.9486832981, 9);
    expect([eigenvalues.re[0], eigenvalues.im[0]]).toEqual([expect.closeTo(0.9, 9), expect.closeTo(0.3, 9)]);
    expect(largestRate).toBeCloseTo(38, 10);
    const fast = momentumStability({ learningRate: 10, decay: 0.9, curvature: 1 }).eigenvalues;
    expect([fast.re[0], fast.im[0]]).toEqual([expect.closeTo(0.45, 9), expect.closeTo(0.8351646544, 9)]);
    const heavy = { learningRate: 1, decay: 0.9, curvature: 1, isMean: false };
    expect(momentumStability(heavy).largestRate).toBeCloseTo(3.8, 12);
  });
});

test.each([
  [
    "momentumStability: learningRate",
    () => momentumStability({ learningRate: NaN, decay: 0.9, curvature: 1 }),
  ],
  [
    "momentumStability: curvature",
    () => momentumStability({ learningRate: 1, decay: 0.9, curvature: Infinity }),
  ],
  ["updateStability: an entry of learned", () => updateStability({ hessian: [[1]], learned: [[NaN]] })],
  ["updateStability: an entry of hessian", () => updateStability({ hessian: [[NaN]], learned: [[0]] })],
  [
    "updateStability: nominalStep",
    () => updateStability({ hessian: [[1]], learned: [[0]], nominalStep: Infinity }),
  ],
])("a number that is not finite ends with an error, where it never ended: %s", (message, call) => {
  expect(call).toThrow(message);
});

test("eigenvalues of a matrix with NaN are an error that names the entry", () => {
  const entries = Float64Array.of(1, 2, NaN, 4);
  expect(() => eigenvalues({ size: 2, entries })).toThrow("eigenvalues: entry [1, 0] of the matrix is NaN.");
});
