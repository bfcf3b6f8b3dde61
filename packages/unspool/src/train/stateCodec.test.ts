import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type DType, Tensor, np } from "../array/index.ts";
import { ResumeError, ShapeError } from "../errors.ts";
import { decodeState, encodeState } from "./stateCodec.ts";
import { bits } from "./testExperiment.ts";

/** What a file does to the structure. */
function roundTrip(state: unknown): unknown {
  const { structure, tensors } = encodeState(state);
  const plain = new Map([...tensors].map(([name, t]) => [name, new Tensor(t.data, t.shape, t.dtype)]));
  return decodeState(JSON.parse(JSON.stringify(structure)), plain);
}

const dtypes: DType[] = ["float32", "float64", "int32", "uint32", "bool"];

const tensor = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    weak: fc.boolean(),
    seed: fc.array(fc.double({ noNaN: true }), { minLength: 27, maxLength: 27 }),
  })
  .map(({ dtype, shape, weak, seed }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    // Integers: what a typed array keeps of the number.
    const held = { int32: Int32Array, uint32: Uint32Array, float32: Float64Array, float64: Float64Array };
    const values = dtype === "bool" ? seed.map((x) => Number(x > 0)) : Array.from(new held[dtype](seed));
    const data = np.array(values.slice(0, size), { dtype, shape: [size] }).data;
    return new Tensor(data, shape, dtype, weak && shape.length === 0);
  });

const leaf = fc.oneof(tensor, fc.double(), fc.string({ unit: "binary" }), fc.boolean(), fc.constant(null));
const keys = fc.oneof(
  fc.string(),
  fc.constantFrom("$tensor", "$number", "$$", "a.b", "__proto__", "1", "weak"),
);
const state = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("node"), { maxLength: 4 }),
    fc
      .array(fc.tuple(keys, tie("node")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as unknown),
  ),
})).node;

test("any state comes back with the same bits, types, structure and order of keys", () => {
  fc.assert(
    fc.property(state, (given) => {
      const back = roundTrip(given);
      expect(bits(back)).toEqual(bits(given));
      expect(back).toStrictEqual(given);
    }),
    { seed: 7, numRuns: 500 },
  );
});

test("numbers that JSON does not have come back exactly", () => {
  const back = roundTrip([NaN, Infinity, -Infinity, -0, 0, 5e-324, 1 / 3]) as number[];
  expect(back.every((x, i) => Object.is(x, [NaN, Infinity, -Infinity, -0, 0, 5e-324, 1 / 3][i]))).toBe(true);
});

test("markers in the keys of a state are not taken for markers of the codec", () => {
  const given = { $tensor: "state.x", $number: "NaN", $$tensor: 1, weak: true };
  expect(roundTrip(given)).toEqual(given);
  expect(Object.keys(roundTrip(given) as object)).toEqual(Object.keys(given));
});

test("a weak scalar stays weak, a strong one strong", () => {
  const back = roundTrip([np.array(2), np.array(2, { dtype: "float32" })]) as Tensor[];
  expect(back.map((t) => t.isWeak)).toEqual([true, false]);
});

test("two tensors whose paths read the same are kept apart", () => {
  const back = roundTrip({ "a.b": np.array([1]), a: { b: np.array([2]) } });
  expect(bits(back)).toEqual(bits({ "a.b": np.array([1]), a: { b: np.array([2]) } }));
});

test.each([
  ["a typed array", { inner: [new Float32Array(2)] }, '"state.inner.0" is a Float32Array'],
  ["a function", { step: () => 0 }, '"state.step" is a function'],
  ["a date", { at: new Date(0) }, '"state.at" is a Date'],
  ["undefined in an array", [undefined], '"state.0" is undefined'],
  ["a big integer", { n: 1n }, '"state.n" is a bigint'],
])("%s is not data, and the error names its path", (_, given, message) => {
  expect(() => encodeState(given)).toThrow(ShapeError);
  expect(() => encodeState(given)).toThrow(message);
});

test("a structure that names a missing tensor or an unknown number is a ResumeError", () => {
  expect(() => decodeState({ $tensor: "gone" })).toThrow(ResumeError);
  expect(() => decodeState({ $number: "seven" })).toThrow(ResumeError);
});
