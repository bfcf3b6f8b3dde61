/** Work is counted as with a pencil. */
import { expect, test } from "vitest";
import { type Tensor, np, programWork, scan, traceProgram } from "./index.ts";

function work(fn: (...args: Tensor[]) => unknown, ...args: Tensor[]): number {
  return programWork(traceProgram("work", fn as never, args), args);
}

test("elementwise operations, reductions and products", () => {
  const [x, y] = [np.ones([6, 5]), np.ones([5, 7])];
  expect(work((a) => a.add(a), x)).toBe(30);
  expect(work((a) => a.add(a).sum(), x)).toBe(60);
  // 6 x 5 x 7 multiplications; views around them cost at most what they show.
  const product = work((a, b) => np.matmul(a, b), x, y);
  expect(product).toBeGreaterThanOrEqual(210);
  expect(product).toBeLessThan(2 * 210);
});

test("a loop's body counts as often as it runs", () => {
  const x = np.ones([6, 5]);
  const sums = (rows: Tensor): unknown => scan((total: Tensor, row: Tensor) => [total.add(row.mul(row)), {}], np.zeros([5]), rows)[0]; // prettier-ignore
  expect(work(sums, x)).toBe(6 * (5 + 5));
});
