/** `nn`, `lax` and `linalg` against closed forms, with gradients, in both float types. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, lax, linalg, nn, np } from "./index.ts";
import { checkArrayCase, expectClose, floatTypes, tolerance } from "./testing/contract.ts";
import { arrayLax, arrayLinalg, arrayNn, elementwiseLax, elementwiseNn } from "./testing/networks.ts";

/** Tested in `customLinearSolve.test.ts`, `derived/control.test.ts`, `derived/linalg.test.ts` and `derived/derived.test.ts`. */
// prettier-ignore
const controlFlow = {
  associativeScan: [], cond: [], customLinearSolve: [], dynamicSlice: [], dynamicUpdateSlice: [], foriLoop: [], switch: [], whileLoop: [],
};
const derivedLinalg = { eigvals: [], expm: [], matrixRank: [], pinv: [], qr: [] };

test.each([
  ["nn", nn, [elementwiseNn, arrayNn]],
  ["lax", lax, [elementwiseLax, arrayLax, controlFlow]],
  ["linalg", linalg, [arrayLinalg, derivedLinalg]],
])("every exposed name of %s has a reference", (_name, namespace, tables) => {
  const covered = new Set(tables.flatMap((table) => Object.keys(table)));
  expect([...covered].toSorted()).toEqual(Object.keys(namespace).toSorted());
});

const rows = (namespace: object, table: typeof elementwiseNn) =>
  Object.entries(table).map(([name, row]) => {
    return { name, row, f: (namespace as Record<string, (x: Tensor) => Tensor>)[name]! };
  });
const cases = (table: typeof arrayNn) =>
  Object.entries(table).flatMap(([name, list]) => list.map((row, i) => ({ name, i, row })));

describe.each(floatTypes)("%s", (dtype) => {
  const round = (x: number) => (dtype === "float32" ? Math.fround(x) : x);

  test.each([...rows(nn, elementwiseNn), ...rows(lax, elementwiseLax)])(
    "$name: value and derivative by closed form",
    ({ row, f }) => {
      const special = row.special ?? [];
      const x = np.array([...row.at, ...special.map(([point]) => point)], { dtype });
      const values = [...row.at.map((at) => row.value(round(at))), ...special.map(([, value]) => value)];
      const slopes = [...row.at.map((at) => row.slope!(round(at))), ...special.map(([, , slope]) => slope)];
      expectClose(f(x).data, values, tolerance[dtype]);
      expectClose(jit(f)(x).data, values, tolerance[dtype]);
      expectClose(grad((y: Tensor) => f(y).sum())(x).data, slopes, tolerance[dtype]);
    },
  );

  test.each([...cases(arrayNn), ...cases(arrayLax), ...cases(arrayLinalg)])(
    "$name, case $i: value by hand, gradient by differences",
    ({ row }) => checkArrayCase(row, dtype),
  );

  test("the gradient of stopGradient is 0", () => {
    const x = np.array([2, 3], { dtype });
    expect(grad((y: Tensor) => (lax.stopGradient(y) as Tensor).mul(y).sum())(x).toArray()).toEqual([2, 3]);
  });

  test("eigenvectors and singular vectors rebuild their matrix", () => {
    const x = np.array([[2, 1, 0], [1, 3, -1], [0, -1, 1]], { dtype }); // prettier-ignore
    const [values, vectors] = linalg.eigh(x) as [Tensor, Tensor];
    const close = (got: Tensor) => {
      const worst = Math.max(...got.sub(x).data.map(Math.abs));
      expect(worst).toBeLessThan(dtype === "float64" ? 1e-12 : 1e-5);
    };
    close(np.matmul(vectors.mul(values), np.matrixTranspose(vectors)));
    const [u, s, vt] = linalg.svd(x) as unknown as [Tensor, Tensor, Tensor];
    close(np.matmul(u.mul(s), vt));
  });
});
