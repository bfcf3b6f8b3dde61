/**
 * References of `nn`, `lax` and `linalg`: closed forms in `Math`, and small matrices worked by hand.
 *
 * Long because it is one table of independent references, a line or two per function.
 */
import { type Tensor, lax, linalg, nn, np } from "../index.ts";
import { type ArrayCase, results } from "./contract.ts";
import type { UnaryCase } from "./elementwise.ts";

const at = [-30, -3.5, -1.2, -0.1, 0.1, 0.7, 2.9, 30];
const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const mishSlope = (x: number) => Math.tanh(softplus(x)) + (x * sigmoid(x)) / Math.cosh(softplus(x)) ** 2;
const cubic = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const cubicSlope = (x: number) => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
const [alpha, scale] = [1.6732632423543772, 1.0507009873554805];
const below = (x: number, a: number) => (x < 0 ? a * Math.expm1(x) : x);
const belowSlope = (x: number, a: number) => (x < 0 ? a * Math.exp(x) : 1);
const unit = (low: number, high: number) => (x: number) => Number(x > low && x < high);

/** erf x = 2/sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1)), for |x| below 2.5 where it keeps 13 digits. */
export function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (sum * 2) / Math.sqrt(Math.PI);
}
const gauss = (x: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);

/** Elementwise functions; `special` holds kinks and far tails. */
export const elementwiseNn: Readonly<Record<string, UnaryCase>> = {
  celu: {
    value: (x) => below(x, 1),
    slope: (x) => belowSlope(x, 1),
    at,
    special: [
      [0, 0, 1],
      [1000, 1000, 1],
    ],
  },
  elu: {
    value: (x) => below(x, 1),
    slope: (x) => belowSlope(x, 1),
    at,
    special: [
      [0, 0, 1],
      [1000, 1000, 1],
    ],
  },
  gelu: {
    value: (x) => 0.5 * x * (1 + Math.tanh(cubic(x))),
    slope: (x) => 0.5 * (1 + Math.tanh(cubic(x))) + (0.5 * x * cubicSlope(x)) / Math.cosh(cubic(x)) ** 2,
    at: [-1.2, -0.1, 0.1, 0.7, 2.9, 30],
    special: [
      [0, 0, 0.5],
      [-30, 0, 0],
    ],
  },
  hardSigmoid: {
    value: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    slope: (x) => unit(-3, 3)(x) / 6,
    at: at.map((x) => x + 0.25),
  },
  hardSilu: {
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
    at: at.map((x) => x + 0.25),
  },
  hardTanh: {
    value: (x) => Math.min(Math.max(x, -1), 1),
    slope: unit(-1, 1),
    at,
    special: [
      [1, 1, 0],
      [-1, -1, 0],
    ],
  },
  leakyRelu: {
    value: (x) => (x < 0 ? 0.01 * x : x),
    slope: (x) => (x < 0 ? 0.01 : 1),
    at,
    special: [[0, 0, 1]],
  },
  logSigmoid: {
    value: (x) => -softplus(-x),
    slope: (x) => sigmoid(-x),
    at,
    special: [
      [-1000, -1000, 1],
      [0, -Math.LN2, 0.5],
    ],
  },
  mish: {
    value: (x) => x * Math.tanh(softplus(x)),
    slope: mishSlope,
    // Not at -1.2, where the slope is near 0.
    at: [-30, -3.5, -0.1, 0.1, 0.7, 2.9, 30],
    special: [
      [0, 0, 0.6],
      [1000, 1000, 1],
    ],
  },
  relu: { value: (x) => Math.max(x, 0), slope: (x) => Number(x > 0), at, special: [[0, 0, 0]] },
  selu: {
    value: (x) => scale * below(x, alpha),
    slope: (x) => scale * belowSlope(x, alpha),
    at,
    special: [[1000, 1000 * scale, scale]],
  },
  sigmoid: {
    value: sigmoid,
    slope: (x) => sigmoid(x) * sigmoid(-x),
    at,
    special: [
      [0, 0.5, 0.25],
      [-1000, 0, 0],
      [1000, 1, 0],
    ],
  },
  silu: {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
    at,
    special: [
      [0, 0, 0.5],
      [1000, 1000, 1],
    ],
  },
  softSign: {
    value: (x) => x / (1 + Math.abs(x)),
    slope: (x) => 1 / (1 + Math.abs(x)) ** 2,
    at,
    special: [[0, 0, 1]],
  },
  softplus: {
    value: softplus,
    slope: sigmoid,
    at,
    special: [
      [0, Math.LN2, 0.5],
      [1000, 1000, 1],
      [-1000, 0, 0],
    ],
  },
};

export const elementwiseLax: Readonly<Record<string, UnaryCase>> = {
  erf: {
    value: erf,
    slope: gauss,
    at: [-2.3, -0.6, -0.4, -1e-7, 1e-7, 0.3, 0.5, 1.7],
    special: [
      [0, 0, 2 / Math.sqrt(Math.PI)],
      [30, 1, 0],
    ],
  },
  // erfc 5 = 1.5374597944280348502e-12 (Abramowitz and Stegun, table 7.3; digits from its continued fraction).
  erfc: {
    value: (x) => 1 - erf(x),
    slope: (x) => -gauss(x),
    at: [-2.3, -0.6, 0.3, 0.9],
    special: [
      [0, 1, -2 / Math.sqrt(Math.PI)],
      [5, 1.5374597944280349e-12, -gauss(5)],
    ],
  },
};

const isDifferentiable = false;
const total = Math.exp(1) + Math.exp(2) + Math.exp(4);
const logits = [1, 2, 4];
const matrix = [
  [4, 1],
  [2, 3],
];
const positive = [
  [4, 2],
  [2, 5],
];
const tall = [
  [1, 0],
  [1, 1],
  [1, 2],
];
const symmetric = (x: Tensor) => x.add(np.matrixTranspose(x)).mul(0.5);

export const arrayNn: Readonly<Record<string, readonly ArrayCase[]>> = {
  gelu: [
    {
      call: (x) => nn.gelu(x, { approximate: false }),
      args: [[-1.2, 0.4, 2]],
      value: [-1.2, 0.4, 2].map((x) => (x * (1 + erf(x / Math.SQRT2))) / 2),
    },
  ],
  logSoftmax: [
    { call: (x) => nn.logSoftmax(x), args: [[logits]], value: [logits.map((x) => x - Math.log(total))] },
  ],
  logsumexp: [
    { call: (x) => nn.logsumexp(x), args: [logits], value: Math.log(total) },
    {
      call: (x) => nn.logsumexp(x, 0, { keepdims: true }),
      args: [[[1000], [1000]]],
      value: [[1000 + Math.LN2]],
    },
    { call: (x) => nn.logsumexp(x), args: [[-Infinity, -Infinity]], value: -Infinity, isDifferentiable },
  ],
  oneHot: [
    {
      call: (x) => nn.oneHot(x, 3),
      args: [[2, 0]],
      dtypes: ["int32"],
      value: [
        [0, 0, 1],
        [1, 0, 0],
      ],
      isDifferentiable,
    },
  ],
  softmax: [
    { call: (x) => nn.softmax(x), args: [logits], value: logits.map((x) => Math.exp(x) / total) },
    { call: (x) => nn.softmax(x, 0), args: [[[0], [Math.LN2]]], value: [[1 / 3], [2 / 3]] },
  ],
  softmaxCrossEntropy: [
    {
      call: (x, labels) => nn.softmaxCrossEntropy(x, labels),
      args: [
        [logits, [0, 0, 0]],
        [1, 2],
      ],
      dtypes: [undefined, "int32"],
      value: (Math.log(total) - 2 + Math.log(3)) / 2,
    },
  ],
};

export const arrayLax: Readonly<Record<string, readonly ArrayCase[]>> = {
  // [1,1,3,3] image with a [1,1,2,2] filter [[1, 2], [0, -1]]: correlation, as in JAX.
  convGeneralDilated: [
    {
      call: (x, w) => lax.convGeneralDilated(x, w, [1, 1], "VALID"),
      args: [
        [
          [
            [
              [1, 2, 3],
              [4, 5, 6],
              [7, 8, 9],
            ],
          ],
        ],
        [
          [
            [
              [1, 2],
              [0, -1],
            ],
          ],
        ],
      ],
      value: [
        [
          [
            [0, 2],
            [6, 8],
          ],
        ],
      ],
    },
    {
      call: (x, w) => lax.convGeneralDilated(x, w, [2], [[1, 0]]),
      args: [[[[1, 2, 3]]], [[[1, 10]]]],
      value: [[[10, 32]]],
    },
  ],
  bitcastConvertType: [
    {
      call: (x) => lax.bitcastConvertType(x, "int32"),
      args: [[1, -2]],
      dtypes: ["float32"],
      value: [0x3f800000, 0xc0000000 | 0],
      isDifferentiable,
    },
  ],
  stopGradient: [{ call: (x) => lax.stopGradient(x), args: [[1, -2]], value: [1, -2], isDifferentiable }],
  topK: [{ call: (x) => lax.topK(x, 2), args: [[3, 9, -1, 5]], value: results([9, 5], [1, 3]) }],
};

export const arrayLinalg: Readonly<Record<string, readonly ArrayCase[]>> = {
  cholesky: [
    {
      call: (x) => linalg.cholesky(x),
      args: [positive],
      value: [
        [2, 0],
        [1, 2],
      ],
    },
  ],
  det: [
    { call: (x) => linalg.det(x), args: [matrix], value: 10 },
    {
      call: (x) => linalg.det(x),
      args: [
        [
          [0, 2, 0],
          [3, 0, 0],
          [0, 0, 5],
        ],
      ],
      value: -30,
    },
  ],
  // [[2, 1], [1, 2]] has eigenvalues 1 and 3.
  eigh: [
    {
      call: (x) => linalg.eigh(x)[0],
      args: [
        [
          [2, 1],
          [1, 2],
        ],
      ],
      value: [1, 3],
    },
  ],
  eigvalsh: [
    {
      call: (x) => linalg.eigvalsh(x),
      args: [
        [
          [2, 1],
          [1, 2],
        ],
      ],
      value: [1, 3],
    },
  ],
  inv: [
    {
      call: (x) => linalg.inv(x),
      args: [matrix],
      value: [
        [0.3, -0.1],
        [-0.2, 0.4],
      ],
    },
  ],
  // Line through (0, 1), (1, 2), (2, 4): slope 3/2, intercept 5/6.
  lstsq: [{ call: (a, b) => linalg.lstsq(a, b), args: [tall, [[1], [2], [4]]], value: [[5 / 6], [1.5]] }],
  lu: [
    {
      call: (x) => linalg.lu(x)[0]!,
      args: [matrix],
      value: [
        [4, 1],
        [0.5, 2.5],
      ],
    },
  ],
  matrixNorm: [
    { call: (x) => linalg.matrixNorm(x), args: [matrix], value: Math.sqrt(30) },
    { call: (x) => linalg.matrixNorm(x, { ord: 1 }), args: [matrix], value: 6 },
  ],
  matrixPower: [
    {
      call: (x) => linalg.matrixPower(x, 3),
      args: [matrix],
      value: [
        [86, 39],
        [78, 47],
      ],
    },
    {
      call: (x) => linalg.matrixPower(x, -1),
      args: [matrix],
      value: [
        [0.3, -0.1],
        [-0.2, 0.4],
      ],
    },
  ],
  norm: [
    { call: (x) => linalg.norm(x), args: [[3, 4]], value: 5 },
    { call: (x) => linalg.norm(x), args: [matrix], value: Math.sqrt(30) },
  ],
  slogdet: [
    { call: (x) => linalg.slogdet(x)[1], args: [matrix], value: Math.log(10) },
    {
      call: (x) => linalg.slogdet(x)[0],
      args: [
        [
          [0, 1],
          [2, 0],
        ],
      ],
      value: -1,
      isDifferentiable,
    },
  ],
  solve: [
    { call: (a, b) => linalg.solve(a, b), args: [matrix, [1, 3]], value: [0, 1] },
    { call: (a, b) => linalg.solve(symmetric(a), b), args: [positive, [[2], [5]]], value: [[0], [1]] },
  ],
  svd: [
    {
      call: (x) => (linalg.svd(x) as Tensor[])[1]!,
      args: [
        [
          [3, 0],
          [0, -2],
        ],
      ],
      value: [3, 2],
      isDifferentiable,
    },
  ],
  triangularSolve: [
    {
      call: (a, b) => linalg.triangularSolve(a, b, { leftSide: true, lower: true }),
      args: [
        [
          [2, 0],
          [1, 4],
        ],
        [[2], [9]],
      ],
      value: [[1], [2]],
    },
  ],
  vectorNorm: [
    { call: (x) => linalg.vectorNorm(x, { ord: 3 }), args: [[1, -2, 3]], value: Math.cbrt(36) },
    { call: (x) => linalg.vectorNorm(x, { ord: Infinity }), args: [[1, -5]], value: 5 },
  ],
};
