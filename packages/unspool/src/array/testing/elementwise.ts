/** Reference values and derivatives of elementwise functions from `Math`: the tables of the contract tests. */

export interface UnaryCase {
  value: (x: number) => number;
  /** Undefined for functions that are constant between jumps: their gradient must be 0. */
  slope?: (x: number) => number;
  at: readonly number[];
  /** [x, value, gradient] where the formulas above do not hold: ends of the domain, kinks, overflow. */
  special?: readonly (readonly [number, number, number])[];
  /** The result is bool: no gradient. */
  isTest?: boolean;
}

export interface BinaryCase {
  value: (x: number, y: number) => number;
  slopes?: (x: number, y: number) => readonly [number, number];
  at: readonly (readonly [number, number])[];
  special?: readonly (readonly [x: number, y: number, value: number, dx: number, dy: number])[];
  isTest?: boolean;
}

const { PI, LN2, LN10 } = Math;
const around = [-3.7, -1, -0.3, -1e-7, 1e-7, 0.2, 0.9, 2.5, 6.1];
const positive = [1e-9, 0.004, 0.3, 1, 1.7, 42, 1e5];
const inside = [-0.95, -0.5, -1e-7, 1e-7, 0.3, 0.99];
const steps = [-2.5, -1.5, -0.7, -0.5, 0.2, 0.5, 1.5, 2.5, 3.999];
const zero = () => 0;
const sech2 = (x: number) => 1 / Math.cosh(x) ** 2;
const asinSlope = (x: number) => 1 / Math.sqrt((1 - x) * (1 + x));

const abs: UnaryCase = { value: Math.abs, slope: Math.sign, at: around, special: [[0, 0, 0]] };
const acos: UnaryCase = { value: Math.acos, slope: (x) => -asinSlope(x), at: inside };
const acosh: UnaryCase = {
  value: Math.acosh,
  slope: (x) => 1 / Math.sqrt((x - 1) * (x + 1)),
  at: [1.004, 1.5, 10, 1e6],
};
const asin: UnaryCase = { value: Math.asin, slope: asinSlope, at: inside, special: [[0, 0, 1]] };
const asinh: UnaryCase = {
  value: Math.asinh,
  slope: (x) => 1 / Math.hypot(1, x),
  at: [...around, -1e5, 1e5],
  special: [[0, 0, 1]],
};
const atan: UnaryCase = { value: Math.atan, slope: (x) => 1 / (1 + x * x), at: around, special: [[0, 0, 1]] };
const atanh: UnaryCase = {
  value: Math.atanh,
  slope: (x) => 1 / ((1 - x) * (1 + x)),
  at: inside,
  special: [[0, 0, 1]],
};
const round: UnaryCase = { value: roundHalfEven, at: steps };

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

export const unary: Readonly<Record<string, UnaryCase>> = {
  abs,
  absolute: abs,
  acos,
  arccos: acos,
  acosh,
  arccosh: acosh,
  asin,
  arcsin: asin,
  asinh,
  arcsinh: asinh,
  atan,
  arctan: atan,
  atanh,
  arctanh: atanh,
  cbrt: {
    value: Math.cbrt,
    slope: (x) => 1 / (3 * Math.cbrt(x) ** 2),
    at: around,
    special: [[0, 0, Infinity]],
  },
  ceil: { value: Math.ceil, at: steps },
  cos: { value: Math.cos, slope: (x) => -Math.sin(x), at: around },
  cosh: { value: Math.cosh, slope: Math.sinh, at: around, special: [[0, 1, 0]] },
  exp: { value: Math.exp, slope: Math.exp, at: around, special: [[-Infinity, 0, 0]] },
  exp2: { value: (x) => 2 ** x, slope: (x) => LN2 * 2 ** x, at: around },
  expm1: { value: Math.expm1, slope: Math.exp, at: [...around, 0.011, -0.05], special: [[0, 0, 1]] },
  floor: { value: Math.floor, at: steps },
  isfinite: { value: (x) => Number(Number.isFinite(x)), at: [0, 1, NaN, Infinity, -Infinity], isTest: true },
  isinf: {
    value: (x) => Number(Math.abs(x) === Infinity),
    at: [0, 1, NaN, Infinity, -Infinity],
    isTest: true,
  },
  isnan: { value: (x) => Number(Number.isNaN(x)), at: [0, 1, NaN, Infinity, -Infinity], isTest: true },
  log: { value: Math.log, slope: (x) => 1 / x, at: positive, special: [[0, -Infinity, Infinity]] },
  log10: { value: Math.log10, slope: (x) => 1 / (x * LN10), at: positive },
  log1p: {
    value: Math.log1p,
    slope: (x) => 1 / (1 + x),
    at: [-0.7, -0.1, -1e-7, 1e-7, 0.0099, 0.19, 3, 1e5],
    special: [[0, 0, 1]],
  },
  log2: { value: Math.log2, slope: (x) => 1 / (x * LN2), at: positive },
  logicalNot: { value: (x) => Number(x === 0), at: [0, 1, -2, 0.5, NaN], isTest: true },
  nanToNum: {
    value: (x) => (Number.isNaN(x) ? 0 : x),
    slope: (x) => Number(!Number.isNaN(x)),
    at: [-1, 0, 3.5, NaN],
  },
  negative: { value: (x) => -x, slope: () => -1, at: around },
  positive: { value: (x) => x, slope: () => 1, at: around },
  reciprocal: {
    value: (x) => 1 / x,
    slope: (x) => -1 / x ** 2,
    at: [-3, -0.01, 0.3, 7],
    special: [[Infinity, 0, 0]],
  },
  rint: round,
  round,
  sign: { value: Math.sign, at: [-3, -1e-9, 0, 1e-9, 5] },
  sin: { value: Math.sin, slope: Math.cos, at: around, special: [[0, 0, 1]] },
  sinc: {
    value: (x) => Math.sin(PI * x) / (PI * x),
    slope: (x) => (PI * x * Math.cos(PI * x) - Math.sin(PI * x)) / (PI * x * x),
    at: [-1.7, -0.4, 0.3, 0.8, 2.4],
    special: [[0, 1, 0]],
  },
  sinh: { value: Math.sinh, slope: Math.cosh, at: around, special: [[0, 0, 1]] },
  sqrt: { value: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x), at: positive, special: [[0, 0, Infinity]] },
  square: { value: (x) => x * x, slope: (x) => 2 * x, at: around, special: [[0, 0, 0]] },
  tan: { value: Math.tan, slope: (x) => 1 / Math.cos(x) ** 2, at: around },
  tanh: {
    value: Math.tanh,
    slope: sech2,
    at: around,
    special: [
      [0, 0, 1],
      [400, 1, 0],
      [-400, -1, 0],
    ],
  },
  trunc: { value: Math.trunc, at: steps },
};

const pairs: readonly (readonly [number, number])[] = [
  [-2.5, 0.7],
  [0.3, 1.9],
  [4, -3],
  [-1.25, -0.5],
  [7.5, 2],
];
const first = [1, 0] as const;
const second = [0, 1] as const;
const truths: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 2],
  [-1, 0],
  [0.5, 3],
];
const comparisons: readonly (readonly [number, number])[] = [...pairs, [2, 2], [NaN, 1], [1, NaN], [0, -0]];
const integers: readonly (readonly [number, number])[] = [
  [12, 10],
  [5, 3],
  [255, 1],
  [0, 7],
  [1023, 4],
];
const floorMod = (x: number, y: number) => x - y * Math.floor(x / y);
const divide: BinaryCase = {
  value: (x, y) => x / y,
  slopes: (x, y) => [1 / y, -x / y ** 2],
  at: pairs,
};
const atan2: BinaryCase = {
  value: Math.atan2,
  slopes: (y, x) => [x / (x * x + y * y), -y / (x * x + y * y)],
  at: [...pairs, [1e-7, -1], [-1e-7, -1], [1e-8, 1], [2, 0], [-2, 0], [0, 3]],
  special: [[0, -2, PI, -0.5, 0]],
};
const isTest = true;

export const binary: Readonly<Record<string, BinaryCase>> = {
  add: { value: (x, y) => x + y, slopes: () => [1, 1], at: pairs },
  arctan2: atan2,
  atan2,
  copysign: {
    value: (x, y) => (y < 0 ? -Math.abs(x) : Math.abs(x)),
    slopes: (x, y) => [Math.sign(x) * Math.sign(y), 0],
    at: pairs,
  },
  divide,
  equal: { value: (x, y) => Number(x === y), at: comparisons, isTest },
  floorDivide: { value: (x, y) => Math.floor(x / y), at: pairs },
  fmax: {
    value: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
    slopes: (x, y) => (x > y || Number.isNaN(y) ? first : second),
    at: [...pairs, [NaN, 2], [2, NaN]],
  },
  fmin: {
    value: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)),
    slopes: (x, y) => (x < y || Number.isNaN(y) ? first : second),
    at: [...pairs, [NaN, 2], [2, NaN]],
  },
  fmod: { value: (x, y) => x % y, slopes: (x, y) => [1, -Math.trunc(x / y)], at: pairs },
  greater: { value: (x, y) => Number(x > y), at: comparisons, isTest },
  greaterEqual: { value: (x, y) => Number(x >= y), at: comparisons, isTest },
  heaviside: {
    value: (x, y) => (x < 0 ? 0 : x === 0 ? y : 1),
    slopes: (x) => (x === 0 ? second : [0, 0]),
    at: [...pairs, [0, 0.25]],
  },
  hypot: {
    value: Math.hypot,
    slopes: (x, y) => [x / Math.hypot(x, y), y / Math.hypot(x, y)],
    at: pairs,
  },
  less: { value: (x, y) => Number(x < y), at: comparisons, isTest },
  lessEqual: { value: (x, y) => Number(x <= y), at: comparisons, isTest },
  logaddexp: {
    value: (x, y) => Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))),
    slopes: (x, y) => [1 / (1 + Math.exp(y - x)), 1 / (1 + Math.exp(x - y))],
    at: [...pairs, [800, 801], [-800, -801], [3, 3], [-40, 0.5]],
    special: [
      [-Infinity, 1.5, 1.5, 0, 1],
      [1.5, -Infinity, 1.5, 1, 0],
    ],
  },
  logaddexp2: {
    value: (x, y) => Math.max(x, y) + Math.log1p(2 ** -Math.abs(x - y)) / LN2,
    slopes: (x, y) => [1 / (1 + 2 ** (y - x)), 1 / (1 + 2 ** (x - y))],
    at: [...pairs, [800, 801], [3, 3]],
  },
  logicalAnd: { value: (x, y) => Number(x !== 0 && y !== 0), at: truths, isTest },
  logicalOr: { value: (x, y) => Number(x !== 0 || y !== 0), at: truths, isTest },
  logicalXor: { value: (x, y) => Number((x !== 0) !== (y !== 0)), at: truths, isTest },
  maximum: {
    value: Math.max,
    // At a tie the first operand takes the derivative.
    slopes: (x, y) => (x < y ? second : first),
    at: [...pairs, [2, 2]],
  },
  minimum: { value: Math.min, slopes: (x, y) => (y < x ? second : first), at: [...pairs, [2, 2]] },
  multiply: { value: (x, y) => x * y, slopes: (x, y) => [y, x], at: pairs },
  notEqual: { value: (x, y) => Number(x !== y), at: comparisons, isTest },
  power: {
    value: Math.pow,
    slopes: (x, y) => [y * x ** (y - 1), x ** y * Math.log(x)],
    at: [
      [0.3, 1.9],
      [4, -3],
      [7.5, 2],
      [2, 0.5],
      [1.1, -0.3],
      [1e-3, 2.5],
    ],
    special: [
      [0, 2.5, 0, 0, 0],
      [0, 1, 0, 1, 0],
      [0, 0.5, 0, Infinity, 0],
      [0, 0, 1, 0, 0],
      [0, -1, Infinity, 0, 0],
    ],
  },
  mod: { value: floorMod, slopes: (x, y) => [1, -Math.floor(x / y)], at: pairs },
  remainder: { value: floorMod, slopes: (x, y) => [1, -Math.floor(x / y)], at: pairs },
  subtract: { value: (x, y) => x - y, slopes: () => [1, -1], at: pairs },
  trueDivide: divide,
};

/** Functions of whole numbers: [value, argument pairs], in int32 and uint32. */
export const integer: Readonly<Record<string, readonly [(x: number, y: number) => number, typeof integers]>> =
  {
    bitwiseAnd: [(x, y) => x & y, integers],
    bitwiseOr: [(x, y) => x | y, integers],
    bitwiseXor: [(x, y) => x ^ y, integers],
    leftShift: [(x, y) => x << y, integers],
    rightShift: [(x, y) => x >> y, integers],
    floorDivide: [(x, y) => Math.floor(x / y), integers],
    remainder: [floorMod, integers],
    add: [(x, y) => x + y, integers],
    subtract: [
      (x, y) => Math.max(x, y) - Math.min(x, y),
      integers.map(([x, y]) => [Math.max(x, y), Math.min(x, y)]),
    ],
    multiply: [(x, y) => x * y, integers],
    maximum: [Math.max, integers],
    minimum: [Math.min, integers],
  };

export { zero };
