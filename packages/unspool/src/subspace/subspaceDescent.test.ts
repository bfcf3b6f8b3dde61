/** The method: it measures when it should, finds the subspace, and stops at what is not finite. Its promises are checked in `test/conformance`. */
import { describe, expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { sgd } from "../optimizers/index.ts";
import { diagnoseFeatures } from "./diagnostics/diagnoseFeatures.ts";
import { lissaBias, samplesForBias } from "./diagnostics/lissaBias.ts";
import { principalDirections } from "./diagnostics/principalDirections.ts";
import { initTable } from "./featureMap.ts";
import { type SubspaceTheta, principalSubspace } from "./principalSubspace.ts";
import { defineMatrix, denseMatrix } from "./sampledMatrix.ts";
import { subspaceDescent } from "./subspaceDescent.ts";
import { double, smallFeatures, smallMatrix } from "./testing.ts";

const matrix = denseMatrix(smallMatrix);
const { basis } = principalDirections(smallMatrix, 2);
const key = random.key(1);

test("every tenth step is measured over all rows, and taken alone", () => {
  const estimator = principalSubspace(matrix, { dimensions: 2, method: "oracle", batch: 4 });
  const method = subspaceDescent(estimator, sgd({ learningRate: 0.02 }), { measureEvery: 10, target: basis });
  let theta: SubspaceTheta = { features: smallFeatures };
  let state = method.init(theta, key);
  const measured: [number, number][] = [];
  for (let i = 0; i < 400;) {
    const row = method.several!(theta, state, key, i, 400 - i);
    const made = row ?? method.step(theta, state, random.foldIn(key, i));
    ({ theta, state } = made);
    i += row?.steps ?? 1;
    const { subspaceDistance: distance } = made.metrics;
    if (row === undefined && typeof distance === "number") measured.push([i, distance]);
    expect(row === undefined || (i % 10 !== 0 && row.metrics["conditioning"] === undefined)).toBe(true);
  }
  expect(measured.map(([i]) => i)).toEqual(Array.from({ length: 40 }, (_, k) => 10 * (k + 1)));
  // The start is at 0.064 (the oracle of the metrics), and the exact gradient's noise is what rows and columns make.
  expect(measured.at(-1)![1]).toBeLessThan(0.02);
});

test("diagnosis: conditioning, the share that LISSA's mean lacks, and the J that is enough", () => {
  const found = diagnoseFeatures(smallFeatures, { inverseSamples: 5, target: basis });
  const { relative, conditioning } = lissaBias(smallFeatures, { inverseSamples: 5 });
  expect(found.conditioning).toBeCloseTo(conditioning, 12);
  expect(found.lissaBias).toBeCloseTo(relative, 12);
  expect(found.enoughSamples).toBe(samplesForBias(conditioning));
  // |Φ|² = 1 + 1 + 2 + 1/2.
  expect(found.featureNorm).toBeCloseTo(Math.sqrt(4.5) / 4, 12);
  expect(found.subspaceDistance).toBeCloseTo(0.063957463, 9);
});

test("diagnosis of features that are dependent: no J is enough", () => {
  expect(
    diagnoseFeatures(
      double([
        [1, 2],
        [2, 4],
      ]),
    ),
  ).toMatchObject({ lissaBias: 1, enoughSamples: Infinity });
});

describe("what cannot go on", () => {
  test("steps so long that features overflow are an error with the place", () => {
    const estimator = principalSubspace(matrix, { dimensions: 2, batch: 4, featureNorm: 1e-3 });
    const method = subspaceDescent(estimator, sgd({ learningRate: 1 }));
    let theta: SubspaceTheta = { features: initTable(key, 4, 2) };
    let state = method.init(theta, key);
    expect(() => {
      for (let i = 0; i < 100; i++) ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
    }).toThrow(/subspaceDescent: the .* is (NaN|-?Infinity)/);
  });
  test("a gradient norm that overflows is one, at the step where it does", () => {
    // Entries of 1e100: errors and weights are as large, and their product has a square of 1e400.
    const steep = principalSubspace(denseMatrix(smallMatrix.mul(1e100)), { dimensions: 2, batch: 4 });
    const method = subspaceDescent(steep, sgd({ learningRate: 1e-300 }));
    const theta: SubspaceTheta = { features: smallFeatures };
    const once = () => method.step(theta, method.init(theta, key), key);
    expect(once).toThrow(/subspaceDescent: gradientNorm is Infinity/);
    expect(method.several!(theta, method.init(theta, key), key, 0, 4)!.isFinite.data[0]).toBe(0);
  });
  test("measurements of a matrix without all its rows", () => {
    const continuum = defineMatrix({
      columns: 2,
      sampleRows: (at, count) => random.uniform(at, [count]),
      entries: (rows) => rows,
    });
    const features = (w: typeof basis, rows: typeof basis) => np.outer(rows, w) as typeof basis;
    const estimator = principalSubspace(continuum, { dimensions: 2, features });
    expect(() => subspaceDescent(estimator, sgd(), { measureEvery: 10 })).toThrow("without `allRows`");
  });
  test("a target with other rows", () => {
    const estimator = principalSubspace(matrix, { dimensions: 2 });
    expect(() => subspaceDescent(estimator, sgd(), { target: np.ones([3, 2]) })).toThrow(
      "target must be [4, 2]",
    );
    expect(() => subspaceDescent(estimator, sgd(), { target: np.zeros([4, 2]) })).toThrow(
      "the target must be a matrix of independent columns (of 2, 0 are)",
    );
  });
});
