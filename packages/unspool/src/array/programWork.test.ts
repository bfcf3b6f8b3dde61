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

test("what reaches no result does not count, and of a table only what is picked from it", () => {
  // Three multiplications of 30 elements each, of which one is used.
  const unused = (a: Tensor): Tensor => {
    a.mul(2).mul(3);
    return a.mul(4);
  };
  expect(work(unused, np.ones([6, 5]))).toBe(30);
  const picked = work((a, i) => np.take(a, i, 0), np.ones([1000, 3]), np.array(new Int32Array([4, 5])));
  expect(picked).toBeLessThan(30);
});
