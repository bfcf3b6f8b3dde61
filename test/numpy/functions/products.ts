/** Products of arrays, and linear algebra on well-conditioned matrices. */
import type { Draw } from "../draw.ts";
import { type Row, floats, numbers, row } from "./row.ts";

const summed = { isSummed: true } as const;

/** Einstein sums whose letters have random lengths. */
// prettier-ignore
const sums = ["i,i->", "ij,jk->ik", "ij,jk", "ij,kj->ik", "ij,j->i", "i,j->ij", "bij,bjk->bik", "bij,jk->bik", "ij,ij->", "ij,ij->i", "ijk,jl->ikl", "ijk,k->ji", "bhqd,bhkd->bhqk", "ij,ik->jk"];

const mul = (d: Draw, shapeX: readonly number[], shapeY: readonly number[]) => {
  const x = d.tensor({ shape: shapeX, dtypes: numbers });
  return { operands: [x, d.tensor({ shape: shapeY, dtypes: [x.dtype] })] };
};

const products: readonly Row[] = [
  row(
    "matmul",
    ["np.matmul(x, y)", "np.matmul(x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 4], least: 1, dtypes: numbers });
      const n = x.shape.at(-1)!;
      const batch = x.shape
        .slice(0, -2)
        .map((m) => (d.chance(0.2) ? 1 : m))
        .slice(d.integer(0, 1));
      const shape = d.chance(0.2) ? [n] : [...batch, n, d.length(1)];
      return { operands: [x, d.tensor({ shape, dtypes: [x.dtype] })] };
    },
    { ...summed, weight: 5 },
  ),
  row(
    "dot",
    ["np.dot(x, y)", "np.dot(x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: numbers });
      const n = x.shape.at(-1)!;
      return {
        operands: [x, d.tensor({ shape: d.chance(0.4) ? [n] : [n, d.length(1)], dtypes: [x.dtype] })],
      };
    },
    summed,
  ),
  row(
    "inner",
    ["np.inner(x, y)", "np.inner(x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 2], least: 1, dtypes: numbers });
      const n = x.shape.at(-1)!;
      return {
        operands: [x, d.tensor({ shape: d.chance(0.5) ? [n] : [d.length(1), n], dtypes: [x.dtype] })],
      };
    },
    summed,
  ),
  row("outer", ["np.outer(x, y)", "np.outer(x, y)"], "promote", (d) => {
    const x = d.tensor({ rank: [1, 1], dtypes: numbers });
    return { operands: [x, d.tensor({ rank: [1, 1], dtypes: [x.dtype] })] };
  }),
  row(
    "vdot",
    ["np.vdot(x, y)", "np.vdot(x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 2], dtypes: numbers });
      return { operands: [x, d.tensor({ shape: x.shape, dtypes: [x.dtype] })] };
    },
    summed,
  ),
  row(
    "vecdot",
    ["np.vecdot(x, y)", "np.sum(x * y, axis=-1)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], dtypes: numbers });
      return { operands: [x, d.tensor({ shape: x.shape, dtypes: [x.dtype] })] };
    },
    summed,
  ),
  row(
    "tensordot",
    ["np.tensordot(x, y, o.axes)", "np.tensordot(x, y, o.axes)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: numbers });
      const axes = d.integer(0, Math.min(2, x.shape.length));
      const shape = [...(axes === 0 ? [] : x.shape.slice(-axes)), ...d.shape([0, 1], 1)];
      return { operands: [x, d.tensor({ shape, dtypes: [x.dtype] })], options: { axes } };
    },
    summed,
  ),
  row(
    "einsum",
    ["np.einsum(o.text, x, y)", "np.einsum(o.text, x, y)"],
    "promote",
    (d) => {
      const text = d.pick(sums);
      const lengths = new Map<string, number>();
      const shapeOf = (letters: string) =>
        Array.from(letters, (letter) => {
          if (!lengths.has(letter)) lengths.set(letter, d.pick([1, 2, 3, 4, 5]));
          return lengths.get(letter)!;
        });
      const [left, right] = text.split("->")[0]!.split(",") as [string, string];
      const x = d.tensor({ rank: [left.length, left.length], least: 1, dtypes: numbers });
      Array.from(left).forEach((letter, i) => lengths.set(letter, x.shape[i]!));
      return { operands: [x, d.tensor({ shape: shapeOf(right), dtypes: [x.dtype] })], options: { text } };
    },
    { ...summed, weight: 4 },
  ),
  row(
    "matvec",
    ["np.matvec(x, y)", "np.einsum('...ij,...j->...i', x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [2, 3], least: 1, dtypes: numbers });
      return { operands: [x, d.tensor({ shape: [x.shape.at(-1)!], dtypes: [x.dtype] })] };
    },
    summed,
  ),
  row(
    "vecmat",
    ["np.vecmat(x, y)", "np.einsum('...i,...ij->...j', x, y)"],
    "promote",
    (d) => {
      const y = d.tensor({ rank: [2, 3], least: 1, dtypes: numbers });
      return { operands: [d.tensor({ shape: [y.shape.at(-2)!], dtypes: [y.dtype] }), y] };
    },
    summed,
  ),
  row(
    "cross",
    ["np.cross(x, y)", "np.cross(x, y)"],
    "promote",
    (d) => {
      const shape = d.pick([[3], [4, 3]]);
      return mul(d, shape, shape);
    },
    summed,
  ),
  ...["convolve", "correlate"].map((name) =>
    row(
      name,
      [`np.${name}(x, y, o.mode)`, `np.${name}(x, y, o.mode)`],
      "promote",
      (d) => {
        const x = d.tensor({ rank: [1, 1], least: 1, dtypes: numbers });
        const y = d.tensor({ rank: [1, 1], least: 1, dtypes: d.chance(0.8) ? [x.dtype] : numbers });
        return { operands: [x, y], options: { mode: d.pick(["full", "same", "valid"]) } };
      },
      { ...summed, weight: 2 },
    ),
  ),
  row(
    "convGeneralDilated",
    [
      "lax.convGeneralDilated(x, y, o.strides, o.padding, { lhsDilation: o.spread, rhsDilation: o.holes })",
      "conv(x, y, o.strides, o.padding, o.spread, o.holes)",
    ],
    "promote",
    (d) => {
      const axes = d.integer(1, 2);
      const each = <T>(make: () => T): T[] => Array.from({ length: axes }, make);
      const [batch, channels, out] = [d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)];
      const kernel = each(() => d.integer(1, 3));
      const holes = each(() => d.integer(1, 2));
      const x = d.tensor({
        shape: [batch, channels, ...kernel.map((k, i) => (k - 1) * holes[i]! + d.integer(1, 4))],
        dtypes: floats,
      });
      const y = d.tensor({ shape: [out, channels, ...kernel], dtypes: [x.dtype] });
      const options = {
        strides: each(() => d.integer(1, 2)),
        padding: each(() => [d.integer(0, 2), d.integer(0, 2)]),
        spread: each(() => d.pick([1, 1, 2])),
        holes,
      };
      return { operands: [x, y], options };
    },
    { ...summed, weight: 4 },
  ),
];

/** x xᵀ / n + I: symmetric, with eigenvalues of at least 1. */
const matrix = (d: Draw) => {
  const n = d.integer(1, 4);
  return d.tensor({ shape: d.chance(0.3) ? [2, n, n] : [n, n], dtypes: floats, domain: "distinct" });
};
const ours = "np.matmul(x, np.matrixTranspose(x)).mul(0.1).add(np.eye(x.shape.at(-1)).astype(x.dtype))";
const numpy = "(x @ np.swapaxes(x, -1, -2) * 0.1 + np.eye(x.shape[-1]))";
const ofMatrix = (name: string, wrap: (text: string) => string, theirs: (text: string) => string): Row =>
  row(name, [wrap(ours), theirs(numpy)], "first", (d) => ({ operands: [matrix(d)] }), {
    isSummed: true,
    ulps: 4096,
  });

const algebra: readonly Row[] = [
  ofMatrix(
    "det",
    (m) => `linalg.det(${m})`,
    (m) => `np.linalg.det(${m})`,
  ),
  ofMatrix(
    "slogdet",
    (m) => `linalg.slogdet(${m})[1]`,
    (m) => `np.linalg.slogdet(${m})[1]`,
  ),
  ofMatrix(
    "inv",
    (m) => `linalg.inv(${m})`,
    (m) => `np.linalg.inv(${m})`,
  ),
  ofMatrix(
    "cholesky",
    (m) => `linalg.cholesky(${m})`,
    (m) => `np.linalg.cholesky(${m})`,
  ),
  ofMatrix(
    "eigvalsh",
    (m) => `linalg.eigvalsh(${m})`,
    (m) => `np.linalg.eigvalsh(${m})`,
  ),
  row(
    "solve",
    [`linalg.solve(${ours}, y)`, `np.linalg.solve(${numpy}, y)`],
    "first",
    (d) => {
      const x = matrix(d);
      return {
        operands: [x, d.tensor({ shape: [...x.shape.slice(0, -1), d.integer(1, 3)], dtypes: [x.dtype] })],
      };
    },
    { isSummed: true, ulps: 4096 },
  ),
];

export const productsAndAlgebra: readonly Row[] = [...products, ...algebra];
