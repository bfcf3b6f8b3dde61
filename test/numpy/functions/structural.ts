/** Functions that move, repeat, join and select elements. */
import type { Draw, Value } from "../draw.ts";
import { sizeOf } from "../case.ts";
import { type Row, discrete, everything, exact, floats, numbers, row, unary } from "./row.ts";

type Text = readonly [string, string];

/** A function of one tensor with options that depend on it. */
const view = (
  name: string,
  texts: Text,
  rank: readonly [number, number],
  options: (d: Draw, x: Value) => Record<string, unknown>,
  traits: Partial<Row> & { least?: number } = {},
): Row => {
  const { least = 0, ...rest } = traits;
  return row(
    name,
    texts,
    "promote",
    (d) => {
      const x = d.tensor({ rank, dtypes: everything, least });
      return { operands: [x], options: options(d, x) };
    },
    { ...exact, ...rest },
  );
};

/** `size` elements as a shape of some axes. */
function factors(d: Draw, size: number): number[] {
  if (size === 0) return d.chance(0.5) ? [0, 3] : [0];
  const shape: number[] = [];
  for (let rest = size; rest > 1; rest /= shape.at(-1)!) {
    const divisors = Array.from({ length: Math.min(rest, 64) }, (_, i) => i + 1).filter(
      (n) => rest % n === 0,
    );
    shape.push(shape.length > 2 || rest > 4096 ? rest : d.pick([...divisors.slice(1), rest]));
  }
  if (d.chance(0.3)) shape.splice(d.integer(0, shape.length), 0, 1);
  return shape;
}

const moving: readonly Row[] = [
  view(
    "reshape",
    ["x.reshape(o.shape)", "np.reshape(x, o.shape)"],
    [0, 4],
    (d, x) => ({ shape: factors(d, sizeOf(x.shape)) }),
    { weight: 2 },
  ),
  view("transpose", ["x.transpose()", "np.transpose(x)"], [0, 4], () => ({}), { weight: 2 }),
  view(
    "transposeBy",
    ["x.transpose(o.axes)", "np.transpose(x, o.axes)"],
    [1, 4],
    (d, x) => ({ axes: d.shuffled(x.shape.map((_, i) => i)) }),
    { weight: 2 },
  ),
  view("flatten", ["x.flatten()", "x.reshape(-1)"], [0, 4], () => ({})),
  view("ravel", ["np.ravel(x)", "x.reshape(-1)"], [0, 4], () => ({})),
  view("matrixTranspose", ["np.matrixTranspose(x)", "np.swapaxes(x, -1, -2)"], [2, 4], () => ({})),
  view(
    "moveaxis",
    ["np.moveaxis(x, o.from, o.to)", "np.moveaxis(x, getattr(o, 'from'), o.to)"],
    [1, 4],
    (d, x) => ({ from: d.axis(x), to: d.axis(x) }),
  ),
  view("swapaxes", ["np.swapaxes(x, o.a, o.b)", "np.swapaxes(x, o.a, o.b)"], [1, 4], (d, x) => ({
    a: d.axis(x),
    b: d.axis(x),
  })),
  view("expandDims", ["np.expandDims(x, o.axis)", "np.expand_dims(x, o.axis)"], [0, 3], (d, x) => ({
    axis: d.integer(-x.shape.length - 1, x.shape.length),
  })),
  view("squeeze", ["np.squeeze(x)", "np.squeeze(x)"], [0, 4], () => ({})),
  view("flip", ["np.flip(x, o.axis)", "np.flip(x, o.axis)"], [0, 4], (d, x) => ({ axis: d.axes(x) })),
  view("fliplr", ["np.fliplr(x)", "np.fliplr(x)"], [2, 3], () => ({})),
  view("flipud", ["np.flipud(x)", "np.flipud(x)"], [1, 3], () => ({})),
  view("rot90", ["np.rot90(x, o.k)", "np.rot90(x, o.k)"], [2, 3], (d) => ({ k: d.integer(-1, 4) })),
  view("roll", ["np.roll(x, o.shift, o.axis)", "np.roll(x, o.shift, o.axis)"], [1, 4], (d, x) => ({
    shift: d.integer(-7, 7),
    axis: d.axis(x),
  })),
  view("rollAll", ["np.roll(x, o.shift)", "np.roll(x, o.shift)"], [1, 3], (d) => ({
    shift: d.integer(-7, 7),
  })),
  view("tile", ["np.tile(x, o.reps)", "np.tile(x, o.reps)"], [0, 3], (d) => ({
    reps: d.pick([2, [2, 1], [1, 3], [2, 1, 2]]),
  })),
  view("repeat", ["np.repeat(x, o.n, o.axis)", "np.repeat(x, o.n, o.axis)"], [1, 3], (d, x) => ({
    n: d.integer(1, 3),
    axis: d.axis(x),
  })),
  view("broadcastTo", ["np.broadcastTo(x, o.shape)", "np.broadcast_to(x, o.shape)"], [0, 3], (d, x) => ({
    shape: [...(d.chance(0.5) ? [d.length(1)] : []), ...x.shape.map((n) => (n === 1 ? d.length(1) : n))],
  })),
  view(
    "pad",
    ["np.pad(x, o.width)", "np.pad(x, o.width)"],
    [1, 3],
    (d, x) => ({ width: x.shape.map(() => [d.integer(0, 3), d.integer(0, 3)]) }),
    { weight: 2 },
  ),
  view("diag", ["np.diag(x, o.k)", "np.diag(x, o.k)"], [1, 2], (d) => ({ k: d.integer(-1, 1) }), {
    least: 2,
  }),
  view("diagonal", ["np.diagonal(x, o.k)", "np.diagonal(x, o.k)"], [2, 3], (d) => ({ k: d.integer(-1, 1) }), {
    least: 2,
  }),
  view("tril", ["np.tril(x, o.k)", "np.tril(x, o.k)"], [2, 3], (d) => ({ k: d.integer(-2, 2) })),
  view("triu", ["np.triu(x, o.k)", "np.triu(x, o.k)"], [2, 3], (d) => ({ k: d.integer(-2, 2) })),
  view(
    "slice",
    ["x.slice(...o.index)", "x[index_of(o.index)]"],
    [1, 4],
    (d, x) => ({ index: x.shape.map((n) => indexInto(d, n)) }),
    { weight: 4, least: 1 },
  ),
  view(
    "part",
    ["np.split(x, o.at, o.axis)[1]", "np.split(x, list(o.at), o.axis)[1]"],
    [1, 3],
    (d, x) => {
      const axis = d.axis(x);
      const n = x.shape.at(axis)!;
      const at = d.integer(0, n - 1);
      return { at: [at, d.integer(at, n)], axis };
    },
    { least: 1 },
  ),
];

/** One index of `slice`. */
function indexInto(d: Draw, n: number): number | number[] | null {
  if (d.chance(0.3)) return [];
  if (d.chance(0.3)) return d.integer(-n, n - 1);
  if (d.chance(0.1)) return [d.integer(0, n)];
  const from = d.integer(0, n);
  return [from, d.integer(from, n)];
}

/** Joining: the second operand has the shape of the first, or another length along the axis. */
const joining: readonly Row[] = [
  row(
    "concatenate",
    ["np.concatenate([x, y], o.axis)", "np.concatenate([x, y], o.axis)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], dtypes: everything });
      const axis = d.axis(x);
      const shape = [...x.shape];
      if (d.chance(0.6)) shape[axis < 0 ? axis + shape.length : axis] = d.length();
      return { operands: [x, d.tensor({ shape, dtypes: [x.dtype] })], options: { axis } };
    },
    { ...exact, weight: 2 },
  ),
  ...(
    [
      ["stack", ["np.stack([x, y], o.axis)", "np.stack([x, y], o.axis)"], [0, 3]],
      ["vstack", ["np.vstack([x, y])", "np.vstack([x, y])"], [0, 3]],
      ["hstack", ["np.hstack([x, y])", "np.hstack([x, y])"], [0, 3]],
      ["dstack", ["np.dstack([x, y])", "np.dstack([x, y])"], [0, 3]],
      ["columnStack", ["np.columnStack([x, y])", "np.column_stack([x, y])"], [1, 2]],
    ] as const
  ).map(([name, texts, rank]) =>
    row(
      name,
      texts,
      "promote",
      (d) => {
        const x = d.tensor({ rank, dtypes: everything });
        const options = { axis: d.integer(-x.shape.length - 1, x.shape.length) };
        return {
          operands: [x, d.tensor({ shape: x.shape, dtypes: [x.dtype] })],
          ...(name === "stack" && { options }),
        };
      },
      exact,
    ),
  ),
  row(
    "meshgrid",
    ["np.meshgrid([x, y])[0]", "np.meshgrid(x, y)[0]"],
    "first",
    (d) => ({ operands: [d.tensor({ rank: [1, 1] }), d.tensor({ rank: [1, 1] })] }),
    exact,
  ),
];

const taking: readonly Row[] = [
  row(
    "take",
    ["np.take(x, y, o.axis)", "np.take(x, y, o.axis)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: everything });
      const axis = d.axis(x);
      return {
        operands: [x, d.input("int32", d.shape([0, 2]), "index", x.shape.at(axis)!)],
        options: { axis },
      };
    },
    { ...exact, weight: 2 },
  ),
  row(
    "takeFlat",
    ["np.take(x, y)", "np.take(x, y)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: everything });
      return { operands: [x, d.input("int32", d.shape([0, 2]), "index", sizeOf(x.shape))] };
    },
    exact,
  ),
  row(
    "takeAlongAxis",
    ["np.takeAlongAxis(x, y, o.axis)", "np.take_along_axis(x, y, o.axis)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: everything });
      const axis = d.axis(x);
      const shape = [...x.shape];
      const n = x.shape.at(axis)!;
      shape[axis < 0 ? axis + shape.length : axis] = d.integer(1, 4);
      return { operands: [x, d.input("int32", shape, "index", n)], options: { axis } };
    },
    { ...exact, weight: 2 },
  ),
  row(
    "sliceByTensor",
    ["x.slice(y)", "x[y]"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: everything });
      return { operands: [x, d.input("int32", d.shape([0, 2]), "index", x.shape[0]!)] };
    },
    { ...exact, weight: 2 },
  ),
  row(
    "sliceByTensorLate",
    ["x.slice([], y)", "x[:, y]"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [2, 3], least: 1, dtypes: everything });
      return { operands: [x, d.input("int32", d.shape([0, 2]), "index", x.shape[1]!)] };
    },
    exact,
  ),
  row(
    "isin",
    ["np.isin(x, y)", "np.isin(x, y)"],
    "bool",
    (d) => {
      const x = d.tensor({ rank: [0, 2], dtypes: numbers });
      return { operands: [x, d.tensor({ rank: [1, 1], dtypes: [x.dtype] })] };
    },
    discrete,
  ),
  unary("stopGradient", ["lax.stopGradient(x)", "x"], "promote", { dtypes: floats }, discrete),
];

export const structural: readonly Row[] = [...moving, ...joining, ...taking];
