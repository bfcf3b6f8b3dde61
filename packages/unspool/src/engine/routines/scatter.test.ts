/** Scatters against jax-js 0.1.25, where they come from gradients of gathers, and against their definition. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, np, vjp, vmap } from "../../array/index.ts";
import type { RoutineParams } from "./index.ts";
import { runRoutine, scattered, tracedRoutine } from "./testing.ts";

const numbers = (x: Tensor): number[] => Array.from(x.data as Float32Array);
const indices = (values: number[] | number[][] | number): Tensor => np.array(values, { dtype: "int32" });

function run(updates: Tensor, index: Tensor[], params: RoutineParams, lanes = 4): number[] {
  const outputs = [{ shape: params["shape"] as number[], dtype: updates.dtype as "float32" }];
  return runRoutine("scatter", [updates, ...index], outputs, params, lanes)[0]!;
}

const unit = { axis: [0], outDim: 0, op: "add", uniqueIndices: false } as const;

describe("parameters by their definition", () => {
  test("duplicates are added in order, or the last one stays; indices out of range are dropped", () => {
    const updates = np.array([1, 2, 4, 8, 16, 32]);
    const index = [indices([3, 0, 3, -1, 4, 0])];
    const add = { ...unit, shape: [4] };
    expect(run(updates, index, add)).toEqual([34, 0, 0, 5]);
    expect(run(updates, index, { ...add, op: "update" })).toEqual([32, 0, 0, 4]);
    expect(run(updates, index, { ...add, uniqueIndices: true })).toEqual([32, 0, 0, 4]);
    // Beyond 2^24, a float32 sum depends on its order.
    const large = np.array([2 ** 24, 1, 1]);
    expect(run(large, [indices([0, 0, 0])], { ...unit, shape: [1] })).toEqual([2 ** 24]);
  });

  test.each(["float64", "int32", "uint32", "bool"] as const)("%s", (dtype) => {
    const updates = np.array([1, 1, 0], { dtype });
    const expected = dtype === "bool" ? [1, 1, 0] : [1, 2 - 1, 0]; // prettier-ignore
    expect(run(updates, [indices([0, 1, 1])], { ...unit, shape: [3] }, 8)).toEqual(expected);
    const twice = np.array([1, 1], { dtype });
    const sum = dtype === "bool" ? 1 : 2;
    expect(run(twice, [indices([1, 1])], { ...unit, shape: [2] })).toEqual([0, sum]);
  });

  test("integers wrap around", () => {
    const updates = np.array([2 ** 31 - 1, 1], { dtype: "int32" });
    expect(run(updates, [indices([0, 0])], { ...unit, shape: [1] })).toEqual([-(2 ** 31)]);
  });

  test("axes: the axes of the index may stand anywhere among those of the updates", () => {
    // out[a, index[i], b] += updates[a, i, b], or with the axis of the index first or last.
    const [a, i, b] = [2, 5, 3];
    const index = [4, 1, 1, 9, 0];
    const shape = [a, 6, b];
    for (const outDim of [0, 1, 2]) {
      const order = [[i, a, b], [a, i, b], [a, b, i]][outDim]!; // prettier-ignore
      const updates = scattered(order, "float64");
      const wanted = Array<number>(a * 6 * b).fill(0);
      const data = numbers(updates);
      let k = 0;
      for (let x = 0; x < order[0]!; x++)
        for (let y = 0; y < order[1]!; y++)
          for (let z = 0; z < order[2]!; z++, k++) {
            const at = [x, y, z];
            const row = index[at.splice(outDim, 1)[0]!]!;
            if (row < 6) wanted[(at[0]! * 6 + row) * b + at[1]!]! += data[k]!;
          }
      expect(run(updates, [indices(index)], { ...unit, axis: [1], outDim, shape })).toEqual(wanted);
    }
  });

  test("index inputs are broadcast against each other, scalars among them", () => {
    // out[rows[i, 0], columns[j]] += updates[i, j]
    const updates = np.array([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    const pair = [indices([[1], [0]]), indices([0, 2, 2])];
    const params = { ...unit, axis: [0, 1], shape: [2, 3] };
    expect(run(updates, pair, params)).toEqual([4, 0, 11, 1, 0, 5]);
    const row = np.array([1, 2, 3]);
    const along = { ...params, axis: [1, 0], shape: [3, 2] };
    expect(run(row, [indices(1), indices([0, 2, 2])], along)).toEqual([0, 1, 0, 0, 0, 5]);
    expect(run(np.array(7), [indices(1)], { ...unit, shape: [3] })).toEqual([0, 7, 0]);
    expect(run(np.array(7), [indices(3)], { ...unit, shape: [3] })).toEqual([0, 0, 0]);
  });
});

interface Gather {
  name: string;
  shape: number[];
  gather: (x: Tensor) => Tensor;
  /** The index inputs of the scatter that the gradient is. */
  index: Tensor[];
}

const [pair, triple] = [indices([[3], [1]]), indices([0, 0, 2])]; // prettier-ignore
const rows = indices([2, 0, 2, 3, 2]);
const table = indices([[0, 0, 3], [1, 2, 1], [3, 3, 3]]); // prettier-ignore
const [column, square] = [indices([[0], [1], [2]]), indices([[0, 0, 0], [1, 1, 1], [2, 2, 2]])]; // prettier-ignore
const mapped = (x: Tensor): Tensor => vmap((y: Tensor, i: Tensor) => y.slice(i))(x, table);

const gathers: Gather[] = [
  { name: "rows", shape: [4, 3], gather: (x) => x.slice(rows), index: [rows] },
  { name: "columns", shape: [2, 4], gather: (x) => np.take(x, pair, 1), index: [pair] },
  {
    name: "pairs of indices",
    shape: [4, 3, 2],
    gather: (x) => x.slice(triple, triple),
    index: [triple, triple],
  },
  {
    name: "broadcast indices",
    shape: [4, 3, 5],
    gather: (x) => x.slice(pair, [], triple),
    index: [pair, triple],
  },
  { name: "mapped", shape: [3, 4, 2], gather: mapped, index: [column, table] },
  {
    name: "along an axis",
    shape: [3, 4],
    gather: (x) => np.takeAlongAxis(x, table, 1),
    index: [square, table],
  },
];

describe.each(["float32", "float64"] as const)("%s, gradients of gathers by jax-js", (dtype) => {
  test.each(gathers)("$name", ({ shape, gather, index }) => {
    const x = scattered(shape, dtype);
    const updates = scattered(gather(x).shape, dtype, 3);
    const gradient = (y: Tensor, cotangent: Tensor): Tensor => vjp(gather, [y], cotangent)[1][0];
    const { params } = tracedRoutine(gradient, [x, updates]);
    const wanted = numbers(gradient(x, updates));
    for (const lanes of [1, 4, 8]) expect(run(updates, index, params, lanes)).toEqual(wanted);
  });
});

/** The definition, update by update. */
function byDefinition(updates: Tensor, index: Tensor[], { shape, axis, outDim, op }: Params): number[] {
  const out = Array<number>(shape.reduce((size, n) => size * n, 1)).fill(0);
  const rank = Math.max(...index.map((one) => one.ndim));
  const free = shape.map((_, d) => d).filter((d) => !axis.includes(d));
  const flatten = (at: number[], sizes: readonly number[]) =>
    at.reduce((flat, x, d) => flat * sizes[d]! + x, 0);
  numbers(updates).forEach((value, k) => {
    let rest = k;
    const at = updates.shape.map(() => 0);
    for (let d = at.length - 1; d >= 0; d--) {
      at[d] = rest % updates.shape[d]!;
      rest = Math.floor(rest / updates.shape[d]!);
    }
    const inside = at.splice(outDim, rank);
    const target = shape.map((_, d) => at[free.indexOf(d)] ?? 0);
    axis.forEach((d, i) => {
      const one = index[i]!;
      const own = inside.slice(rank - one.ndim).map((x, e) => (one.shape[e] === 1 ? 0 : x));
      target[d] = numbers(one)[flatten(own, one.shape)]!;
    });
    if (target.some((x, d) => x < 0 || x >= shape[d]!)) return;
    const place = flatten(target, shape);
    out[place] = op === "add" ? out[place]! + value : value;
  });
  return out;
}

interface Params {
  shape: number[];
  axis: number[];
  outDim: number;
  op: "add" | "update";
}

test("any shapes, axes and broadcasts", () => {
  const sizes = (min: number, max: number) => fc.array(fc.integer({ min: 1, max: 3 }), { minLength: min, maxLength: max }); // prettier-ignore
  const cases = fc.record({
    shape: sizes(1, 4),
    order: fc.infiniteStream(fc.nat(99)),
    indexShape: sizes(0, 3),
    op: fc.constantFrom("add" as const, "update" as const),
  });
  fc.assert(
    fc.property(cases, ({ shape, order, indexShape, op }) => {
      const draw = (below: number): number => (order.next().value as number) % below;
      const axes = shape.map((_, d) => d);
      const axis = Array.from(
        { length: 1 + draw(shape.length) },
        () => axes.splice(draw(axes.length), 1)[0]!,
      );
      const outDim = draw(axes.length + 1);
      const index = axis.map((_, i) => {
        // The first index has the full shape, so that it is the shape of the broadcast.
        const of = i === 0 ? indexShape : indexShape.slice(draw(indexShape.length + 1)).map((n) => (draw(2) === 0 ? 1 : n)); // prettier-ignore
        const count = of.reduce((size, n) => size * n, 1);
        const values = Int32Array.from({ length: count }, () => draw(5) - 1);
        return np.array(values, { dtype: "int32", shape: of });
      });
      const updateShape = axes.map((d) => shape[d]!);
      updateShape.splice(outDim, 0, ...indexShape);
      const updates = scattered(updateShape, "float64");
      const params = { shape, axis, outDim, op };
      const got = run(updates, index, { ...params, uniqueIndices: false }, 2);
      expect(got).toEqual(byDefinition(updates, index, params));
    }),
    { seed: 1, numRuns: 150 },
  );
});
