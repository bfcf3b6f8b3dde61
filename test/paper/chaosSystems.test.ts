/**
 * Claims about chaotic systems that need whole runs: growth, crossover of variances, remedies (Metz et al., "Gradients
 * are Not All You Need", 2021), and the identification of the Lorenz system (Li et al. 2023). Reference numbers: plain
 * NumPy and PyTorch programs in float64. `npm run test:paper`; recorded in docs/results.md.
 */
import { lorenzIdentification } from "@unspool/experiments";
import {
  type Key,
  type LorenzState,
  type LorenzTheta,
  type Tensor,
  defineProblem,
  diskPacking,
  doublePendulum,
  gradientGrowth,
  gradientVariance,
  logisticMap,
  lorenz,
  lyapunov,
  productSpectrum,
  random,
  recurrentNetwork,
  scan,
  tinyLearnedOptimizer,
  train,
  tree,
  unroll,
} from "unspool";
import { describe, expect, test } from "vitest";

const exact = (value: number): Tensor => tree.scalar(value, "float64");
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const seeds = [0, 1];

describe("Lorenz identification, 3000 updates", () => {
  const truth = [Math.log(10), Math.log(28)] as const;
  async function identify(config: Record<string, unknown>, seed = 0): Promise<[number, number, number]> {
    const { evaluation } = await train(lorenzIdentification, { config: { surface: 0, ...config }, seed });
    const { logA, logR, loss } = evaluation!.metrics as Record<"logA" | "logR" | "loss", number>;
    return [logA, logR, loss];
  }
  test.each(seeds)(
    "NRES with 200 pairs finds ln a within 0.15 and ln r within 0.12, seed %i",
    async (seed) => {
      const [logA, logR, loss] = await identify({ estimator: "nres" }, seed);
      report(`Lorenz nres seed ${seed}`, { logA, logR, loss });
      expect(Math.abs(logA - truth[0])).toBeLessThan(0.15);
      expect(Math.abs(logR - truth[1])).toBeLessThan(0.12);
    },
  );
  test.each(seeds)("NRES with 50 pairs still finds ln a within 0.15, seed %i", async (seed) => {
    const [logA, logR] = await identify({ estimator: "nres", pairs: 50 }, seed);
    report(`Lorenz nres 50 pairs seed ${seed}`, { logA, logR });
    expect(Math.abs(logA - truth[0])).toBeLessThan(0.15);
  });
  test.each(seeds)("truncated ES ends more than 1 from ln a, seed %i", async (seed) => {
    const [logA, logR] = await identify({ estimator: "truncatedEs" }, seed);
    report(`Lorenz truncatedEs seed ${seed}`, { logA, logR });
    expect(Math.abs(logA - truth[0])).toBeGreaterThan(1);
  });
  test.each([0.01, 0.003])(
    "BPTT clipped to norm 1, learning rate %f, stays above a loss of 300",
    async (rate) => {
      const config = { estimator: "bptt", clip: 1, learningRate: rate, steps: 300, dtype: "float64" };
      const [logA, logR, loss] = await identify(config);
      report(`C6 clipped bptt ${rate}`, { logA, logR, loss });
      expect(loss).toBeGreaterThan(300);
    },
  );
  test.each([3e-4, 1e-4])("TBPTT, learning rate %f, goes to the wrong ln a", async (learningRate) => {
    const [logA, logR, loss] = await identify({ estimator: "tbptt", learningRate, steps: 1500 });
    report(`C6 tbptt ${learningRate}`, { logA, logR, loss });
    expect(logA).toBeGreaterThan(3.4);
    expect(loss).toBeGreaterThan(50);
  });
});

test("C2: on the logistic map exact derivatives become worse than antithetic ES at T = 6", () => {
  // By integration over the noise on a grid of 400,001 points: trustworthy up to slopes of 4^12.
  const reference = (steps: number): { rp: number; es: number } => {
    const [sigma, points] = [0.01, 400_001];
    let [weight, slope, slope2, difference2, difference] = [0, 0, 0, 0, 0];
    for (let i = 0; i < points; i++) {
      const eps = (-8 + (16 * i) / (points - 1)) * sigma;
      const w = Math.exp(-0.5 * (eps / sigma) ** 2);
      let [x, y, d] = [0.3 + eps, 0.3 - eps, 1];
      for (let t = 0; t < steps; t++) [x, y, d] = [4 * x * (1 - x), 4 * y * (1 - y), d * 4 * (1 - 2 * x)];
      const es = (eps * (x - y)) / (2 * sigma * sigma);
      weight += w;
      slope += w * d;
      slope2 += w * d * d;
      difference += w * es;
      difference2 += w * es * es;
    }
    return {
      rp: slope2 / weight - (slope / weight) ** 2,
      es: difference2 / weight - (difference / weight) ** 2,
    };
  };
  const samples = 20_000;
  const { horizons, crossover } = gradientVariance(
    logisticMap(),
    { start: exact(0.3) },
    {
      horizons: [1, 5, 6, 7, 10, 12],
      sigma: 0.01,
      samples,
      objective: "last",
    },
  );
  for (const { horizon, rp, esAntithetic, es } of horizons) {
    const wanted = reference(horizon);
    report(`C2 T=${horizon}`, {
      rp: rp.totalVariance,
      rpExact: wanted.rp,
      es: esAntithetic.totalVariance,
      esExact: wanted.es,
      plain: es.totalVariance,
    });
    expect(Math.abs(rp.totalVariance - wanted.rp)).toBeLessThan(5 * rp.standardError);
    expect(Math.abs(esAntithetic.totalVariance - wanted.es)).toBeLessThan(5 * esAntithetic.standardError);
  }
  expect(crossover).toBe(6);
  const [ten, twelve] = horizons.slice(-2).map(({ rp }) => rp.totalVariance) as [number, number];
  expect(twelve / ten).toBeGreaterThan(12);
  expect(twelve / ten).toBeLessThan(20);
});

test("C3: the same on the Lorenz system, between T = 100 and T = 800", () => {
  const { horizons, crossover } = gradientVariance(lorenz(), lorenz().theta!, {
    horizons: [100, 400, 800, 1200, 2000],
    sigma: 0.04,
    samples: 4000,
  });
  const rows = horizons.map(({ horizon, rp, esAntithetic }) => ({
    horizon,
    rp: rp.totalVariance,
    es: esAntithetic.totalVariance,
  }));
  report("C3", { rows, crossover, esMean: [...horizons[4]!.esAntithetic.mean] });
  expect(rows[0]!.rp).toBeLessThan(rows[0]!.es / 10);
  for (const { rp, es } of rows.slice(2)) expect(rp).toBeGreaterThan(100 * es);
  expect(rows[4]!.rp).toBeGreaterThan(1e13);
  for (const { es } of rows.slice(1)) expect(Math.abs(Math.log10(es / 4e6))).toBeLessThan(0.5);
  const { mean, variance } = horizons[4]!.esAntithetic;
  expect(mean[1]! / Math.sqrt(variance[1]! / 4000)).toBeGreaterThan(30);
});

describe("C4: the tiny learned optimizer", () => {
  test("its exponent over 100 steps grows from contraction to chaos with its reach", () => {
    const draws = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((seed) => random.key(seed));
    const exponents = [0, 0.001, 0.01, 0.03, 0.1].map((scale) =>
      draws.map((key) => {
        const problem = tinyLearnedOptimizer({ scale, key });
        return lyapunov(problem, problem.theta!, { steps: 100, exponents: 1, key }).exponents[0]!;
      }),
    );
    report("C4 exponents", exponents.map((values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) }))); // prettier-ignore
    const [none, least, , more, most] = exponents.map(median);
    expect(none!).toBeLessThan(0);
    expect(Math.abs(least!)).toBeLessThan(0.01);
    expect(more!).toBeGreaterThan(0.1);
    expect(most!).toBeGreaterThan(0.5);
  });
  test("derivatives are far better for a short reach, and far worse for a long one", () => {
    const ratios = [0.001, 0.1].map((scale) =>
      [0, 1, 2].map((seed) => {
        const problem = tinyLearnedOptimizer({ scale, key: random.key(seed) });
        const { horizons } = gradientVariance(problem, problem.theta!, {
          horizons: [5, 10, 20, 40],
          samples: 12,
          key: random.key(seed),
          trajectories: "common",
          mode: "reverse",
        });
        return horizons.map(({ rp, esAntithetic }) => rp.totalVariance / esAntithetic.totalVariance);
      }),
    );
    report("C4 RP/ES at T = 5, 10, 20, 40", ratios);
    for (const row of ratios[0]!) for (const ratio of row) expect(ratio).toBeLessThan(1e-3);
    // By how much depends on the draw of theta and of the inner weights.
    for (const row of ratios[1]!) {
      expect(row[0]!).toBeLessThan(1);
      expect(row[3]!).toBeGreaterThan(1e3);
    }
    expect(median(ratios[1]!.map((row) => row[2]!))).toBeGreaterThan(100);
    expect(median(ratios[1]!.map((row) => row[3]!))).toBeGreaterThan(1e6);
  });
});

test("C5: derivatives through disk packing explode for some diameters only", () => {
  const horizon = 200;
  const slopes = (diameter: number, options = {}): number[] => {
    const problem = diskPacking({ horizon, ...options });
    return Array.from(gradientGrowth(problem, { diameter: exact(diameter) }).logLossNorms, Math.exp);
  };
  const at = [0.8, 0.9, 1].map((diameter) => slopes(diameter)[199]!);
  const rough = slopes(0.7);
  const many = slopes(0.6, { disks: 32, box: 4.6, horizon: 50 })[49]!;
  const sweep = Array.from({ length: 26 }, (_, i) => slopes(0.55 + 0.02 * i));
  const rows = [50, 100, 200].map((T) => {
    const values = sweep.map((curve) => curve[T - 1]!);
    return {
      T,
      fraction: values.filter((value) => value > 100).length / 26,
      median: median(values),
      largest: Math.max(...values),
    };
  });
  report("C5", { at, rough50: rough[49], rough200: rough[199], many, rows });
  // The reference: 1.524, 1.806, 2.791.
  [1.524, 1.806, 2.791].forEach((wanted, i) => expect(at[i]!).toBeCloseTo(wanted, 2));
  expect(rough[199]!).toBeGreaterThan(1e8);
  expect(many).toBeGreaterThan(1e6);
  for (const { fraction, median: middle } of rows) {
    expect(fraction).toBeGreaterThanOrEqual(0.1);
    expect(fraction).toBeLessThanOrEqual(0.4);
    expect(middle).toBeLessThan(10);
  }
  expect(rows[2]!.largest / rows[0]!.largest).toBeGreaterThan(1e8);
});

describe("C7: the Lorenz system's mean height", () => {
  const timeStep = 0.01;
  const system = lorenz({ horizon: Infinity, timeStep, integrator: "runge-kutta", loss: "height" });
  const at = (r: number): LorenzTheta => ({ logA: exact(Math.log(10)), logR: exact(Math.log(r)) });
  /** From random starts, after 20 units of time at the theta given there. */
  const settled =
    (theta: LorenzTheta) =>
    (_now: LorenzTheta, key: Key): LorenzState => {
      const offsets = random.normal(key, [3], { dtype: "float64" });
      const start = { x: offsets.slice(0), y: offsets.slice(1), z: offsets.slice(2).add(20) };
      const context = { t: tree.scalar(0, "int32"), key, batch: undefined };
      const move = (state: LorenzState): [LorenzState, undefined] => [
        system.step(theta, state, context).state,
        undefined,
      ];
      return scan(move, start, undefined, { length: 2000 })[0];
    };
  test("rises with slope 1 in rho", () => {
    const [inner, outer, particles] = [200, 100, 256];
    const heights = [26, 28, 30, 32].map((r) => {
      const chunks = defineProblem({
        horizon: outer,
        init: settled(at(r)),
        step(theta: LorenzTheta, state: LorenzState, context) {
          const [next, z] = scan(
            (now: LorenzState) => {
              const moved = system.step(theta, now, context);
              return [moved.state, moved.loss] as [LorenzState, Tensor];
            },
            state,
            undefined,
            { length: inner },
          );
          return { state: next, loss: (z as Tensor).mean() };
        },
      });
      const { losses } = unroll(chunks, at(r), { key: random.key(1), particles });
      const means = [...losses.mean(0).data];
      const mean = means.reduce((sum, z) => sum + z, 0) / particles;
      const variance = means.reduce((sum, z) => sum + (z - mean) ** 2, 0) / (particles - 1);
      return { r, mean, standardError: Math.sqrt(variance / particles) };
    });
    report("C7 <z>", heights);
    // The reference, with standard error 0.004.
    [21.564, 23.55, 25.559, 27.577].forEach((wanted, i) => {
      const { mean, standardError } = heights[i]!;
      expect(Math.abs(mean - wanted)).toBeLessThan(4 * Math.hypot(0.004, standardError));
    });
    expect(Math.abs((heights[2]!.mean - heights[0]!.mean) / 4 - 1)).toBeLessThan(0.01);
  });
  test("averaged derivatives of it are useless from 10 units of time on", () => {
    const started = defineProblem({ ...system, horizon: 4000, init: settled(at(28)) });
    const { horizons } = gradientVariance(started, at(28), {
      horizons: [100, 500, 1000, 2000, 4000],
      sigma: 1e-12,
      samples: 400,
    });
    // With respect to rho = e^logR.
    const deviations = horizons.map(({ rp }) => Math.sqrt(rp.variance[1]!) / 28);
    report("C7 std of the derivative at T = 1, 5, 10, 20, 40", deviations);
    const wanted = [4.8, 69, 3.6e3, 2.8e7, 1.1e15];
    wanted.forEach((value, i) => {
      expect(Math.abs(Math.log10(deviations[i]! / value))).toBeLessThan(i < 2 ? 0.5 : 2);
    });
  });
});

test("C8: the double pendulum is regular from 0.1 rad and chaotic from 2 rad", () => {
  const times = [2000];
  const rows = [0.1, 2, 2.5].map((angle) => {
    const problem = doublePendulum({ angle, horizon: Infinity });
    const [product] = productSpectrum(problem, problem.theta!, { times });
    const { exponents, sum } = lyapunov(problem, problem.theta!, { steps: 20_000, burnIn: 0, dt: 0.01 });
    const logSigma = product!.logSingularValues[0]!;
    return { angle, sigma: Math.exp(logSigma), perSecond: logSigma / 20, exponents: [...exponents], sum };
  });
  report("C8", rows);
  expect(rows[0]!.sigma).toBeLessThan(10);
  expect(rows[1]!.sigma).toBeGreaterThan(1e8);
  // Finite-time values of chaotic motion: the references are 1.26 and 1.43.
  for (const { perSecond } of rows.slice(1)) expect(Math.abs(perSecond - 1.4)).toBeLessThan(0.3);
  for (const { sum } of rows) expect(Math.abs(sum)).toBeLessThan(0.02);
});

test("C10: Gaussian networks of 128 units become chaotic between gains of 0.9 and 1.5", () => {
  const exponents = [0.5, 0.9, 1.5, 3].map((gain) =>
    [0, 1, 2, 3, 4].map((seed) => {
      const problem = recurrentNetwork({ units: 128, gain, horizon: Infinity, key: random.key(seed) });
      return lyapunov(problem, problem.theta!, { steps: 2000, burnIn: 500, exponents: 1 }).exponents[0]!;
    }),
  );
  report("C10", exponents);
  const [small, below, above, large] = exponents;
  for (const value of small!) {
    expect(value).toBeGreaterThan(-0.75);
    expect(value).toBeLessThan(-0.6);
  }
  for (const value of below!) expect(value).toBeLessThan(0);
  for (const value of above!) expect(value).toBeGreaterThan(0);
  for (const value of large!) {
    expect(value).toBeGreaterThan(0.2);
    expect(value).toBeLessThan(0.4);
  }
});
