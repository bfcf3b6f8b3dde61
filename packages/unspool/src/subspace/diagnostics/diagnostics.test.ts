/** Oracles of a small matrix, computed in NumPy in float64. */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { lissaInverse, lissaVectors } from "../lissa.ts";
import {
  double,
  smallEntries as psi,
  smallFeatures as features,
  smallMatrix as matrix,
  smallRows as rows,
} from "../testing.ts";
import { exactUpdate, expectedUpdate } from "./expectedUpdate.ts";
import { expectedInverse, lissaBias, samplesForBias } from "./lissaBias.ts";
import { bestWeights, outerLoss } from "./outerLoss.ts";
import { directionsOfProducts, principalDirections } from "./principalDirections.ts";
import {
  cosineSimilarity,
  grassmann,
  principalCosines,
  spanProjection,
  subspaceDistance,
} from "./subspaceMetrics.ts";

/** 1.9 over the largest |φ|², 2. */
const scale = 0.95;

function expectClose(found: Tensor, wanted: number[][], digits = 9): void {
  expect(found.shape).toEqual([wanted.length, wanted[0]!.length]);
  wanted.flat().forEach((value, i) => expect(found.data[i]!, `element ${i}`).toBeCloseTo(value, digits));
}

const symmetric = (diagonal: number, off: number): number[][] => [
  [diagonal, off],
  [off, diagonal],
];

describe("a target whose columns are dependent", () => {
  const targets: [string, Tensor, number][] = [
    ["zero", np.zeros([4, 2]), 0],
    ["of rank 1", double([[1, 2], [0, 0], [1, 2], [3, 6]]), 1], // prettier-ignore
    ["wider than it is high", np.ones([4, 5]), 1],
  ];
  test.each(targets)("%s", (_, target, rank) => {
    const measures = { principalCosines, subspaceDistance, grassmann, cosineSimilarity };
    for (const [name, measure] of Object.entries(measures)) {
      expect(() => measure(features, target)).toThrow(
        `${name}: the target must be a matrix of independent columns (of ${target.shape[1]}, ${rank} are)`,
      );
    }
  });
});

test("weights and loss by least squares", () => {
  expectClose(
    bestWeights(features, matrix),
    [
      [5 / 3, 4 / 3, 2 / 3],
      [-1 / 3, 4 / 3, -1 / 3],
    ],
    12,
  );
  expect(outerLoss(features, matrix)).toBeCloseTo(2, 12);
});

test("the exact update is R W*ᵀ / (S T)", () => {
  const [a, b] = [1 / 36, -1 / 36];
  expectClose(
    exactUpdate(features, matrix),
    [
      [a, a],
      [a, a],
      [b, b],
      [0, 0],
    ],
    12,
  );
});

describe("the mean of LISSA's inverse", () => {
  test.each([
    [0, 0.95, 0],
    [1, 1.39234375, -0.16921875],
    [2, 1.6284521484375, -0.3268037109375],
    [5, 1.904728774629, -0.572148390764],
    [10, 1.989507982427, -0.656176128049],
  ])("J = %d", (inverseSamples, diagonal, off) => {
    expectClose(expectedInverse(features, { inverseSamples }), symmetric(diagonal, off), 12);
  });

  test("J = 2 is the average over all sequences of two rows", () => {
    let sum = np.zeros([2, 2], { dtype: "float64" });
    for (const first of rows)
      for (const second of rows) sum = sum.add(lissaInverse(double([first, second]), scale));
    expectClose(sum.div(16), symmetric(1.6284521484375, -0.3268037109375), 12);
  });

  test("one sequence, as a matrix and as what it makes of a vector", () => {
    const drawn = double([rows[2]!, rows[0]!, rows[3]!]);
    const inverse = lissaInverse(drawn, scale);
    expectClose(
      inverse,
      [
        [1.4980609375, 0.4281234375],
        [-0.4506859375, 2.4242515625],
      ],
      12,
    );
    // Two estimates side by side: with this sequence, and with the reverse of it.
    const reverse = double([rows[3]!, rows[0]!, rows[2]!]);
    const b = double([
      [0.3, -0.7],
      [1.1, 0.4],
    ]);
    const both = lissaVectors(np.stack([drawn, reverse], 1), b, np.array(scale, { dtype: "float64" }));
    const times = (x: Tensor, i: number): Tensor => np.matmul(x, b.slice(i).reshape([2, 1])) as Tensor;
    const wanted = [times(inverse, 0), times(lissaInverse(reverse, scale), 1)].map((x) => [...x.data]);
    expectClose(both, wanted, 12);
  });
});

describe("what is missing of the inverse", () => {
  test.each([
    [0, 1.75895, 5],
    [1, 1.11059, 5],
    [2, 0.71212, 5],
    [5, 0.18979, 5],
    [10, 0.02098, 5],
    [50, 4.7e-10, 11],
  ])("its Frobenius norm at J = %d is %d", (inverseSamples, norm, digits) => {
    expect(lissaBias(features, { inverseSamples }).norm).toBeCloseTo(norm, digits);
  });

  test("it is the mean less the inverse", () => {
    const { bias } = lissaBias(features, { inverseSamples: 5 });
    expectClose(bias, symmetric(1.904728774629 - 2, -0.572148390764 + 2 / 3), 12);
  });

  test("the weakest direction loses 1 - κ μ with each sample", () => {
    const { conditioning, factor } = lissaBias(features, { inverseSamples: 10 });
    // Eigenvalues of C are .5625 ± .1875, max |φ|² is 2.
    expect(conditioning).toBeCloseTo(0.1875, 12);
    expect(factor).toBeCloseTo((1 - 1.9 * 0.1875) ** 11, 12);
    const J = samplesForBias(conditioning);
    expect((1 - 1.9 * conditioning) ** (J + 1)).toBeLessThan(0.1);
    expect((1 - 1.9 * conditioning) ** J).toBeGreaterThan(0.1);
  });
});

describe("the expected update with two independent samples", () => {
  const wanted: [number, number[][]][] = [
    [
      0,
      [
        [-0.077574056, -0.016993001],
        [0.027538249, -0.007437337],
        [-0.109410807, -0.083805339],
        [-0.052556152, -0.004777832],
      ],
    ],
    [
      2,
      [
        [-0.014974425, 0.027955242],
        [0.058332164, 0.019758503],
        [-0.037995288, -0.033639283],
        [-0.036653295, 0.00409837],
      ],
    ],
    [
      10,
      [
        [0.02647251, 0.028099012],
        [0.02908243, 0.027456204],
        [-0.0277783, -0.027778025],
        [-0.00130496, 0.000321404],
      ],
    ],
  ];
  test.each(wanted)("J = %d", (inverseSamples, values) => {
    expectClose(expectedUpdate(features, matrix, { inverseSamples }), values);
  });

  test("sharing one sample between the two is another mean (J = 1, one row for b, all of them enumerated)", () => {
    const mean = { shared: [0, 0], independent: [0, 0] };
    const [phi] = rows;
    for (let t = 0; t < 3; t++) {
      const weights = rows.flatMap((a, i) =>
        rows.map((sample) => {
          const b = double([[a[0] * psi[i]![t]!, a[1] * psi[i]![t]!]]);
          const one = np.array([[sample]], { dtype: "float64" });
          return [...lissaVectors(one, b, np.array(scale, { dtype: "float64" })).data] as [number, number];
        }),
      );
      const add = (to: number[], w1: number[], w2: number[], share: number): void => {
        const error = phi![0] * w1[0]! + phi![1] * w1[1]! - psi[0]![t]!;
        to.forEach((_, k) => (to[k]! += (share * error * w2[k]!) / 12));
      };
      for (const w1 of weights) {
        add(mean.shared, w1, w1, 1 / 16);
        for (const w2 of weights) add(mean.independent, w1, w2, 1 / 256);
      }
    }
    expectClose(double([mean.shared]), [[0.414360566, 0.283738175]]);
    expectClose(double([mean.independent]), [[-0.040799072, 0.015808522]]);
    expect([...expectedUpdate(features, matrix, { inverseSamples: 1 }).slice(0).data]).toEqual([
      expect.closeTo(-0.040799072, 9),
      expect.closeTo(0.015808522, 9),
    ]);
  });
});

test("singular values, the least loss, and distances of features to the best", () => {
  const { basis, leastLoss } = principalDirections(matrix, 2);
  const { singularValues } = principalDirections(matrix, 3);
  [3.820030949, 1.717541312, 1.30668106].forEach((value, i) =>
    expect(singularValues[i]!).toBeCloseTo(value, 9),
  );
  expect(leastLoss).toBeCloseTo(1.707415393, 9);
  const cosines = principalCosines(features, basis);
  expect(cosines[0]).toBeCloseTo(1, 9);
  expect(cosines[1]).toBeCloseTo(0.933854953, 9);
  expect(subspaceDistance(features, basis)).toBeCloseTo(0.063957463, 9);
  expect(grassmann(features, basis)).toBeCloseTo(0.365752331, 9);
  expect(cosineSimilarity(features, basis)).toBeCloseTo(1.368241599, 9);
  expect(grassmann(basis, basis)).toBeLessThan(1e-7);
});

test("what of the best directions is in the span of features has the norm of the cosines, and projects to itself", () => {
  const { basis } = principalDirections(matrix, 2);
  const within = spanProjection(features, basis);
  expect(Math.hypot(...within.data)).toBeCloseTo(1.368241599, 9);
  spanProjection(features, within).data.forEach((x, i) => expect(x).toBeCloseTo(within.data[i]!, 12));
});

test("features that depend on each other lack a dimension, and span no more than they do", () => {
  const { basis } = principalDirections(matrix, 2);
  const twice = basis.slice([], [0, 1]).mul(np.array([1, -3], { dtype: "float64" })) as Tensor;
  expect(subspaceDistance(twice, basis)).toBeCloseTo(1 / 2, 12);
});

describe("what cannot be measured", () => {
  test("features that are not finite", () => {
    expect(() => subspaceDistance(double([[1], [NaN]]), double([[1], [0]]))).toThrow(
      "subspaceDistance: the features must be finite, got NaN at [1, 0]",
    );
  });
  test("other rows than the target's", () => {
    expect(() => outerLoss(double([[1], [2]]), matrix)).toThrow("must have the same rows");
  });
  test.each([0, 2, -1, NaN])("kappa %d", (kappa) => {
    expect(() => lissaBias(features, { kappa })).toThrow("kappa must be above 0 and below 2");
  });
});

test("products of rows that are none: a tensor, numbers of another count, no symmetry, NaN", () => {
  const of = (given: number[]) => () => directionsOfProducts(Float64Array.from(given), 1);
  expect(of([2, 1, 0, 1])).toThrow("products of rows are symmetric, got 0 at [1, 0] and 1 at [0, 1]");
  expect(of([1, 2, 3])).toThrow("directionsOfProducts: products of rows must be [S, S], got 3 numbers");
  expect(of([NaN, 0, 0, 1])).toThrow("a product of rows is NaN");
  expect(() => directionsOfProducts(double([[2, 1], [1, 2]]) as never, 1)).toThrow(/Float64Array.from\(x.data\)/); // prettier-ignore
  expect(of([2, 1, 1, 2])().singularValues[0]).toBeCloseTo(Math.sqrt(3), 12);
});

test("one dimension: a series that goes past the inverse and back needs samples too", () => {
  expect(samplesForBias(1)).toBe(21);
  // (0.9)^22 < 0.1 < 0.9^21, and |1 - 1.9 · 0.6| = 0.14.
  expect(lissaBias(double([[1], [-1]]), { inverseSamples: 21 }).relative).toBeLessThan(0.1);
  expect(lissaBias(double([[1], [-1]]), { inverseSamples: 20 }).relative).toBeGreaterThan(0.1);
  expect(lissaBias(double([[1], [1]]), { inverseSamples: 20 }).factor).toBeCloseTo(-(0.9 ** 21), 12);
  expect(samplesForBias(0.6)).toBe(1);
  expect(samplesForBias(0.5, 0.1, 1)).toBe(3);
  expect(samplesForBias(1, 0.1, 1)).toBe(1);
  expect(samplesForBias(0)).toBe(Infinity);
  for (const mu of [1.5, -0.1, NaN, undefined as never])
    expect(() => samplesForBias(mu)).toThrow(/samplesForBias: conditioning must be at least 0 and at most 1/);
});
