import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import { compiled } from "../../../unroll/index.ts";
import { type KernelRidgeOptions, kernelRidge, solveRidge } from "./kernelRidge.ts";
import { medianDistance } from "./medianDistance.ts";
import { mlpRegression } from "./mlpRegression.ts";
import { polarMlpRegression } from "./polarMlpRegression.ts";
import type { RegressionSamples, Regressor } from "./regressor.ts";
import { createRegressor, regressors } from "./registry.ts";
import { ridgeKernel, squaredDistances } from "./ridgeKernel.ts";

const float64 = { dtype: "float64" } as const;
const key = random.key(5);
const column = (...x: number[]): Tensor => np.array(x, float64).reshape([x.length, 1]);

/** A regressor fitted once to f at normal inputs. */
function fittedTo(
  regressor: Regressor,
  f: (x: Tensor) => Tensor,
  d: number,
  n: number,
): (x: Tensor) => Tensor {
  const inputs = random.normal(random.foldIn(key, "inputs"), [n, d], float64);
  const targets = f(inputs);
  const [mean, sd] = [np.zeros([d], float64), np.ones([d], float64)];
  const start = regressor.init(random.foldIn(key, "init"), d, targets.shape[1]!);
  const fit = compiled("fit", (state: unknown, samples: RegressionSamples) =>
    regressor.fit(state, samples, key),
  );
  const state = fit(start, { inputs, targets, mean, sd });
  return (x) => regressor.predict(state, x);
}

test("kernel ridge regression: coefficients and predictions of three points, by NumPy", () => {
  const [x, f, sigma] = [column(0, 0.5, 1.5), column(1, 2, -1), 0.7];
  const regressor = kernelRidge({ samples: 3, bandwidth: sigma });
  const mean = np.zeros([1], float64);
  const samples = { inputs: x, targets: f, mean, sd: mean };
  const state = regressor.fit(regressor.init(key, 1, 1), samples, key);
  [-2.30303978, 4.60493182, -2.40395347].forEach((wanted, i) =>
    expect(state.coefficients.slice(i, 0).item()).toBeCloseTo(wanted, 8),
  );
  const predicted = regressor.predict(state, column(0.25, 1, 3));
  [1.67158961, 0.8752748, -0.23441481].forEach((wanted, i) =>
    expect(predicted.slice(i, 0).item()).toBeCloseTo(wanted, 8),
  );
  expect(medianDistance(x).item()).toBe(1);
});

test("the median of an even number of distances is the mean of the middle two", () => {
  // Distances of 0, 1, 3, 7: 1, 2, 3, 4, 6, 7.
  expect(medianDistance(column(0, 1, 3, 7)).item()).toBe(3.5);
});

test("kernels: 1 at 0, and at a distance of the bandwidth what their formulas say", () => {
  const at = (name: "gaussian" | "matern12" | "matern32" | "matern52", r: number): number =>
    ridgeKernel(name)
      .of(np.array(r * r, float64))
      .item();
  for (const name of ["gaussian", "matern12", "matern32", "matern52"] as const)
    expect(at(name, 0)).toBeCloseTo(1, 12);
  expect(at("gaussian", 1)).toBeCloseTo(Math.exp(-0.5), 12);
  expect(at("matern12", 1)).toBeCloseTo(Math.exp(-1), 12);
  expect(at("matern32", 1)).toBeCloseTo((1 + Math.sqrt(3)) * Math.exp(-Math.sqrt(3)), 12);
  expect(at("matern52", 1)).toBeCloseTo((1 + Math.sqrt(5) + 5 / 3) * Math.exp(-Math.sqrt(5)), 12);
});

test("the ridge solution satisfies (K + λ I) alpha = F, all outputs with one factor", () => {
  const x = random.normal(key, [20, 3], float64);
  const targets = random.normal(random.foldIn(key, 1), [20, 2], float64);
  const gram = ridgeKernel("gaussian").of(squaredDistances(x, x));
  const alpha = solveRidge(gram, 0.01, targets);
  const residual = (np.matmul(gram, alpha) as Tensor).add(alpha.mul(0.01)).sub(targets);
  expect(Math.max(...Array.from(residual.data, (r) => Math.abs(Number(r))))).toBeLessThan(1e-12);
});

const waves = (x: Tensor): Tensor =>
  np.concatenate([np.sin(x.slice([], [0, 1])), x.slice([], [1, 2]).mul(2)], 1);

/** Part of the variance at new inputs that is explained. */
function explained(predict: (x: Tensor) => Tensor, f: (x: Tensor) => Tensor): number {
  const x = random.normal(random.foldIn(key, "held out"), [200, 2], float64);
  const [wanted, error] = [f(x), predict(x).sub(f(x))];
  const spread = wanted.sub(wanted.mean(0));
  return 1 - error.mul(error).sum().item() / spread.mul(spread).sum().item();
}

test.each([
  [{ bandwidth: "median" }, 0.99],
  [{ kernel: "matern52" }, 0.99],
  [{ kernel: "matern12" }, 0.95],
] as [KernelRidgeOptions, number][])(
  "kernel ridge regression %j learns a smooth function",
  (options, least) => {
    const predict = fittedTo(
      kernelRidge({ samples: 150, ridge: 1e-3, ...options }) as Regressor,
      waves,
      2,
      150,
    );
    expect(explained(predict, waves)).toBeGreaterThan(least);
  },
);

test("a trained bandwidth predicts better than the median where that is far off", () => {
  // Waves of which several fit between two inputs: the median distance is too long.
  const inputs = random.normal(key, [120, 1], float64).mul(3);
  const f = (x: Tensor): Tensor => np.sin(x.mul(1.8)) as Tensor;
  const error = (bandwidth: "median" | "trained"): number => {
    const regressor = kernelRidge({ samples: 120, bandwidth, training: { steps: 50, learningRate: 0.1 } });
    const zero = np.zeros([1], float64);
    const samples = { inputs, targets: f(inputs), mean: zero, sd: zero };
    const state = compiled("fit", (given: RegressionSamples) =>
      regressor.fit(regressor.init(key, 1, 1), given, key),
    )(samples);
    const x = random.normal(random.foldIn(key, "new"), [50, 1], float64).mul(3);
    const gap = regressor.predict(state, x).sub(f(x));
    return gap.mul(gap).mean().item();
  };
  expect(error("trained")).toBeLessThan(error("median") / 2);
});

test("networks are 0 before the first fit, and learn a smooth function", () => {
  const network = mlpRegression({ hidden: [32], steps: 600, learningRate: 0.01 }) as Regressor;
  const at = random.normal(key, [4, 2], float64);
  const before = network.predict(network.init(key, 2, 2), at);
  expect([...before.data].map(Number)).toEqual(Array.from({ length: 8 }, () => 0));
  expect(explained(fittedTo(network, waves, 2, 512), waves)).toBeGreaterThan(0.98);
});

test("the polar network learns direction and length, over orders of magnitude", () => {
  const grown = (x: Tensor): Tensor => {
    const size = np.exp(x.slice([], [0, 1]).mul(2)) as Tensor;
    return np.concatenate([size, size.mul(x.slice([], [1, 2])), size.mul(-0.5)], 1);
  };
  const network = polarMlpRegression({ hidden: [32], steps: 800, learningRate: 0.01 }) as Regressor;
  const before = network.predict(network.init(key, 2, 3), np.ones([1, 2], float64));
  expect([...before.data].map(Number)).toEqual([0, 0, 0]);
  const predict = fittedTo(network, grown, 2, 512);
  const x = random.normal(random.foldIn(key, "held out"), [100, 2], float64);
  const [made, wanted] = [predict(x), grown(x)];
  const cosine = made
    .mul(wanted)
    .sum(1)
    .div(np.sqrt(made.mul(made).sum(1).mul(wanted.mul(wanted).sum(1))));
  expect(cosine.mean().item()).toBeGreaterThan(0.98);
  const length = (g: Tensor): Tensor => np.log((np.abs(g) as Tensor).sum(1)) as Tensor;
  const error = length(made).sub(length(wanted));
  expect(Math.sqrt(error.mul(error).mean().item())).toBeLessThan(0.3);
});

test("regressors are chosen by name, and given ones pass", () => {
  expect(regressors.map(({ name }) => createRegressor(name).name)).toEqual(
    regressors.map(({ name }) => name),
  );
  const own = kernelRidge() as Regressor;
  expect(createRegressor(own)).toBe(own);
  expect(() => createRegressor("kernelRigde")).toThrow(/Did you mean "kernelRidge"/);
});

test.each([
  [{ samples: 1 }, "samples"],
  [{ ridge: 0 }, "ridge"],
  [{ ridge: -1 }, "ridge"],
  [{ bandwidth: "mean" }, "bandwidth"],
  [{ kernel: "gausian" }, "gaussian"],
])("kernelRidge refuses %j", (options, word) => {
  expect(() => kernelRidge(options as KernelRidgeOptions)).toThrow(OptionError);
  expect(() => kernelRidge(options as KernelRidgeOptions)).toThrow(new RegExp(word));
});
