/**
 * Chaos in the numerical core: exponents, and a case in which shadowing is wrong. The systems of Metz, Freeman,
 * Schoenholz and Kachman 2021 have their own file. `npm run test:paper`; recorded in docs/results.md.
 */
import { describe, expect, test } from "vitest";
import {
  type Tensor,
  defineProblem,
  gradientGrowth,
  gradientVariance,
  lyapunov,
  np,
  random,
  shadowing,
} from "unspool";

const wide = { dtype: "float64" } as const;
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

const logistic = (r: number) =>
  defineProblem<Tensor, Tensor>({
    name: "logistic",
    horizon: Infinity,
    // The state starts from theta: derivatives with respect to theta are those with respect to the first state.
    init: (theta) => theta,
    step(_theta, x) {
      const next = x.mul(x.neg().add(1)).mul(r);
      return { state: next, loss: next };
    },
  });

describe("C1: gradients of the logistic map grow with its exponent", () => {
  test("r = 4: ln 2 over 1e5 steps; r = 3.2: -0.9162907", () => {
    const chaotic = lyapunov(logistic(4), np.array(0.3, wide), { steps: 100_000 });
    const periodic = lyapunov(logistic(3.2), np.array(0.3, wide), { steps: 10_000 });
    report("C1 exponents", [chaotic.exponents, chaotic.standardErrors, periodic.exponents]);
    expect(Math.abs(chaotic.exponents[0]! - Math.LN2)).toBeLessThan(0.002);
    expect(periodic.exponents[0]).toBeCloseTo(-0.916290731874, 7);
  });
  test("(1/T) ln|dx_T/dx_0| tends to ln 2", () => {
    const { logStateNorms } = gradientGrowth(logistic(4), np.array(0.3, wide), { steps: 2000 });
    const rates = [10, 30, 50, 200, 2000].map((t) => logStateNorms[t - 1]! / t);
    report("C1 rates at T = 10, 30, 50, 200, 2000", rates);
    // Closed form 2^T sin(2^(T+1) phi) / sin(2 phi): exact while the trajectory is.
    expect(rates[0]).toBeCloseTo(Math.log(455.412257322) / 10, 9);
    expect(rates[1]).toBeCloseTo(Math.log(509562500.052) / 30, 7);
    expect(Math.abs(rates[4]! - Math.LN2)).toBeLessThan(0.01);
  });
});

test("C2: RP and ES cross at T = 6 on the logistic map", () => {
  const { horizons, crossover } = gradientVariance(logistic(4), np.array(0.3, wide), {
    sigma: 0.01,
    samples: 40_000,
    horizons: [1, 5, 6, 7, 10, 12],
    objective: "last",
  });
  const found = horizons.map(({ horizon, rp, es, esAntithetic }) => [
    horizon,
    rp.totalVariance,
    esAntithetic.totalVariance,
    es.totalVariance,
  ]);
  report("C2 [T, RP, antithetic, plain]", found);
  expect(crossover).toBe(6);
  const wanted = [[6.4e-3, 5.12], [286.06, 317.7], [1868.69, 646.7], [9756.5, 506.2], [6.25e5, 555.4], [9.99e6, 579.2]]; // prettier-ignore
  wanted.forEach(([rp, es], h) => {
    expect(Math.abs(found[h]![1]! / rp! - 1)).toBeLessThan(0.06);
    expect(Math.abs(found[h]![2]! / es! - 1)).toBeLessThan(0.06);
  });
});

/** The average of cos(2 pi s) under the invariant density of s' = 2 s + phi sin(2 pi s) / (2 pi) mod 1, by Ulam's method. */
function transferAverage(phi: number, cells = 4096): number {
  const map = (s: number): number => 2 * s + (phi * Math.sin(2 * Math.PI * s)) / (2 * Math.PI);
  let density = new Float64Array(cells).fill(1 / cells);
  for (let sweep = 0; sweep < 60; sweep++) {
    const next = new Float64Array(cells);
    for (let i = 0; i < cells; i++) {
      // The image of a cell, spread evenly over the cells that it covers.
      const [from, to] = [map(i / cells) * cells, map((i + 1) / cells) * cells];
      for (let j = Math.floor(from); j < to; j++) {
        const overlap = Math.min(to, j + 1) - Math.max(from, j);
        next[((j % cells) + cells) % cells]! += (density[i]! * overlap) / (to - from);
      }
    }
    density = next;
  }
  return density.reduce((sum, mass, i) => sum + mass * Math.cos((2 * Math.PI * (i + 0.5)) / cells), 0);
}

test("C9: shadowing is off by more than 0.1 on an expanding circle map", () => {
  const circle = defineProblem<Tensor, Tensor>({
    name: "circle",
    horizon: Infinity,
    init: (_theta, key) => random.uniform(key),
    step(phi, s, { key }) {
      // Noise of 1e-12 keeps the binary shift from running out of digits.
      const noise = random.uniform(key, [], wide).mul(1e-12);
      const moved = s
        .mul(2)
        .add(
          np
            .sin(s.mul(2 * Math.PI))
            .mul(phi)
            .mul(1 / (2 * Math.PI)),
        )
        .add(noise);
      return { state: moved.sub(np.floor(moved)), loss: np.cos(s.mul(2 * Math.PI)) };
    },
  });
  const truth = (transferAverage(0.31) - transferAverage(0.29)) / 0.02;
  const found = shadowing(circle, np.array(0.3, wide), { steps: 1500, trials: 40 });
  const [gradient, error] = [found.gradient.item(), found.standardErrors.item()];
  report("C9", {
    average: transferAverage(0.3),
    measured: found.meanLoss,
    truth,
    shadowing: [gradient, error],
  });
  expect(truth).toBeCloseTo(0.0633, 3);
  expect(found.meanLoss).toBeCloseTo(0.00997, 1);
  expect(Math.abs(gradient - 0.2262)).toBeLessThan(0.003);
  expect(Math.abs(gradient - truth)).toBeGreaterThan(0.1);
});
