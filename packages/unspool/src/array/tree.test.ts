/** Trees: round trips over random nested trees, order, and the texts of errors. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, grad, np, tree } from "./index.ts";

const leaf = fc
  .tuple(
    fc.constantFrom("float32", "float64", "int32"),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  )
  .map(([dtype, shape]) => np.full(shape, shape.length + 1, { dtype }));
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ unit: fc.constantFrom("a", "b", "c", "Z", "9"), minLength: 1, maxLength: 3 }),
      tie("node"),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
}));
const holds = (property: (value: unknown) => void) =>
  fc.assert(
    fc.property(node, (value) => void property(value)),
    { numRuns: 200, seed: 3 },
  );

describe("over random nested trees", () => {
  test("unflatten of the leaves is the tree itself", () => {
    holds((value) => expect(tree.unflatten(value, tree.leaves(value))).toEqual(value));
  });

  test("map keeps the structure, visits leaves in order, and composes", () => {
    holds((value) => {
      const seen: Tensor[] = [];
      const same = tree.map((x) => (seen.push(x), x), value);
      expect(same).toEqual(value);
      expect(seen).toEqual(tree.leaves(value));
      const twice = tree.map((x, y) => x.add(y), value, value);
      expect(tree.flatten(twice)).toEqual(tree.flatten(value).map((x) => 2 * x));
    });
  });

  test("paths of entries lead to their leaves, and are distinct", () => {
    holds((value) => {
      const entries = tree.entries(value);
      expect(new Set(entries.map(([path]) => path)).size).toBe(entries.length);
      for (const [path, found] of entries) {
        const names = path === "" ? [] : path.split(".");
        const reached = names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], value);
        expect(reached).toBe(found);
      }
    });
  });

  test("size counts the elements of flatten, and a tree is the same as itself", () => {
    holds((value) => {
      expect(tree.size(value)).toBe(tree.flatten(value).length);
      expect(() => tree.requireSame("test", "value", value, value)).not.toThrow();
      expect(tree.tensors(value as object)).toEqual(value);
    });
  });
});

test("leaves from numbers, booleans and typed arrays", () => {
  const made = tree.tensors({ a: 1.5, b: [true, Float64Array.of(1, 2)], c: Int32Array.of(3) });
  expect(tree.entries(made).map(([path, x]) => `${path} ${x.toString()}`)).toEqual([
    "a float32[]",
    "b.0 bool[]",
    "b.1 float64[2]",
    "c int32[1]",
  ]);
  expect(tree.tensors([1, Float64Array.of(2)], "float64").map(String)).toEqual(["float64[]", "float64[1]"]);
  expect(tree.floatType([np.zeros([]), np.zeros([], { dtype: "float64" })])).toBe("float64");
  expect(tree.isFinite([np.array([1]), np.array([2], { dtype: "int32" })])).toBe(true);
  expect(tree.isFinite({ a: np.array([1, NaN]) })).toBe(false);
});

test.each([
  ["missing", { a: np.zeros([2]) }, {}, 'where: what at "a" is missing; expected float32[2].'],
  [
    "shape",
    { a: np.zeros([2]) },
    { a: np.zeros([3]) },
    'where: what at "a" is float32[3], expected float32[2].',
  ],
  [
    "dtype",
    np.zeros([2]),
    np.zeros([2], { dtype: "int32" }),
    "where: what is int32[2], expected float32[2].",
  ],
  ["extra", {}, { b: [np.zeros([])] }, 'where: what has an unexpected leaf "b.0".'],
])("requireSame names a %s leaf", (_kind, expected, given, text) => {
  expect(() => tree.requireSame("where", "what", expected, given)).toThrow(text);
});

test("errors name the path", () => {
  const [x, y] = [np.zeros([1]), np.zeros([1])];
  expect(() => tree.map((a) => a, { a: x }, { b: y })).toThrow(/tree.map: trees differ at "a"/);
  expect(() => tree.map((a) => a, { a: x }, { a: [y] })).toThrow(
    'trees differ at "a": float32[1] against array',
  );
  expect(() => tree.leaves({ a: [null] })).toThrow(
    'tree: "a.0" is null; a tree is a tensor, or a record or array of trees.',
  );
  expect(() => tree.leaves(undefined)).toThrow("tree: the tree is undefined");
  expect(() => tree.unflatten([x, y], [x])).toThrow("tree.unflatten: too few leaves: got 1.");
  expect(() => tree.unflatten([x], [x, y])).toThrow("tree.unflatten: the tree has 1 leaves, got 2.");
  expect(() => tree.tensors({ a: new Uint8Array(2) } as never)).toThrow(
    '"a" is a Uint8Array, which no dtype holds.',
  );
});

test("a record that contains itself is a typed error in every function", () => {
  const loop: Record<string, unknown> = { a: np.zeros([1]) };
  loop["b"] = [loop, loop];
  for (const use of [
    () => tree.leaves(loop),
    () => tree.tensors(loop as never),
    () => tree.map((x) => x, loop),
    () => tree.requireSame("test", "theta", loop, loop),
    () => tree.size(loop),
  ]) {
    expect(use).toThrow(/nested without end.*Does a record contain itself/);
  }
});

test("a tensor that went through JSON or structuredClone is no tensor any more, and says what to do", () => {
  const state = { moments: { first: np.array([1, 2]) } };
  const text =
    /float32\[2\] has lost its elements: it went through JSON or structuredClone\. Keep a state by encodeState/;
  for (const lost of [JSON.parse(JSON.stringify(state)) as typeof state, structuredClone(state)]) {
    expect(() => tree.leaves(lost)).toThrow(ShapeError);
    expect(() => tree.leaves(lost)).toThrow(text);
    expect(() => np.add(lost.moments.first, 1)).toThrow(text);
    expect(() => grad((s: typeof state) => s.moments.first.sum())(lost)).toThrow(text);
  }
});
