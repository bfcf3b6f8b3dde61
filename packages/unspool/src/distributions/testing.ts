/** What tests of distributions share. */
import { expect } from "vitest";
import { type Key, type Tensor, np, random } from "../array/index.ts";
import { compiled } from "../unroll/index.ts";
import type { Distribution } from "./distribution.ts";

/** A float64 tensor. */
export const wide = (values: number | readonly unknown[]): Tensor =>
  np.array(values as number[], { dtype: "float64" });

/** Elements within `tolerance` of what is expected, of its size where that is above 1. */
export function expectClose(found: Tensor, expected: readonly number[], tolerance = 1e-12): void {
  expect(found.size).toBe(expected.length);
  const data = Array.from(found.data, Number);
  for (const [i, value] of expected.entries()) {
    const miss = data[i] === value ? 0 : Math.abs(data[i]! - value) / Math.max(1, Math.abs(value));
    expect(miss, `element ${i}: ${data[i]}, expected ${value}`).toBeLessThan(tolerance);
  }
}

/**
 * The mean over axis 0 of draws lies within four standard errors of what is expected, element by element. Seeds are fixed; a
 * bias of 0.06 standard deviations fails half of the time with 4,000 draws, one of 0.03 with 20,000.
 */
export function expectMean(draws: Tensor, expected: readonly number[]): void {
  const count = draws.shape[0]!;
  const rows = draws.reshape([count, -1]).astype("float64");
  const [means, variances] = [rows.mean(0).data, np.var(rows, 0).data];
  expect(means.length).toBe(expected.length);
  expected.forEach((value, i) => {
    const error = Math.sqrt(variances[i]! / count);
    expect(Math.abs(means[i]! - value) / error, `element ${i}: ${means[i]}, expected ${value}`).toBeLessThan(
      4,
    );
  });
}

/** `count` draws, compiled. */
export function drawsOf(law: Distribution, seed: number, count: number): Tensor {
  return compiled(`draws of ${law.name}`, (key: Key) => law.sample(key, [count]))(random.key(seed));
}
