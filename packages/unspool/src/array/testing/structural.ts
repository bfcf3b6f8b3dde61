/**
 * Small hand-computed cases of the functions of `np` that move, select and sum elements.
 *
 * Long because it is one table of independent references, a line or two per function.
 */
import { type Tensor, np } from "../index.ts";
import { type ArrayCase, results } from "./contract.ts";

const row = [3, -1, 2];
const matrix = [
  [1, 5, -2],
  [4, 0.5, 3],
];
const square = [
  [1, 2],
  [3, 4],
];
const cube = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
];
const isDifferentiable = false;
const index = (values: number[]) => np.array(values, { dtype: "int32" });
const one = (call: (x: Tensor) => Tensor, x: ArrayCase["args"][0], value: ArrayCase["value"]): ArrayCase => ({
  call,
  args: [x],
  value,
});
const test = (
  call: (x: Tensor) => Tensor,
  x: ArrayCase["args"][0],
  value: ArrayCase["value"],
): ArrayCase => ({ call, args: [x], value, isDifferentiable });
const two = (
  call: (x: Tensor, y: Tensor) => Tensor,
  x: ArrayCase["args"][0],
  y: ArrayCase["args"][0],
  value: ArrayCase["value"],
): ArrayCase => ({ call, args: [x, y], value });

/** Several cases per name; the first differentiable one also checks the gradient. */
export const structural: Readonly<Record<string, readonly ArrayCase[]>> = {
  all: [
    test((x) => np.all(x), row, 1),
    test(
      (x) => np.all(x, 0),
      [
        [1, 0],
        [2, 3],
      ],
      [1, 0],
    ),
    test((x) => np.all(x), [], 1),
    test((x) => np.all(x), [NaN, 1], 1),
  ],
  any: [
    test((x) => np.any(x), [0, 0], 0),
    test(
      (x) => np.any(x, 1),
      [
        [0, 0],
        [0, 2],
      ],
      [0, 1],
    ),
    test((x) => np.any(x), [], 0),
    test((x) => np.any(x), [NaN], 1),
  ],
  arange: [{ call: (x) => x.mul(np.arange(3).astype(x.dtype)), args: [row], value: [0, -1, 4] }],
  argmax: [
    test((x) => np.argmax(x), row, 0),
    test(
      (x) => np.argmax(x, 1),
      [
        [1, 7, 7],
        [3, 2, 1],
      ],
      [1, 0],
    ),
  ],
  argmin: [
    test((x) => np.argmin(x), row, 1),
    test(
      (x) => np.argmin(x, 0),
      [
        [1, 7],
        [1, 2],
      ],
      [0, 1],
    ),
  ],
  argsort: [
    test((x) => np.argsort(x), row, [1, 2, 0]),
    test((x) => np.argsort(x), [2, 1, 2, 1], [1, 3, 0, 2]),
  ],
  array: [one((x) => np.array(x, { shape: [3, 1] }), row, [[3], [-1], [2]])],
  broadcastArrays: [
    {
      call: (x, y) => np.broadcastArrays(x, y),
      args: [
        [1, 2],
        [[3], [4]],
      ],
      value: results(
        [
          [1, 2],
          [1, 2],
        ],
        [
          [3, 3],
          [4, 4],
        ],
      ),
    },
  ],
  broadcastTo: [one((x) => np.broadcastTo(x, [2, 3]), row, [row, row])],
  clip: [one((x) => np.clip(x, 0, 2.5), row, [2.5, 0, 2])],
  columnStack: [
    two(
      (x, y) => np.columnStack([x, y]),
      [1, 2],
      [3, 4],
      [
        [1, 3],
        [2, 4],
      ],
    ),
  ],
  concatenate: [
    two(
      (x, y) => np.concatenate([x, y], 1),
      square,
      [[9], [8]],
      [
        [1, 2, 9],
        [3, 4, 8],
      ],
    ),
    two((x, y) => np.concatenate([x, y]), [], row, row),
  ],
  convolve: [two((x, y) => np.convolve(x, y), [1, 2, 3], [0, 1, 0.5], [0, 1, 2.5, 4, 1.5])],
  correlate: [two((x, y) => np.correlate(x, y), [1, 2, 3], [0, 1, 0.5], [3.5])],
  countNonzero: [test((x) => np.countNonzero(x), [0, 2, NaN, 0], 2)],
  cross: [two((x, y) => np.cross(x, y), [1, 2, 3], [4, 5, 6], [-3, 6, -3])],
  cumprod: [
    one((x) => np.cumprod(x), [2, 3, 0, 5], [2, 6, 0, 0]),
    one((x) => np.cumprod(x, 0), matrix, [
      [1, 5, -2],
      [4, 2.5, -6],
    ]),
  ],
  cumsum: [
    one((x) => np.cumsum(x), row, [3, 2, 4]),
    one((x) => np.cumsum(x, 1), matrix, [
      [1, 6, 4],
      [4, 4.5, 7.5],
    ]),
  ],
  diag: [
    one(
      (x) => np.diag(x),
      [1, 2],
      [
        [1, 0],
        [0, 2],
      ],
    ),
    one((x) => np.diag(x), square, [1, 4]),
    one((x) => np.diag(x, 1), matrix, [5, 3]),
  ],
  diagonal: [one((x) => np.diagonal(x), matrix, [1, 0.5]), one((x) => np.diagonal(x, -1), square, [3])],
  diff: [one((x) => np.diff(x), row, [-4, 3]), one((x) => np.diff(x, 2), row, [7])],
  dot: [
    two((x, y) => np.dot(x, y), row, [1, 2, 3], 7),
    two(
      (x, y) => np.dot(x, y),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [
        [5, 2],
        [11, 4],
      ],
    ),
  ],
  dstack: [
    two(
      (x, y) => np.dstack([x, y]),
      [1, 2],
      [3, 4],
      [
        [
          [1, 3],
          [2, 4],
        ],
      ],
    ),
  ],
  einsum: [
    two(
      (x, y) => np.einsum("ij,jk->ki", x, y),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [
        [5, 11],
        [2, 4],
      ],
    ),
    one((x) => np.einsum("ii", x), square, 5),
  ],
  expandDims: [one((x) => np.expandDims(x, 1), row, [[3], [-1], [2]])],
  eye: [
    {
      call: (x) => x.add(np.eye(2, 3, { dtype: x.dtype })),
      args: [matrix],
      value: [
        [2, 5, -2],
        [4, 1.5, 3],
      ],
    },
  ],
  flip: [
    one((x) => np.flip(x), square, [
      [4, 3],
      [2, 1],
    ]),
    one((x) => np.flip(x, 0), square, [
      [3, 4],
      [1, 2],
    ]),
  ],
  fliplr: [
    one((x) => np.fliplr(x), square, [
      [2, 1],
      [4, 3],
    ]),
  ],
  flipud: [
    one((x) => np.flipud(x), square, [
      [3, 4],
      [1, 2],
    ]),
  ],
  full: [{ call: (x) => x.mul(np.full([2], 3, { dtype: x.dtype })), args: [[1, 2]], value: [3, 6] }],
  fullLike: [{ call: (x) => x.mul(np.fullLike(x, 0.5)), args: [[1, 2]], value: [0.5, 1] }],
  hstack: [
    two(
      (x, y) => np.hstack([x, y]),
      square,
      [[9], [8]],
      [
        [1, 2, 9],
        [3, 4, 8],
      ],
    ),
  ],
  inner: [
    two(
      (x, y) => np.inner(x, y),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [
        [1, 4],
        [3, 10],
      ],
    ),
  ],
  isin: [test((x) => np.isin(x, x.slice([1, 2])), row, [0, 1, 0])],
  linspace: [
    { call: (x) => x.mul(np.linspace(0, 1, 3, { dtype: x.dtype })), args: [row], value: [0, -0.5, 2] },
  ],
  matmul: [
    two(
      (x, y) => np.matmul(x, y),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [
        [5, 2],
        [11, 4],
      ],
    ),
  ],
  matrixTranspose: [
    one((x) => np.matrixTranspose(x), matrix, [
      [1, 4],
      [5, 0.5],
      [-2, 3],
    ]),
  ],
  matvec: [two((x, y) => np.matvec(x, y), matrix, row, [-6, 17.5])],
  max: [
    one((x) => np.max(x), row, 3),
    one((x) => np.max(x, 1), matrix, [5, 4]),
    one((x) => np.max(x, 0, { keepdims: true }), matrix, [[4, 5, 3]]),
  ],
  mean: [one((x) => np.mean(x), row, 4 / 3), one((x) => np.mean(x, 0), matrix, [2.5, 2.75, 0.5])],
  meshgrid: [
    {
      call: (x, y) => np.meshgrid([x, y]),
      args: [
        [1, 2],
        [3, 4],
      ],
      value: results(
        [
          [1, 2],
          [1, 2],
        ],
        [
          [3, 3],
          [4, 4],
        ],
      ),
    },
  ],
  min: [one((x) => np.min(x), row, -1), one((x) => np.min(x, -1), matrix, [-2, 0.5])],
  moveaxis: [
    one((x) => np.moveaxis(x, 0, 2), cube, [
      [
        [1, 5],
        [2, 6],
      ],
      [
        [3, 7],
        [4, 8],
      ],
    ]),
  ],
  nanToNum: [one((x) => np.nanToNum(x), [1, 2], [1, 2])],
  ones: [{ call: (x) => x.add(np.ones([2], { dtype: x.dtype })), args: [[1, 2]], value: [2, 3] }],
  onesLike: [{ call: (x) => x.add(np.onesLike(x)), args: [[1, 2]], value: [2, 3] }],
  outer: [
    two((x, y) => np.outer(x, y), [1, 2], row, [
      [3, -1, 2],
      [6, -2, 4],
    ]),
  ],
  pad: [one((x) => np.pad(x, [[1, 2]]), [5, 6], [0, 5, 6, 0, 0])],
  pow: [one((x) => np.pow(x, 3), [2, -1.5, 0], [8, -3.375, 0])],
  power: [one((x) => np.power(x, -2), [2, -4], [0.25, 0.0625]), one((x) => np.power(x, 0), [2, 0], [1, 1])],
  prod: [
    one((x) => np.prod(x), [2, 0, 5], 0),
    one((x) => np.prod(x), [0, 0, 5], 0),
    one((x) => np.prod(x, 1, { keepdims: true }), matrix, [[-10], [6]]),
    one((x) => np.prod(x), [1, 2, 3, 4, 5, 6, 7], 5040),
    test((x) => np.prod(x), [], 1),
  ],
  ptp: [one((x) => np.ptp(x), row, 4)],
  ravel: [one((x) => np.ravel(x), square, [1, 2, 3, 4])],
  repeat: [
    one((x) => np.repeat(x, 2), row, [3, 3, -1, -1, 2, 2]),
    one((x) => np.repeat(x, 2, 1), square, [
      [1, 1, 2, 2],
      [3, 3, 4, 4],
    ]),
  ],
  reshape: [
    one((x) => np.reshape(x, [3, -1]), matrix, [
      [1, 5],
      [-2, 4],
      [0.5, 3],
    ]),
  ],
  roll: [
    one((x) => np.roll(x, 1), row, [2, 3, -1]),
    one((x) => np.roll(x, -1, 1), matrix, [
      [5, -2, 1],
      [0.5, 3, 4],
    ]),
  ],
  rot90: [
    one((x) => np.rot90(x), square, [
      [2, 4],
      [1, 3],
    ]),
  ],
  sort: [
    one((x) => np.sort(x), row, [-1, 2, 3]),
    one((x) => np.sort(x, 0), matrix, [
      [1, 0.5, -2],
      [4, 5, 3],
    ]),
  ],
  split: [
    { call: (x) => np.split(x, 2), args: [[1, 2, 3, 4]], value: results([1, 2], [3, 4]) },
    {
      call: (x) => np.split(x, [1], 1),
      args: [matrix],
      value: results(
        [[1], [4]],
        [
          [5, -2],
          [0.5, 3],
        ],
      ),
    },
  ],
  squeeze: [one((x) => np.squeeze(x), [[[3], [4]]], [3, 4])],
  stack: [
    two(
      (x, y) => np.stack([x, y], 1),
      [1, 2],
      [3, 4],
      [
        [1, 3],
        [2, 4],
      ],
    ),
  ],
  // Variance of 3, -1, 2 about 4/3: (25 + 49 + 4) / 27.
  std: [
    one((x) => np.std(x), row, Math.sqrt(78 / 27)),
    one((x) => np.std(x, 0, { correction: 1 }), square, [Math.SQRT2, Math.SQRT2]),
  ],
  sum: [
    one((x) => np.sum(x), matrix, 11.5),
    one((x) => np.sum(x, 0), matrix, [5, 5.5, 1]),
    one((x) => np.sum(x, [0, 1], { keepdims: true }), matrix, [[11.5]]),
    test((x) => np.sum(x), [], 0),
  ],
  swapaxes: [
    one((x) => np.swapaxes(x, 0, 1), matrix, [
      [1, 4],
      [5, 0.5],
      [-2, 3],
    ]),
  ],
  take: [
    one((x) => np.take(x, index([2, 0, 2])), row, [2, 3, 2]),
    one((x) => np.take(x, index([1]), 1), matrix, [[5], [0.5]]),
  ],
  takeAlongAxis: [
    one((x) => np.takeAlongAxis(x, np.array([[2], [0]], { dtype: "int32" }), 1), matrix, [[-2], [4]]),
  ],
  tensordot: [
    two(
      (x, y) => np.tensordot(x, y, 1),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [
        [5, 2],
        [11, 4],
      ],
    ),
    two((x, y) => np.tensordot(x, y), square, square, 30),
  ],
  tile: [
    one((x) => np.tile(x, 2), row, [3, -1, 2, 3, -1, 2]),
    one((x) => np.tile(x, [2, 1]), row, [row, row]),
  ],
  trace: [one((x) => np.trace(x), square, 5)],
  transpose: [
    one((x) => np.transpose(x), matrix, [
      [1, 4],
      [5, 0.5],
      [-2, 3],
    ]),
    one((x) => np.transpose(x, [1, 0, 2]), cube, [
      [
        [1, 2],
        [5, 6],
      ],
      [
        [3, 4],
        [7, 8],
      ],
    ]),
  ],
  tril: [
    one((x) => np.tril(x), matrix, [
      [1, 0, 0],
      [4, 0.5, 0],
    ]),
  ],
  triu: [
    one((x) => np.triu(x, 1), matrix, [
      [0, 5, -2],
      [0, 0, 3],
    ]),
  ],
  unstack: [{ call: (x) => np.unstack(x), args: [square], value: results([1, 2], [3, 4]) }],
  var: [
    one((x) => np.var(x), row, 78 / 27),
    one((x) => np.var(x, 1, { correction: 1, keepdims: true }), square, [[0.5], [0.5]]),
  ],
  vdot: [two((x, y) => np.vdot(x, y), square, square, 30)],
  vecdot: [
    two(
      (x, y) => np.vecdot(x, y),
      square,
      [
        [1, 0],
        [2, 1],
      ],
      [1, 10],
    ),
  ],
  vecmat: [two((x, y) => np.vecmat(x, y), [1, 2], square, [7, 10])],
  vstack: [two((x, y) => np.vstack([x, y]), [1, 2], [3, 4], square)],
  where: [
    two((x, y) => np.where(x.less(y), x, y.mul(2)), row, [1, 0, 5], [2, -1, 2]),
    one((x) => np.where(x.greater(0), x, NaN), [1, 2], [1, 2]),
  ],
  zeros: [{ call: (x) => x.add(np.zeros([2], { dtype: x.dtype })), args: [[1, 2]], value: [1, 2] }],
  zerosLike: [{ call: (x) => x.add(np.zerosLike(x)), args: [[1, 2]], value: [1, 2] }],
};

export const constants: Readonly<Record<string, number | string | null>> = {
  float32: "float32",
  float64: "float64",
  int32: "int32",
  uint32: "uint32",
  bool: "bool",
  newaxis: null,
  pi: Math.PI,
  e: Math.E,
  inf: Infinity,
  nan: NaN,
};
