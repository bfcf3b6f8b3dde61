/** The example systems against closed forms and independent computations. */
import { describe, expect, test } from "vitest";
import { type Tensor, hessian, np, random, tree, valueAndGrad } from "../array/index.ts";
import { jacobianSpectrum, lyapunov, productSpectrum, stateJacobian } from "../diagnostics/index.ts";
import { rtrl } from "../estimators/index.ts";
import { type Problem, compiled, defineProblem, unroll } from "../unroll/index.ts";
import {
  type DiskTheta,
  type PendulumState,
  diskEnergy,
  diskPacking,
  diskStart,
  doublePendulum,
  henonMap,
  logisticMap,
  lorenz,
  pendulumEnergy,
  pendulumFrequencies,
  recurrentNetwork,
  rungeKutta,
  tinyLearnedOptimizer,
} from "./index.ts";

/** Derivative of the loss of every step with respect to theta, [steps][parameters], by forward mode. */
function derivatives<Theta>(problem: Problem<Theta, never, never>, theta: Theta, steps: number): number[][] {
  const estimator = rtrl(problem, { objective: "sum", truncation: 1 });
  const key = random.key(0);
  let state = estimator.init(theta, key);
  return Array.from({ length: steps }, () => {
    const estimate = estimator.estimate(theta, state, key);
    state = estimate.state;
    return [...tree.flatten(estimate.gradient)];
  });
}

const erase = <Theta>(problem: Problem<Theta, never, never>): Problem<unknown, unknown, unknown> =>
  problem as unknown as Problem<unknown, unknown, unknown>;

const systems = [
  logisticMap(),
  henonMap(),
  lorenz(),
  recurrentNetwork(),
  doublePendulum(),
  diskPacking(),
  tinyLearnedOptimizer(),
].map((problem) => erase(problem as never));

test.each(systems.map((problem) => [problem.name, problem] as const))(
  "%s stays finite over its horizon at its theta, and begins alike in both precisions",
  (_name, problem) => {
    const [exact, single] = (["float64", "float32"] as const).map((dtype) => {
      const theta = tree.map((leaf) => leaf.astype(dtype), problem.theta);
      const { state, losses } = unroll(problem, theta, { key: random.key(1), particles: 2 });
      expect(tree.isFinite(state)).toBe(true);
      for (const leaf of tree.leaves(state)) expect(leaf.dtype).toBe(dtype);
      expect(losses.data.every(Number.isFinite)).toBe(true);
      return losses.data;
    });
    // Two particles: eight steps.
    for (let i = 0; i < 16; i++) {
      expect(Math.abs(single![i]! - exact![i]!)).toBeLessThan(1e-3 * Math.abs(exact![i]!) + 1e-6);
    }
  },
);

describe("logistic map at rate 4 from 0.3", () => {
  /** In 100-digit arithmetic; x_T = sin²(2^T φ). */
  const exact: [number, number, number][] = [
    [1, 0.84, 1.6],
    [2, 0.5376, -4.352],
    [5, 0.0879453645446, -19.7768552627],
    [10, 0.0434218534453, -455.412257322],
    [20, 0.941784605585, -535778.129374],
  ];
  const theta = { start: tree.scalar(0.3, "float64") };
  test("states and their derivatives", () => {
    const { losses } = unroll(logisticMap(), theta, { key: random.key(0) });
    const slopes = derivatives(logisticMap() as never, theta, 20);
    for (const [T, x, slope] of exact) {
      expect(losses.data[T - 1]!).toBeCloseTo(x, 10);
      expect(slopes[T - 1]![0]! / slope).toBeCloseTo(1, 9);
    }
  });
  test("derivatives after 30 steps have lost digits, after 20 steps in float32 too", () => {
    const double = derivatives(logisticMap() as never, theta, 30)[29]![0]!;
    const error = Math.abs(double / 509562500.052 - 1);
    expect(error).toBeGreaterThan(1e-9);
    expect(error).toBeLessThan(1e-5);
    const single = derivatives(logisticMap() as never, { start: tree.scalar(0.3) }, 20)[19]![0]!;
    expect(Math.abs(single / -535778.129374 - 1)).toBeGreaterThan(1e-3);
  });
});

describe("exponents", () => {
  test("logistic map at rate 4: the growth over T steps tends to ln 2", () => {
    // The orbit from 0.3 with 400 binary digits, in integers.
    const one = 1n << 400n;
    let x = (3n * one) / 10n;
    let growth = 0;
    for (let t = 0; t < 50; t++) {
      growth += Math.log(Math.abs(4 * Number(((one - 2n * x) << 60n) / one))) - 60 * Math.LN2;
      x = (4n * x * (one - x)) / one;
    }
    expect(growth / 50).toBeCloseTo(0.669418, 6);
    const endless = logisticMap({ horizon: Infinity });
    const { exponents } = lyapunov(endless, { start: tree.scalar(0.3, "float64") }, { steps: 20_000 });
    expect(Math.abs(exponents[0]! - Math.LN2)).toBeLessThan(0.002);
    // Period two: ln |4 + 2 r - r²| / 2.
    const calm = lyapunov(endless, { rate: tree.scalar(3.2, "float64") }, { steps: 1000 });
    expect(calm.exponents[0]!).toBeCloseTo(-0.916290731874, 9);
  });
  test("Hénon map: they sum to ln b", () => {
    const { exponents, sum } = lyapunov(henonMap({ horizon: Infinity }), henonMap().theta!, {
      steps: 20_000,
    });
    expect(sum).toBeCloseTo(-1.203972804326, 11);
    expect(Math.abs(exponents[0]! - 0.42)).toBeLessThan(0.01);
  });
  test("Lorenz system by Euler steps, per unit of time", { tags: ["long"] }, () => {
    const truth = { logA: tree.scalar(Math.log(10), "float64"), logR: tree.scalar(Math.log(28), "float64") };
    const endless = lorenz({ horizon: Infinity, loss: "height" });
    const options = { steps: 40_000, burnIn: 2000, dt: 0.005 };
    const { exponents, sum, logDeterminantMean } = lyapunov(endless, truth, options);
    // 0.961 ± 0.01, -0.001, -14.787 over long orbits in NumPy; 200 units of time here.
    expect(Math.abs(exponents[0]! - 0.961)).toBeLessThan(0.05);
    expect(Math.abs(exponents[1]!)).toBeLessThan(0.02);
    expect(Math.abs(exponents[2]! + 14.787)).toBeLessThan(0.06);
    expect(sum).toBeCloseTo(logDeterminantMean!, 9);
  });
  test("Rössler's flow by Runge-Kutta steps, and the dimension of its attractor", () => {
    const roessler = defineProblem({
      name: "roessler",
      horizon: Infinity,
      init: () => np.array([1, 1, 0], { dtype: "float64" }),
      step(c: Tensor, s: Tensor) {
        const field = (now: Tensor): Tensor => {
          const [x, y, z] = [now.slice(0), now.slice(1), now.slice(2)];
          return np.stack([y.add(z).neg(), x.add(y.mul(0.2)), z.mul(x.sub(c)).add(0.2)]);
        };
        return { state: rungeKutta(field, s, { timeStep: 0.05 }), loss: s.slice(0) };
      },
    });
    const options = { steps: 8000, burnIn: 1000, dt: 0.05, trials: 2 };
    const { exponents, dimension, warnings } = lyapunov(roessler, tree.scalar(5.7, "float64"), options);
    // 0.0714, 0, -5.3943 and 2.0132: Sprott, "Chaos and Time-Series Analysis", 2003, table A.5; 400 units of time here.
    expect(Math.abs(exponents[0]! - 0.0714)).toBeLessThan(0.02);
    expect(Math.abs(exponents[1]!)).toBeLessThan(0.01);
    expect(Math.abs(exponents[2]! + 5.3943)).toBeLessThan(0.15);
    expect(Math.abs(dimension! - 2.0132)).toBeLessThan(0.005);
    expect(warnings).toEqual([]);
  });
  test.each([
    // ln of the spectral radius at the fixed point, and sigma_max of products from h_0: NumPy.
    [0.5, -0.6997731957, [10, 9.297481692770484e-4]],
    [0.9, -0.1370361105, [10, 0.2991376395]],
    [0.9, -0.1370361105, [100, 2.9682e-6]],
    [1.5, undefined, [10, 20.1024457]],
  ] as const)("cosine network with gain %f", (gain, wanted, [time, sigma]) => {
    const options = { units: 32, gain, initialisation: "orthogonal", horizon: Infinity } as const;
    const problem = recurrentNetwork(options);
    const [product] = productSpectrum(problem, problem.theta!, { times: [time] });
    expect(Math.exp(product!.logSingularValues[0]!) / sigma).toBeCloseTo(1, 4);
    if (wanted === undefined) return;
    const { spectralRadius } = jacobianSpectrum(stateJacobian(problem, problem.theta!, { t: 500 }));
    expect(Math.log(spectralRadius)).toBeCloseTo(wanted, 8);
  });
});

describe("soft disks, 16 in a box of 3.2", () => {
  // Finite differences and dual numbers in NumPy, float64: energy and its derivative after T steps.
  const cases: [number, [number, number, number][]][] = [
    [0.9, [[0, 0.548722863825, 1.750002018494], [1, 0.448369939654, 1.410558533615], [10, 0.418173699838, 1.391053261313], [50, 0.2662920958, 1.831068582778]]], // prettier-ignore
    [1, [[0, 0.773351146958, 2.656460624207], [1, 0.643229005466, 2.434971609260], [10, 0.618089275377, 2.444307621176], [50, 0.499453613016, 2.831662979876]]], // prettier-ignore
  ];
  test.each(cases)("energy and dE/dD at D = %f", (diameter, rows) => {
    const theta: DiskTheta = { diameter: tree.scalar(diameter, "float64") };
    const { losses } = unroll(diskPacking(), theta, { key: random.key(0) });
    const slopes = derivatives(diskPacking() as never, theta, 50);
    const start = compiled("start", (d: Tensor) =>
      valueAndGrad((x: Tensor) => diskEnergy(diskStart(16, 3.2), x, 3.2))(d),
    );
    const [energy, slope] = start(theta.diameter) as [Tensor, Tensor];
    for (const [T, E, derivative] of rows) {
      expect(Math.abs((T === 0 ? energy.item() : losses.data[T - 1]!) - E)).toBeLessThan(1e-8);
      expect(Math.abs((T === 0 ? slope.item() : slopes[T - 1]![0]!) - derivative)).toBeLessThan(1e-8);
    }
  });
  test.each([
    // NumPy: eigenvalues below 0, the least and the largest.
    [0.6, 13, -1.3558463749, 6.9920587129],
    [0.9, 1, -0.169169982, 6.6770521439],
  ])("eigenvalues of the Hessian of the energy at the start, D = %f", (diameter, negative, least, most) => {
    const energyHessian = compiled("energyHessian", (x: Tensor, d: Tensor) =>
      hessian((flat: Tensor) => diskEnergy(flat.reshape([16, 2]), d, 3.2))(x),
    );
    const start = diskStart(16, 3.2).flatten();
    const entries = energyHessian(start, tree.scalar(diameter, "float64")) as Tensor;
    const { re } = jacobianSpectrum({ size: 32, entries: Float64Array.from(entries.data) });
    expect(re.filter((value) => value < -1e-9).length).toBe(negative);
    expect(Math.min(...re)).toBeCloseTo(least, 8);
    expect(Math.max(...re)).toBeCloseTo(most, 8);
  });
  test("the loss of the last step only is the final loss", () => {
    const theta: DiskTheta = { diameter: tree.scalar(0.9, "float64") };
    const { losses } = unroll(diskPacking({ loss: "last", horizon: 10 }), theta, { key: random.key(0) });
    expect([...losses.data].slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 0));
    expect(losses.data[9]!).toBeCloseTo(0.418173699838, 9);
  });
});

describe("double pendulum", () => {
  test.each([
    [0.1, -1.5e-8],
    [1, -1.9e-6],
  ])("from %f rad the energy drifts by %f in 6000 steps", (angle, drift) => {
    const problem = doublePendulum({ angle });
    const { state } = unroll(problem, problem.theta!, { key: random.key(0), steps: 6000 });
    const change = pendulumEnergy(state as PendulumState)
      .sub(pendulumEnergy(problem.theta!))
      .item();
    expect(change / drift).toBeGreaterThan(0.9);
    expect(change / drift).toBeLessThan(1.1);
  });
  test("small oscillations have the frequencies ω² = g (2 ± √2)", () => {
    for (const sign of [1, -1]) {
      // The modes are t2 = ∓√2 t1.
      const omega = pendulumFrequencies[sign === 1 ? 1 : 0];
      const small = 1e-4;
      const angles = np.array(Float64Array.of(small, -sign * Math.SQRT2 * small));
      const theta = { angles, velocities: np.zeros([2], { dtype: "float64" }) };
      const { state } = unroll(doublePendulum(), theta, { key: random.key(0), steps: 300 });
      const [t1, t2] = (state as PendulumState).angles.data;
      expect(t1! / small).toBeCloseTo(Math.cos(3 * omega), 4);
      expect(t2! / t1!).toBeCloseTo(-sign * Math.SQRT2, 5);
    }
  });
  test("damping takes energy away", () => {
    const problem = doublePendulum({ damping: 0.5 });
    const { state } = unroll(problem, problem.theta!, { key: random.key(0) });
    const end = pendulumEnergy(state as PendulumState).data[0]!;
    expect(end).toBeLessThan(pendulumEnergy(problem.theta!).item() - 5);
  });
});

test("the Lorenz system at the truth follows the true trajectory", () => {
  for (const integrator of ["euler", "runge-kutta"] as const) {
    const truth = { logA: tree.scalar(Math.log(10), "float64"), logR: tree.scalar(Math.log(28), "float64") };
    const { losses } = unroll(lorenz({ integrator }), truth, { key: random.key(0) });
    expect(Math.max(...losses.data)).toBeLessThan(1e-10);
  }
});

test("the tiny learned optimizer has 98 parameters and trains 321 weights", () => {
  const problem = tinyLearnedOptimizer({ scale: 0.001 });
  expect(tree.size(problem.theta)).toBe(98);
  const { state, losses } = unroll(problem, problem.theta!, { key: random.key(0) });
  expect((state as { weights: Tensor }).weights.shape).toEqual([1, 321]);
  expect(losses.data[99]!).toBeLessThan(losses.data[0]!);
});
