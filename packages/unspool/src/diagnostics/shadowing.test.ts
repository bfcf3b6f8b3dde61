/** Shadowing against its closed forms on scalar linear systems, and against averages that are known. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { shadowTangent } from "./shadowTangent.ts";
import { shadowing } from "./index.ts";
import { linearMap } from "./testing.ts";

const wide = { dtype: "float64" } as const;

describe("v' = a v + 1 over 20 steps, 21 unknowns", () => {
  const solve = (a: number) =>
    shadowTangent({
      size: 1,
      sides: 1,
      jacobians: Array.from({ length: 20 }, () => Float64Array.of(a)),
      sources: Array.from({ length: 20 }, () => Float64Array.of(1)),
      alpha: 1,
    }).tangents.map((v) => v[0]!);
  const mean = (v: number[]) => v.reduce((sum, x) => sum + x, 0) / v.length;
  // Normal equations of the 21 unknowns, solved in numpy.
  test("a = 2: near the fixed point -1 of the unstable direction", () => {
    const v = solve(2);
    expect(v[0]).toBeCloseTo(-0.999998569489, 11);
    expect(v[10]).toBeCloseTo(-0.998535156949, 11);
    expect(v[20]).toBeCloseTo(0.499999284745, 11);
    expect(mean(v)).toBeCloseTo(-0.857142993382, 11);
  });
  test("a = 0.5 and a = -3", () => {
    expect(mean(solve(0.5))).toBeCloseTo(1.714285986764, 11);
    expect(solve(-3)[10]).toBeCloseTo(0.249997177485, 11);
    expect(mean(solve(-3))).toBeCloseTo(0.244047619046, 11);
  });
});

test("the constraints hold with several states, sides and time dilation, at a minimum", () => {
  const [size, sides, steps, alpha] = [3, 2, 12, 0.7];
  const draw = (i: number, length: number) =>
    Float64Array.from(random.normal(random.foldIn(random.key(5), i), [length], wide).data);
  const jacobians = Array.from({ length: steps }, (_, t) => draw(t, size * size));
  const sources = Array.from({ length: steps }, (_, t) => draw(100 + t, sides * size));
  const flows = Array.from({ length: steps }, (_, t) => draw(200 + t, size));
  const { tangents, dilations } = shadowTangent({ size, sides, jacobians, sources, flows, alpha });
  const residual = (v: Float64Array[], eta: Float64Array[], t: number, p: number, i: number) => {
    let sum = v[t + 1]![p * size + i]! - sources[t]![p * size + i]! - eta[t]![p]! * flows[t]![i]!;
    for (let k = 0; k < size; k++) sum -= jacobians[t]![i * size + k]! * v[t]![p * size + k]!;
    return sum;
  };
  for (let t = 0; t < steps; t++) {
    for (let p = 0; p < sides; p++) {
      for (let i = 0; i < size; i++) expect(residual(tangents, dilations, t, p, i)).toBeCloseTo(0, 9);
    }
  }
  // Any other solution of the constraints costs more: move v_0 and one eta, and follow the recursion.
  const cost = (v: Float64Array[], eta: Float64Array[]) =>
    v.flatMap((x) => [...x]).reduce((sum, x) => sum + x * x, 0) +
    alpha ** 2 * eta.flatMap((x) => [...x]).reduce((sum, x) => sum + x * x, 0);
  const best = cost(tangents, dilations);
  for (const [entry, dilated] of [
    [0, -1],
    [4, -1],
    [2, 3],
    [5, 11],
  ] as const) {
    for (const by of [1e-3, -1e-3]) {
      const eta = dilations.map((x) => x.slice());
      if (dilated >= 0) eta[dilated]![1]! += by;
      const v = [tangents[0]!.slice()];
      v[0]![entry]! += by;
      for (let t = 0; t < steps; t++) {
        v.push(
          Float64Array.from({ length: sides * size }, (_, at) => {
            const [p, i] = [Math.floor(at / size), at % size];
            let sum = sources[t]![at]! + eta[t]![p]! * flows[t]![i]!;
            for (let k = 0; k < size; k++) sum += jacobians[t]![i * size + k]! * v[t]![p * size + k]!;
            return sum;
          }),
        );
      }
      expect(cost(v, eta)).toBeGreaterThan(best);
    }
  }
});

describe("averages with known derivatives", () => {
  test("a stable map: the fixed point's derivative", () => {
    // s' = 0.5 s + theta settles at 2 theta; the loss is s. The ends of the window cost O(1/steps).
    const { gradient, meanLoss, standardErrors } = shadowing(linearMap([[0.5]], [[1]]), np.array([3], wide), {
      steps: 800,
    });
    expect(meanLoss).toBeCloseTo(6, 9);
    expect(Math.abs(gradient.item() - 2)).toBeLessThan(0.01);
    expect(standardErrors.item()).toBe(0);
  });
  test("a chaotic map in several parameters: the tent-like shift, whose average only moves with theta", () => {
    // s' = 2 s + theta.a mod 1 keeps the uniform distribution; l = (s - 0.5)² theta.b has the average theta.b / 12.
    const shift = defineProblem<{ a: Tensor; b: Tensor }, Tensor>({
      name: "shift",
      horizon: Infinity,
      init: (_theta, key) => random.uniform(key),
      step(theta, s, { key }) {
        const noise = random.uniform(key, [], wide).mul(1e-9);
        const moved = s.mul(2).add(theta.a).add(noise);
        const centred = s.sub(0.5);
        return { state: moved.sub(np.floor(moved)), loss: centred.mul(centred).mul(theta.b) };
      },
    });
    const theta = { a: np.array(0.1, wide), b: np.array(2, wide) };
    const { gradient, standardErrors, meanLoss, tangentNorm } = shadowing(shift, theta, {
      steps: 1000,
      trials: 8,
    });
    expect(meanLoss).toBeCloseTo(1 / 6, 2);
    // Shadow of s' = 2 s + a: v = -1 all along, so d<l>/da = -2 b <s - 0.5> = 0.
    expect(tangentNorm).toBeCloseTo(Math.SQRT1_2, 2);
    expect(Math.abs(gradient.a.item())).toBeLessThan(4 * standardErrors.a.item() + 0.01);
    expect(Math.abs(gradient.b.item() - 1 / 12)).toBeLessThan(4 * standardErrors.b.item());
  });
  test("options are checked", () => {
    expect(() => shadowing(linearMap([[0.5]]), np.array([3]), { alpha: 0 })).toThrow(OptionError);
    expect(() => shadowing(linearMap([[0.5]], [[1]], 10), np.array([3]), { steps: 11 })).toThrow(OptionError);
  });
});
