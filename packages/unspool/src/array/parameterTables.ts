/**
 * The parameters of every public function of this room, as `parameters.ts` reads them: `carry*` is a tree, `{…}` are options,
 * `+name` one that may also stand in its place, as in NumPy or JAX. A test asks that no function is missing.
 */
import { type Parameters, readParameters } from "./parameters.ts";

const names = (text: string): string[] => text.trim().split(/\s+/);
const same = (functions: string, parameters: string): Record<string, string> =>
  Object.fromEntries(names(functions).map((name) => [name, parameters]));

const np: Readonly<Record<string, string>> = {
  ...same(
    `abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cbrt ceil cos cosh exp
    exp2 expm1 fliplr flipud floor isfinite isinf isnan log log10 log1p log2 logicalNot matrixTranspose negative positive
    ravel reciprocal rint sign sin sinc sinh sqrt square tan tanh trunc bitwiseNot`,
    "x",
  ),
  ...same(
    `add arctan2 atan2 copysign divide equal floorDivide fmax fmin fmod greater greaterEqual heaviside hypot inner less
    lessEqual logaddexp logaddexp2 logicalAnd logicalOr logicalXor maximum minimum multiply notEqual remainder mod
    subtract trueDivide bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift power pow matmul matvec vecmat outer vdot dot
    kron`,
    "x, y",
  ),
  ...same("all any prod sum mean max min ptp countNonzero argmax argmin", "x, axis, {keepdims}"),
  ...same("var std nanvar nanstd", "x, axis, {correction ddof keepdims}"),
  ...same("nansum nanprod nanmean nanmax nanmin median", "x, axis, {keepdims}"),
  ...same("sort argsort cumsum cumprod unstack flip squeeze expandDims nanargmax nanargmin", "x, axis"),
  ...same("columnStack dstack hstack vstack", "tensors"),
  ...same("concatenate stack", "tensors, axis"),
  ...same("zeros ones", "shape, {+dtype}"),
  ...same("zerosLike onesLike", "like, {+dtype}"),
  ...same("diag tril triu", "x, k"),
  ...same("diagonal trace", "x, offset, axis1, axis2"),
  ...same("quantile", "x, q, axis, {keepdims method}"),
  ...same("isclose allclose", "a, b, {+rtol +atol +equalNan}"),
  ...same("convolve correlate", "x, y, mode"),
  arange: "start, stop, step, {+dtype}",
  array: "values, {+dtype shape}",
  arrayEqual: "a, b, {+equalNan}",
  average: "x, axis, {+weights keepdims}",
  bincount: "x, {+weights +minlength length}",
  broadcastArrays: "...tensors",
  broadcastTo: "x, shape",
  clip: "x, low, high",
  corrcoef: "x, {+y +rowvar}",
  cov: "x, {+y +rowvar ddof}",
  cross: "x, y, axis",
  diff: "x, n, axis, {+prepend +append}",
  digitize: "x, bins, {+right}",
  einsum: "subscripts, ...operands",
  eye: "rows, columns, {+dtype}",
  full: "shape, value, {+dtype}",
  fullLike: "like, value, {+dtype}",
  geomspace: "start, stop, count, {dtype}",
  gradient: "f, spacing, {axis}",
  histogram: "x, {+bins +range density weights}",
  interp: "x, xp, fp, {+left +right}",
  isin: "x, elements, {invert}",
  linspace: "start, stop, count, {+dtype}",
  logspace: "start, stop, count, {base dtype}",
  meshgrid: "tensors, {indexing}",
  moveaxis: "x, source, destination",
  nanToNum: "x, {nan posinf neginf}",
  pad: "x, width*, {+mode constantValues}",
  percentile: "x, percent, axis, {keepdims method}",
  polyval: "p, x",
  repeat: "x, repeats, axis",
  reshape: "x, shape",
  roll: "x, shift, axis",
  rot90: "x, k, axes",
  round: "x, decimals",
  searchsorted: "sorted, values, {+side}",
  split: "x, sections, axis",
  swapaxes: "x, axis1, axis2",
  take: "x, indices, axis",
  takeAlongAxis: "x, indices, axis",
  tensordot: "x, y, axes",
  tile: "x, repeats",
  transpose: "x, axes",
  trapezoid: "y, x, {+dx +axis}",
  tri: "rows, columns, k, {+dtype}",
  vecdot: "x, y, {axis}",
  where: "condition, x, y",
};

const nn: Readonly<Record<string, string>> = {
  ...same("hardSigmoid hardSilu hardTanh logSigmoid mish relu selu sigmoid silu softSign softplus", "x"),
  ...same("celu elu", "x, alpha"),
  ...same("softmax logSoftmax", "x, axis"),
  leakyRelu: "x, negativeSlope",
  gelu: "x, {+approximate}",
  logsumexp: "x, axis, {keepdims}",
  oneHot: "labels, classes",
  softmaxCrossEntropy: "logits, labels",
};

const lax: Readonly<Record<string, string>> = {
  ...same("erf erfc stopGradient", "x"),
  topK: "x, k, axis",
  bitcastConvertType: "x, dtype",
  convGeneralDilated: "x, kernel, strides, padding, {lhsDilation rhsDilation featureGroupCount}",
  associativeScan: "combine, elements*, {+reverse +axis}",
  customLinearSolve: "matvec, b*, solve, {+isSymmetric}",
  cond: "predicate, whenTrue, whenFalse, ...operands",
  switch: "index, branches, ...operands",
  dynamicSlice: "x, starts, sizes",
  dynamicUpdateSlice: "x, update, starts",
  foriLoop: "lower, upper, body, initial*, {maxSteps}",
  whileLoop: "condition, body, initial*, {maxSteps}",
};

const linalg: Readonly<Record<string, string>> = {
  ...same("det slogdet eigh eigvals eigvalsh expm inv lu", "x"),
  solve: "x, y",
  cholesky: "x, {upper symmetrizeInput}",
  lstsq: "x, y, {+rcond}",
  matrixNorm: "x, {ord keepdims}",
  matrixPower: "x, exponent",
  matrixRank: "x, {rcond}",
  norm: "x, {+ord +axis +keepdims}",
  pinv: "x, {+rcond}",
  qr: "x, {+mode}",
  svd: "x, {+fullMatrices +computeUv}",
  triangularSolve: "x, y, {leftSide lower transposeA unitDiagonal}",
  vectorNorm: "x, {ord axis keepdims}",
};

const random: Readonly<Record<string, string>> = {
  ...same("normal rademacher cauchy laplace", "key, shape, {+dtype}"),
  ...same("bits exponential gumbel", "key, shape"),
  ...same("gamma dirichlet", "key, alpha, shape, {+dtype}"),
  key: "seed",
  foldIn: "key, by",
  split: "key, count",
  normalAt: "key, numbers, {+dtype}",
  uniform: "key, shape, {+dtype minval maxval}",
  bernoulli: "key, p, shape",
  beta: "key, a, b, shape, {+dtype}",
  binomial: "key, n, p, shape",
  categorical: "key, logits, axis",
  choice: "key, x, shape, {+replace +p}",
  multivariateNormal: "key, mean, covariance, shape, {+dtype}",
  permutation: "key, x, axis",
  poisson: "key, rate, shape",
  randint: "key, shape, minval, maxval, {+dtype}",
  truncatedNormal: "key, lower, upper, shape, {+dtype}",
};

const methods: Readonly<Record<string, string>> = {
  ...same("add sub mul div mod greater less equal notEqual greaterEqual lessEqual", "other"),
  ...same("neg flatten item toArray", ""),
  ...same("sum prod mean min max all any", "axis, {keepdims}"),
  transpose: "axes, ...rest",
  reshape: "shape, ...rest",
  astype: "dtype",
};

/** Of functions that stand alone. */
const transforms: Readonly<Record<string, string>> = {
  ...same("jit jacobian hessian", "fn"),
  ...same("grad valueAndGrad", "fn, argnums"),
  customVjp: "forward, backward, {name}",
  customJvp: "fn, tangent, {name}",
  jvp: "fn, primals*, tangents*",
  vjp: "fn, primals*, seed*",
  vmap: "fn, inAxes, outAxes",
  scan: "step, carry*, xs*, {+length checkpoints}",
  makeJaxpr: "fn, args",
};

const read = (table: Readonly<Record<string, string>>): ReadonlyMap<string, Parameters> =>
  new Map(Object.entries(table).map(([name, text]) => [name, readParameters(text)]));

const tables: Readonly<Record<string, ReadonlyMap<string, Parameters>>> = {
  np: read(np),
  nn: read(nn),
  lax: read(lax),
  linalg: read(linalg),
  random: read(random),
  Tensor: read(methods),
};
const alone = read(transforms);

/** The parameters of the function that errors call `where`, such as `np.sum`. */
export function parametersOf(where: string): Parameters | undefined {
  const [namespace, name] = where.split(".") as [string, string?];
  return name === undefined ? alone.get(namespace) : tables[namespace]?.get(name);
}
