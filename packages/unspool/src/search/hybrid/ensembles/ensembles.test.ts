/** Directions have identity covariance, and the lengths and angles that their names promise. */
import { describe, expect, test } from "vitest";
import { random, randomStream } from "../../../array/index.ts";
import { radicalInverse } from "./halton.ts";
import { normalQuantile } from "./normalQuantile.ts";
import { type EnsembleName, ensembles } from "./registry.ts";

const stream = (seed: number) => randomStream(random.key(seed).data);
const row = (rows: Float64Array, i: number, size: number) => rows.subarray(i * size, (i + 1) * size);
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

describe.each(ensembles.names)("%s", (name) => {
  test("has mean 0 and identity covariance", () => {
    // 8000 rows of 4 numbers; elements of the sample covariance deviate by at most √(2 / 8000) in one sigma.
    const [draws, count, size] = [1000, 8, 4];
    const second = new Float64Array(size * size);
    const first = new Float64Array(size);
    const random = stream(7);
    for (let draw = 0; draw < draws; draw++) {
      const rows = ensembles.create(name, random, count, size);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < size; j++) {
          first[j]! += rows[i * size + j]! / (draws * count);
          for (let k = 0; k < size; k++)
            second[j * size + k]! += (rows[i * size + j]! * rows[i * size + k]!) / (draws * count);
        }
      }
    }
    const sigma = Math.sqrt(2 / (draws * count));
    for (let j = 0; j < size; j++) {
      expect(Math.abs(first[j]!)).toBeLessThan(4 * sigma);
      for (let k = 0; k < size; k++)
        expect(Math.abs(second[j * size + k]! - (j === k ? 1 : 0))).toBeLessThan(4 * sigma);
    }
  });

  test("draws any number of rows of any length, the same for the same key", () => {
    for (const [count, size] of [
      [1, 1],
      [5, 1],
      [3, 7],
      [9, 4],
      [20, 6],
    ] as const) {
      const rows = ensembles.create(name, stream(1), count, size);
      expect(rows).toHaveLength(count * size);
      expect(rows.every(Number.isFinite)).toBe(true);
      expect(ensembles.create(name, stream(1), count, size)).toEqual(rows);
      expect(ensembles.create(name, stream(2), count, size * 8)).not.toEqual(
        ensembles.create(name, stream(3), count, size * 8),
      );
    }
  });
});

describe.each(["orthogonal", "hadamard", "kac"] satisfies EnsembleName[])("%s", (name) => {
  test("rows of a block are orthogonal, of length √size", () => {
    const size = 16;
    const rows = ensembles.create(name, stream(3), 24, size);
    for (let i = 0; i < 24; i++) {
      for (let j = 0; j <= i; j++) {
        if (i !== j && Math.floor(i / size) !== Math.floor(j / size)) continue;
        expect(dot(row(rows, i, size), row(rows, j, size))).toBeCloseTo(i === j ? size : 0, 11);
      }
    }
  });
});

test("hadamard rows have length √size where size is no power of two", () => {
  const rows = ensembles.create("hadamard", stream(4), 10, 11);
  for (let i = 0; i < 10; i++) expect(dot(row(rows, i, 11), row(rows, i, 11))).toBe(11);
});

test.each(["sign", "sphere"] satisfies EnsembleName[])("%s rows have length √size", (name) => {
  const rows = ensembles.create(name, stream(5), 6, 9);
  for (let i = 0; i < 6; i++) expect(dot(row(rows, i, 9), row(rows, i, 9))).toBeCloseTo(9, 12);
});

test("gaussianOrthogonal rows are orthogonal with lengths that vary as of normal vectors", () => {
  const [size, draws] = [5, 2000];
  const lengths: number[] = [];
  const random = stream(6);
  for (let draw = 0; draw < draws; draw++) {
    const rows = ensembles.create("gaussianOrthogonal", random, 2, size);
    expect(Math.abs(dot(row(rows, 0, size), row(rows, 1, size)))).toBeLessThan(1e-12 * size);
    lengths.push(dot(row(rows, 0, size), row(rows, 0, size)));
  }
  const mean = lengths.reduce((sum, x) => sum + x, 0) / draws;
  const variance = lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws;
  // Chi-square with 5 degrees of freedom: mean 5, variance 10.
  expect(Math.abs(mean - 5)).toBeLessThan(4 * Math.sqrt(10 / draws));
  expect(Math.abs(variance - 10)).toBeLessThan(4 * Math.sqrt(440 / draws));
});

test("halton is Halton's sequence, moved by one vector", () => {
  // Base 2: 1/2, 1/4, 3/4, 1/8; base 3: 1/3, 2/3, 1/9, 4/9 (van der Corput).
  expect([1, 2, 3, 4].map((i) => radicalInverse(i, 2))).toEqual([1 / 2, 1 / 4, 3 / 4, 1 / 8]);
  [1 / 3, 2 / 3, 1 / 9, 4 / 9].forEach((x, i) => expect(radicalInverse(i + 1, 3)).toBeCloseTo(x, 15));
});

test("normalQuantile is the inverse of the normal distribution to rounding", () => {
  // scipy.stats.norm.ppf.
  const known: [number, number][] = [
    [1e-300, -37.0470962993612],
    [1e-10, -6.361340902404056],
    [0.01, -2.3263478740408408],
    [0.02425, -1.972961051311885],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.975, 1.959963984540054],
    [1 - 1e-6, 4.753424308817087],
  ];
  for (const [p, z] of known) expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(2e-14);
});
