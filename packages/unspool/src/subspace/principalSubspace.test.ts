/** The estimator: its mean is the closed form, its forms agree, and what cannot work is refused. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, grad, np, random } from "../array/index.ts";
import { descent } from "../methods/index.ts";
import { adam } from "../optimizers/index.ts";
import { applyMlp, initMlp } from "../networks/index.ts";
import type { SubspaceMethod } from "./columnWeights.ts";
import { exactUpdate, expectedUpdate } from "./diagnostics/expectedUpdate.ts";
import { principalDirections } from "./diagnostics/principalDirections.ts";
import { subspaceDistance } from "./diagnostics/subspaceMetrics.ts";
import { initTable, tableFeatures } from "./featureMap.ts";
import { type SubspaceTheta, principalSubspace } from "./principalSubspace.ts";
import type { PrincipalSubspaceOptions } from "./principalSubspaceOptions.ts";
import { type SampledMatrix, defineMatrix, denseMatrix } from "./sampledMatrix.ts";
import { double, smallFeatures, smallMatrix } from "./testing.ts";

const matrix = denseMatrix(smallMatrix);
const theta: SubspaceTheta = { features: smallFeatures };

/** Mean and standard error of the gradient over keys. */
function meanGradient(options: PrincipalSubspaceOptions<Tensor>, draws: number) {
  const { estimate } = principalSubspace(matrix, options);
  const key = random.key(7);
  const size = smallFeatures.size;
  const [sum, squares] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < draws; i++) {
    const { features } = estimate(theta, {}, random.foldIn(key, i)).gradient;
    for (let k = 0; k < size; k++) {
      sum[k]! += features.data[k]! / draws;
      squares[k]! += features.data[k]! ** 2 / draws;
    }
  }
  const error = Array.from(squares, (square, k) => Math.sqrt((square - sum[k]! ** 2) / draws));
  return { mean: sum, error };
}

describe("the mean over rows, columns and samples (2000 draws, |z| < 4)", () => {
  const base = { dimensions: 2, isMean: true, duplicates: "add", batch: 16, weightBatch: 4 } as const;
  const zOf = (options: PrincipalSubspaceOptions<Tensor>, wanted: Tensor): number[] => {
    const { mean, error } = meanGradient(options, 2000);
    // A row without residuals has a gradient of 0 in every draw, but for rounding.
    return Array.from(mean, (x, k) => (x - wanted.data[k]!) / Math.max(error[k]!, 1e-12));
  };
  test.each([1, 2, 10])("lissa with J = %d has that of its expected inverse", (inverseSamples) => {
    const wanted = expectedUpdate(smallFeatures, smallMatrix, { inverseSamples });
    for (const z of zOf({ ...base, inverseSamples }, wanted)) expect(Math.abs(z)).toBeLessThan(4);
  });
  test("oracle has the exact one", () => {
    const zs = zOf({ ...base, method: "oracle" }, exactUpdate(smallFeatures, smallMatrix));
    for (const z of zs) expect(Math.abs(z)).toBeLessThan(4);
  });
  test("lissa-shared has another one", () => {
    const wanted = expectedUpdate(smallFeatures, smallMatrix, { inverseSamples: 10 });
    const zs = zOf({ ...base, inverseSamples: 10, method: "lissa-shared" }, wanted);
    expect(Math.max(...zs.map(Math.abs))).toBeGreaterThan(10);
  });
});

/** By key, for options that make two estimators. */
function gradients(on: SampledMatrix, ...given: PrincipalSubspaceOptions<Tensor>[]): number[][] {
  const at = { features: initTable(random.key(3), on.rows!, 2, { dtype: "float64" }) };
  return given.map((options) => [
    ...principalSubspace(on, options).estimate(at, {}, random.key(5)).gradient.features.data,
  ]);
}

describe("forms of one gradient", () => {
  const psi = random.normal(random.key(1), [12, 5], { dtype: "float64" });
  const distinct = defineMatrix({
    ...{ rows: 12, columns: 5, isReplaced: false },
    entries: denseMatrix(psi).entries,
  });
  const base = { dimensions: 2, batch: 8, inverseSamples: 6, weightBatch: 4 };

  test("overwriting and adding are one where no row comes twice", () => {
    const [set, added] = gradients(distinct, base, { ...base, duplicates: "add" });
    added!.forEach((x, i) => expect(set![i]!).toBeCloseTo(x, 13));
  });
  test("overwriting moves a row once that was drawn several times", () => {
    const one = denseMatrix(psi.slice([0, 2]));
    const options = { ...base, batch: 8 };
    const [set, added] = gradients(one, options, { ...options, duplicates: "add" });
    const copies = [0, 2].map((i) => added![i]! / set![i]!);
    copies.forEach((ratio) => expect(ratio).toBeCloseTo(Math.round(ratio), 10));
    expect(copies[0]! + copies[1]!).toBeCloseTo(8, 10);
  });
  test("a table is the function that looks it up", () => {
    const features = (table: Tensor, rows: Tensor): Tensor => tableFeatures(table, rows);
    const [table, fn] = gradients(
      distinct,
      { ...base, duplicates: "add" },
      { ...base, features, featureNorm: "all" },
    );
    expect(fn).toEqual(table);
  });
  test("isMean divides by the batch, hasFactor2 doubles", () => {
    const [plain, mean, double2] = gradients(
      distinct,
      base,
      { ...base, isMean: true },
      { ...base, hasFactor2: true },
    );
    plain!.forEach((x, i) => expect(mean![i]!).toBeCloseTo(x / 8, 14));
    plain!.forEach((x, i) => expect(double2![i]!).toBeCloseTo(2 * x, 14));
  });
  test("a bound that is too small is counted", () => {
    const at = { features: initTable(random.key(3), 12, 2) };
    const metricsOf = (featureNorm: number) =>
      principalSubspace(distinct, { ...base, featureNorm }).estimate(at, {}, random.key(5)).metrics;
    expect(metricsOf(100)).toMatchObject({ beyondBound: 0, innerSteps: 8 + 2 * 6 + 2 * 4 });
    expect(metricsOf(0.01)["beyondBound" as "innerSteps"]).toBeGreaterThan(0);
  });
});

test("explicit weights: both gradients are those of half the squared error", () => {
  const psi = random.normal(random.key(1), [6, 4], { dtype: "float64" });
  // One row and one column, so that the sampled error is a known function.
  const on = defineMatrix({
    ...{ rows: 6, columns: 4 },
    entries: denseMatrix(psi).entries,
    sampleRows: () => np.array([2], { dtype: "int32" }),
    sampleColumn: () => np.array(3, { dtype: "int32" }),
  });
  const at = {
    features: random.normal(random.key(2), [6, 2], { dtype: "float64" }),
    weights: random.normal(random.key(3), [4, 2], { dtype: "float64" }),
  };
  const half = ({ features, weights }: typeof at): Tensor => {
    const error = features.slice(2).mul(weights.slice(3)).sum().sub(psi.slice(2, 3));
    return error.mul(error).mul(0.5);
  };
  const wanted = grad(half)(at) as typeof at;
  const { gradient } = principalSubspace(on, { dimensions: 2, method: "explicit", batch: 1 }).estimate(
    at,
    {},
    random.key(0),
  );
  for (const part of ["features", "weights"] as const)
    wanted[part].data.forEach((x, i) => expect(gradient[part]!.data[i]!).toBeCloseTo(x, 13));
});

/** Columns are A z with z standard normal, by key: infinitely many, and their span is that of A. */
function gaussianColumns(A: Tensor): SampledMatrix<Key> {
  const [rows, rank] = A.shape as [number, number];
  return defineMatrix<Key>({
    rows,
    sampleColumn: (key) => key,
    entries(at, column) {
      const z = random.normal(column, [rank, 1], { dtype: A.dtype === "float64" ? "float64" : "float32" });
      return np.take(np.matmul(A, z) as Tensor, at, 0).reshape([-1]);
    },
  });
}

test("infinitely many columns by a key, through `descent`", () => {
  const A = random.normal(random.key(4), [10, 2]);
  const estimator = principalSubspace(gaussianColumns(A), {
    ...{ dimensions: 2, batch: 10, inverseSamples: 30, weightBatch: 30 },
  });
  const method = descent(estimator, adam({ learningRate: 0.02 }));
  let at: SubspaceTheta = { features: initTable(random.key(5), 10, 2) };
  let state = method.init(at, random.key(0));
  const { basis } = principalDirections(A, 2);
  const from = subspaceDistance(at.features, basis);
  for (let i = 0; i < 1500; i++) {
    const made = method.step(at, state, random.foldIn(random.key(6), i));
    ({ theta: at, state } = made);
  }
  // Columns are in the span of A exactly: the best loss is 0, and noise goes away with it.
  expect(subspaceDistance(at.features, basis)).toBeLessThan(0.02 * from);
});

test("a network on rows of a continuum", () => {
  // ψ_t(x) = cos(t x): rows are numbers in [0, 1).
  const on = defineMatrix({
    columns: 3,
    sampleRows: (key, count) => random.uniform(key, [count, 1]),
    entries: (rows, column) => np.cos(rows.reshape([-1]).mul(column.astype("float32"))) as Tensor,
  });
  const estimator = principalSubspace(on, {
    dimensions: 2,
    features: (layers: ReturnType<typeof initMlp>, rows: Tensor) => applyMlp(layers, rows),
  });
  const at = { features: initMlp(random.key(0), [1, 8, 2]) };
  estimator.init(at, random.key(0));
  const { gradient, loss } = estimator.estimate(at, {}, random.key(1));
  expect(loss).toBeGreaterThan(0);
  expect(gradient.features[0]!.weights.shape).toEqual([1, 8]);
  expect(gradient.features.every(({ weights }) => weights.data.some((x) => x !== 0))).toBe(true);
});

describe("what cannot work", () => {
  const refuse = (options: object, on: SampledMatrix = matrix): (() => unknown) => {
    return () => principalSubspace(on, { dimensions: 2, ...options });
  };
  const endless = defineMatrix({ rows: 4, sampleColumn: (key) => key, entries: (rows) => rows });
  const continuum = defineMatrix({
    columns: 4,
    sampleRows: (key, count) => random.uniform(key, [count]),
    entries: (rows) => rows,
  });
  const network = { features: (table: Tensor) => table };
  const cases: [string, () => unknown, string][] = [
    ["kappa of 2", refuse({ kappa: 2 }), "kappa must be above 0 and below 2, got 2"],
    ["more dimensions than rows", refuse({ dimensions: 5 }), "at most the number of rows, 4, got 5"],
    ["no samples", refuse({ inverseSamples: 0 }), "inverseSamples must be an integer of at least 1"],
    [
      "a Gram matrix of fewer samples than dimensions",
      refuse({ method: "naive", inverseSamples: 1 }),
      'inverseSamples must be at least dimensions (2) for "naive", got 1',
    ],
    ["weights for infinitely many columns", refuse({ method: "explicit" }, endless), "infinitely many"],
    [
      "all rows of a continuum",
      refuse({ ...network, method: "oracle" }, continuum),
      "this matrix has no `allRows`",
    ],
    [
      "the norm over all rows of a continuum",
      refuse({ ...network, featureNorm: "all" }, continuum),
      'Choose "batch".',
    ],
    ["a table of a continuum", refuse({}, continuum), "features must be a function"],
    ["a misspelt method", refuse({ method: "lisa" as SubspaceMethod }), 'Did you mean "lissa"?'],
    ["a misspelt option", refuse({ kapa: 1 }), 'Did you mean "kappa"?'],
    ["a bound of 0", refuse({ featureNorm: 0 }), "featureNorm must be a finite number above 0"],
    [
      "copies of rows that a network cannot overwrite",
      refuse({ ...network, duplicates: "overwrite" }),
      '"add"',
    ],
    [
      "features of another shape",
      () => {
        const wide = (table: Tensor, rows: Tensor): Tensor =>
          tableFeatures(table, rows).reshape([2, -1]) as Tensor;
        principalSubspace(matrix, { dimensions: 2, features: wide }).estimate(theta, {}, random.key(0));
      },
      "features of 128 rows must be [128, 2]",
    ],
    [
      "a table of another shape",
      () => principalSubspace(matrix, { dimensions: 1 }).init(theta, random.key(0)),
      "theta.features must be a table [4, 1], got float64[4,2]",
    ],
    [
      "a theta without weights",
      () => principalSubspace(matrix, { dimensions: 2, method: "explicit" }).init(theta, random.key(0)),
      '"explicit" needs theta.weights',
    ],
    [
      "weights that would not move",
      () =>
        principalSubspace(matrix, { dimensions: 2 }).init(
          { ...theta, weights: np.ones([3, 2]) },
          random.key(0),
        ),
      'theta.weights are of "explicit" only',
    ],
    [
      "features that are not finite",
      () =>
        principalSubspace(matrix, { dimensions: 1 }).init(
          { features: double([[1], [NaN], [0], [0]]) },
          random.key(0),
        ),
      'theta at "features" is not finite',
    ],
    [
      "rows that nobody can draw",
      () => defineMatrix({ columns: 2, entries: (rows) => rows }),
      "rows must be a number",
    ],
    [
      "columns that nobody can draw",
      () => defineMatrix({ rows: 2, entries: (rows) => rows }),
      "columns must be a number",
    ],
    [
      "more rows than there are without replacement",
      () =>
        defineMatrix({ rows: 2, columns: 2, isReplaced: false, entries: (rows) => rows }).sampleRows(
          random.key(0),
          3,
        ),
      "at most 2 without replacement",
    ],
    [
      "entries of another shape",
      () =>
        defineMatrix({ name: "ones", rows: 2, columns: 2, entries: () => np.ones([2, 1]) }).entries(
          np.arange(2),
          np.array(0),
        ),
      'defineMatrix: entries of "ones" must give one number for each of 2 rows, [2], got float32[2,1]',
    ],
    ["a vector in place of a matrix", () => denseMatrix(np.ones([3])), "needs a matrix [rows, columns]"],
  ];
  test.each(cases)("%s", (_, run, message) => expect(run).toThrow(message));
});
