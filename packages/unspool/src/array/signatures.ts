/** What the functions of the array room take, for `guard`. */
import { ShapeError, show } from "../errors.ts";
import { plainAxes } from "./axes.ts";
import { requireRoom } from "./dtype.ts";
import type { Signature } from "./guard.ts";
import type { Tensor } from "./tensor.ts";

const elementwise = (operands: number, more: Signature = {}): Signature => ({
  operands,
  isElementwise: true,
  ...more,
});

const reduction = (axes: Signature["axes"] = "many"): Signature => ({
  operands: 1,
  axis: 1,
  axes,
  hint: "Two arrays are compared element by element with np.maximum and np.minimum.",
});
const along = (axis: number, axes: Signature["axes"] = "one"): Signature => ({ operands: 1, axis, axes });
const list = (more: Signature = {}): Signature => ({ operands: "list", ...more });

const names = (text: string): string[] => text.trim().split(/\s+/);
const table = (text: string, signature: Signature): Record<string, Signature> =>
  Object.fromEntries(names(text).map((name) => [name, signature]));

const unary = `abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cbrt ceil cos
  cosh exp exp2 expm1 floor isfinite isinf isnan log log10 log1p log2 logicalNot negative positive reciprocal rint sign
  sin sinc sinh sqrt square tan tanh trunc bitwiseNot`;
const binary = `add arctan2 atan2 copysign divide equal floorDivide fmax fmin fmod greater greaterEqual heaviside hypot
  less lessEqual logaddexp logaddexp2 logicalAnd logicalOr logicalXor maximum minimum multiply notEqual remainder mod
  subtract trueDivide bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift`;

const agree =
  "The last axis of the first operand must be as long as the last but one (or the only one) of the second.";

/** Numbers of axes and lengths that products need; jax-js checks them late or not at all. */
function product(where: string, args: unknown[]): void {
  const [x, y] = args as [Tensor, Tensor];
  if (where !== "np.dot" && (x.ndim === 0 || y.ndim === 0)) {
    throw new ShapeError(
      where,
      `both operands need at least one axis, got ${show(x)} and ${show(y)}. Use mul for a scalar.`,
    );
  }
  if (x.ndim === 0 || y.ndim === 0 || x.shape.at(-1) === y.shape.at(y.ndim === 1 ? -1 : -2)) return;
  throw new ShapeError(where, `${show(x)} and ${show(y)} do not fit. ${agree}`);
}

/** A tensor and a list behind it, which methods also take as arguments: `x.reshape(2, 3)`. */
function listed(args: unknown[]): [Tensor, unknown[]] {
  const [x, given, ...rest] = args as [Tensor, unknown, ...unknown[]];
  return [x, Array.isArray(given) ? given : [given, ...rest]];
}

/** Lengths that must stay the same number of elements. */
function reshaped(where: string, args: unknown[]): void {
  const [x, given] = listed(args);
  const shape = given as unknown[];
  const isPlain = shape.every((length) => Number.isInteger(length) && (length as number) >= -1);
  const known = (shape as number[]).filter((length) => length !== -1).reduce((product, n) => product * n, 1);
  const open = shape.filter((length) => length === -1).length;
  const fits = open === 0 ? known === x.size : open === 1 && known > 0 && x.size % known === 0;
  if (isPlain && fits) return;
  throw new ShapeError(
    where,
    `${show(x)} has ${x.size} elements and cannot be seen as ${show(given)}. ` +
      "The lengths are whole numbers whose product stays the same; one of them may be -1.",
  );
}

function permuted(where: string, args: unknown[]): void {
  if (args[1] === undefined || args[1] === null) return;
  const [x, given] = listed(args);
  const axes = (given as number[]).map((axis) => (axis < 0 ? axis + x.ndim : axis));
  const isAll = axes.length === x.ndim && x.shape.every((_, i) => axes.includes(i));
  if (isAll) return;
  throw new ShapeError(
    where,
    `must be given each axis of ${show(x)} once, got ${show(given)}. An example is [1, 0].`,
  );
}

function spread(where: string, args: unknown[]): void {
  const [x, given] = args as [Tensor, unknown];
  const shape: unknown[] = Array.isArray(given) ? given : [given];
  const isPlain = shape.every((length) => Number.isInteger(length) && (length as number) >= 0);
  const shift = shape.length - x.ndim;
  const fits = shift >= 0 && x.shape.every((length, i) => length === 1 || length === shape[i + shift]);
  if (isPlain && fits) return;
  throw new ShapeError(
    where,
    `${show(x)} cannot be broadcast to ${show(given)}. Only axes of length 1, and new ones in front, widen.`,
  );
}

/** Extremes of nothing do not exist. */
function nonEmptyAxes(where: string, args: unknown[]): void {
  const [x, axis] = args as [Tensor, unknown];
  const axes = plainAxes(where, axis, x.ndim);
  if (axes.every((one) => x.shape[one] !== 0)) return;
  const left = x.shape.filter((_, i) => !axes.includes(i));
  if (left.includes(0)) return;
  throw new ShapeError(where, `no elements have no extreme, got ${show(x)}. Check its length first.`);
}

/** Counts that differ would need lists of places; those a user can write. */
function oneCount(where: string, args: unknown[]): void {
  if (Number.isInteger(args[1]) && (args[1] as number) >= 0) return;
  throw new ShapeError(
    where,
    `repeats must be one whole number from 0, got ${show(args[1])}. Counts of their own are places for np.take: ` +
      "np.take(x, [0, 2, 2], axis) has element 0 once and element 2 twice.",
  );
}

function nonEmptyList(where: string, args: unknown[]): void {
  if ((args[0] as unknown[]).length === 0)
    throw new ShapeError(where, "needs at least one tensor, got []. Give it some.");
}

export const npSignatures: Readonly<Record<string, Signature>> = {
  ...table(unary, elementwise(1)),
  ...table(binary, elementwise(2)),
  ...table("power pow", elementwise(2)),
  where: elementwise(3, {
    hint: "Condition, value where it is true, value where it is false; their shapes must broadcast.",
  }),
  clip: elementwise(3, { optional: [1, 2] }),
  round: { operands: 1, isElementwise: true },
  nanToNum: { operands: 1, isElementwise: true },
  ...table("all any prod sum mean var std countNonzero", reduction()),
  ...table("max min ptp", { ...reduction(), check: nonEmptyAxes }),
  ...table("argmax argmin", reduction("one")),
  ...table("sort argsort cumsum cumprod unstack", along(1)),
  ...table("flip squeeze", along(1, "many")),
  expandDims: along(1, "new"),
  ...table("take diff split", along(2)),
  repeat: { ...along(2), check: oneCount },
  takeAlongAxis: { operands: 1, axis: 2, axes: "one" },
  roll: along(2, "many"),
  ...table(
    "diag diagonal fliplr flipud matrixTranspose moveaxis pad ravel rot90 swapaxes tile trace tril triu",
    { operands: 1 },
  ),
  transpose: { operands: 1, check: permuted },
  reshape: { operands: 1, check: reshaped, hint: "The shape is a list: np.reshape(x, [2, 3])." },
  broadcastTo: {
    operands: 1,
    check: spread,
    hint: "The shape is a list: np.broadcastTo(x, [2, 3]).",
  },
  broadcastArrays: { operands: { from: 0 } },
  meshgrid: list({ hint: "The vectors are a list: np.meshgrid([x, y])." }),
  concatenate: list({ axis: 1, axes: "one", check: nonEmptyList }),
  stack: list({ axis: 1, axes: "new", check: nonEmptyList }),
  ...table(
    "columnStack dstack hstack vstack",
    list({ check: nonEmptyList, hint: "The tensors are one list: np.vstack([a, b])." }),
  ),
  einsum: { operands: { from: 1 } },
  ...table("dot matmul", { operands: 2, check: product }),
  ...table("inner outer vdot vecdot matvec vecmat convolve correlate cross isin tensordot", { operands: 2 }),
  ...table("zerosLike onesLike fullLike", { operands: 1 }),
  ...table("zeros ones", { optionHint: "A shape is a list: np.zeros([2, 3])." }),
};

/** Methods of tensors; the operand in front of the arguments is the tensor itself. */
export const methodSignatures: Readonly<Record<string, Signature>> = {
  ...table("add sub mul div mod greater less equal notEqual greaterEqual lessEqual", elementwise(1)),
  neg: {},
  flatten: {},
  item: { hint: "Read one element with x.slice(i).item()." },
  toArray: {},
  ...table("sum prod mean all any", { axis: 0, axes: "many" }),
  ...table("min max", { axis: 0, axes: "many", check: nonEmptyAxes }),
  transpose: { check: permuted },
  reshape: { check: reshaped },
  astype: {},
};

export const nnSignatures: Readonly<Record<string, Signature>> = {
  ...table("logSoftmax logsumexp softmax", along(1, "many")),
};
/** Of the functions of `nn` and `lax` that are not in a table. */
export const onTensor: Signature = { operands: 1 };

export const linalgSignatures: Readonly<Record<string, Signature>> = {
  ...table("solve lstsq triangularSolve", { operands: 2 }),
};

export const laxSignatures: Readonly<Record<string, Signature>> = {
  ...table("erf erfc", { operands: 1 }),
  ...table("stopGradient topK bitcastConvertType", { operands: 1 }),
  convGeneralDilated: { operands: 2 },
};

/** The place of a shape whose elements memory must hold. */
const drawn = (shape: number, optionHint?: string): Signature => ({
  shape,
  ...(optionHint === undefined ? {} : { optionHint }),
  check: (_where, args) => {
    const lengths = (args[shape] ?? []) as number[];
    requireRoom(
      lengths.reduce((product, length) => product * length, 1),
      "float32",
    );
  },
});

const moved = (name: string): string =>
  `Scale and move the draws: random.${name}(key, shape).mul(scale).add(mean).`;

export const randomSignatures: Readonly<Record<string, Signature>> = {
  ...table("uniform bits rademacher randint", drawn(1)),
  normal: drawn(1, moved("normal")),
  gumbel: drawn(1, moved("gumbel")),
  exponential: drawn(1, "Scale the draws: random.exponential(key, shape).mul(scale)."),
  bernoulli: drawn(2),
  // Those of `derived/`.
  cauchy: drawn(1, moved("cauchy")),
  laplace: drawn(1, moved("laplace")),
  ...table("choice dirichlet poisson", drawn(2)),
  gamma: drawn(2, "Scale the draws: random.gamma(key, alpha, shape).mul(scale)."),
  ...table("beta binomial multivariateNormal truncatedNormal", drawn(3)),
};
