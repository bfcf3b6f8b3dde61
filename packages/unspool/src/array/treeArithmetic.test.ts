import { expect, test } from "vitest";
import { jit, np, tree } from "./index.ts";

const a = { w: np.array([1, 2]), b: [np.array(0.5, { dtype: "float64" })] };
const b = { w: np.array([0.25, -4], { dtype: "float64" }), b: [np.array(2)] };

test("sums and differences are leaf by leaf, in the dtypes of the first tree", () => {
  const [sum, difference] = [tree.add(a, b), tree.subtract(a, b)];
  expect([...tree.flatten(sum)]).toEqual([2.5, 1.25, -2]);
  expect([...tree.flatten(difference)]).toEqual([-1.5, 0.75, 6]);
  for (const made of [sum, difference]) tree.requireSame("test", "the result", a, made);
});

test("multiples, zeros and other dtypes", () => {
  expect([...tree.flatten(tree.scale(a, -2))]).toEqual([-1, -2, -4]);
  expect([...tree.flatten(tree.scale(a, np.array(3)))]).toEqual([1.5, 3, 6]);
  tree.requireSame("test", "zeros", a, tree.zerosLike(a));
  expect([...tree.flatten(tree.zerosLike(a))]).toEqual([0, 0, 0]);
  tree.requireSame("test", "zeros", tree.astype(a, "float64"), tree.zerosLike(a, "float64"));
});

test("a choice lets no NaN of the other tree through", () => {
  const broken = tree.scale(a, NaN);
  expect([...tree.flatten(tree.select(np.array(1).equal(1), a, broken))]).toEqual([0.5, 1, 2]);
  expect([...tree.flatten(tree.select(np.array(1).equal(2), broken, a))]).toEqual([0.5, 1, 2]);
});

test("the scalar product is in float64, the norm in the tree's float type", () => {
  // 1 · 0.25 + 2 · (-4) + 0.5 · 2
  expect(tree.dot(a, b).item()).toBe(-6.75);
  // In float32 3e38 squared is infinite, in float64 it is not.
  const huge = { x: np.array([3e38]) };
  expect(tree.dot(huge, huge).item()).toBe(Math.fround(3e38) ** 2);
  expect(tree.norm(huge).item()).toBe(Infinity);
  expect(tree.norm({ x: np.array([3, 4]), y: np.array(12) }).item()).toBe(13);
  expect(tree.norm(a).dtype).toBe("float64");
});

test("the total of leaves of one shape", () => {
  expect([...tree.total([np.array([1, 2]), np.array([3, 4]), np.array([5, 6])]).data]).toEqual([9, 12]);
});

test("trees are the same inside of a program", () => {
  const work = (x: typeof a) =>
    tree.add(tree.scale(x, 3), tree.select(tree.norm(x).greater(2), x, tree.zerosLike(x)));
  expect([...tree.flatten(jit(work)(a))]).toEqual([...tree.flatten(work(a))]);
});
