/**
 * Neural-network functions. Written here: those of jax-js 0.1.25 overflow in derivatives (sigmoid, elu), in values
 * (softplus, mish), or lose digits (logarithms in float32, constants in float64). `relu` has derivative 0 at
 * exactly 0, as in JAX and PyTorch. NaN stays NaN, everywhere.
 */
import { ShapeError } from "../errors.ts";
import * as exact from "./exact.ts";
import { guardAll } from "./guard.ts";
import { nnSignatures, onTensor } from "./signatures.ts";
import { orNoClass, requireClasses } from "./labels.ts";
import { isTensor } from "./lift.ts";
import { np } from "./np.ts";
import { promote } from "./promotion.ts";
import { counting, floating } from "./promotionTable.ts";
import type { Axis, ReduceOptions, Tensor } from "./tensor.ts";

const where = np.where as (condition: Tensor, x: Tensor | number, y: Tensor | number) => Tensor;
const exp = np.exp as (x: Tensor) => Tensor;
const expm1 = np.expm1 as (x: Tensor) => Tensor;
const log1p = np.log1p as (x: Tensor) => Tensor;

/** Of whole numbers too, as in JAX: they stay what they are, and bools count. */
const relu = (x: Tensor): Tensor => where(x.lessEqual(0), np.zeros([], { dtype: x.dtype }), x);
const leakyRelu = (x: Tensor, negativeSlope = 0.01): Tensor => where(x.less(0), x.mul(negativeSlope), x);
/** x clipped to [low, high]; the derivative is 1 inside and 0 at and beyond the ends. */
const clamp = (x: Tensor, low: number, high: number): Tensor =>
  where(x.lessEqual(low), low, where(x.greaterEqual(high), high, x));

const { minusAbs } = exact;
const sigmoid: (x: Tensor) => Tensor = exact.sigmoid;
/** log(1 + exp x). */
const softplus = (x: Tensor): Tensor => where(x.less(0), 0, x).add(log1p(exp(minusAbs(x))));
const logSigmoid = (x: Tensor): Tensor => softplus(x.neg()).neg();
const silu = (x: Tensor): Tensor => x.mul(sigmoid(x));
const mish = (x: Tensor): Tensor => x.mul(exact.tanh(softplus(x)));
const softSign = (x: Tensor): Tensor => {
  const size = minusAbs(x).neg();
  return x.div(size.add(1));
};
const hardTanh = (x: Tensor): Tensor => clamp(x, -1, 1);
const hardSigmoid = (x: Tensor): Tensor => clamp(x.add(3), 0, 6).mul(1 / 6);
const hardSilu = (x: Tensor): Tensor => x.mul(hardSigmoid(x));

/** alpha (exp(x / alpha') - 1) below 0. The operand of exp is kept from overflowing where it is not used. */
const exponentialBelow = (x: Tensor, factor: number, stretch: number): Tensor => {
  const isNegative = x.less(0);
  return where(isNegative, expm1(where(isNegative, x, 0).mul(1 / stretch)).mul(factor), x);
};
const elu = (x: Tensor, alpha = 1): Tensor => exponentialBelow(x, alpha, 1);
const celu = (x: Tensor, alpha = 1): Tensor => exponentialBelow(x, alpha, alpha);
/** The constants of Klambauer et al. 2017, that keep mean 0 and variance 1. */
const selu = (x: Tensor): Tensor => elu(x, 1.6732632423543772).mul(1.0507009873554805);

/** x times the normal distribution function of x; by default its tanh approximation, as in JAX. */
function gelu(x: Tensor, options: { approximate?: boolean } = {}): Tensor {
  if (options.approximate === false) {
    // The half inside of the selection, where no compiler puts it last: 2 x may overflow.
    const tail = exact.erfc(minusAbs(x).mul(-Math.SQRT1_2)).mul(0.5);
    return where(x.less(0), tail, tail.neg().add(1)).mul(x);
  }
  const inner = x
    .mul(x)
    .mul(0.044715)
    .add(1)
    .mul(x)
    .mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(exact.tanh(inner).add(1));
}

/** log of the sum of exponentials; -Infinity where all are. */
function logsumexp(x: Tensor, axis: Axis = null, options: ReduceOptions = {}): Tensor {
  const largest = largestOf(x, axis);
  const sum = exp(x.sub(largest)).sum(axis, options);
  return exact.log(sum).add(options.keepdims === true ? largest : largest.sum(axis));
}
function softmax(x: Tensor, axis: Axis = -1): Tensor {
  const unnormalised = exp(x.sub(largestOf(x, axis)));
  return unnormalised.div(unnormalised.sum(axis, { keepdims: true }));
}
function logSoftmax(x: Tensor, axis: Axis = -1): Tensor {
  return x.sub(logsumexp(x, axis, { keepdims: true }));
}

/** The largest element as a constant, or 0 where it is infinite. */
function largestOf(x: Tensor, axis: Axis): Tensor {
  const largest = exact.stopGradient(x.max(axis, { keepdims: true }));
  return where(np.isfinite(largest), largest, 0);
}

/** Whether class k is the label: int labels [...] to bools [..., classes]. */
function isClass(labels: Tensor, classes: number): Tensor {
  return labels.reshape([...labels.shape, 1]).equal(np.arange(classes).astype(labels.dtype));
}

/** Rows of the identity: int labels [...] to [..., classes]. */
function oneHot(labels: Tensor, classes: number): Tensor {
  return isClass(labels, classes).astype("float32");
}

/**
 * Mean cross-entropy of `logits` [batch, classes] against int32 `labels` [batch]. A label of no class is an `OptionError`
 * where labels are known, and makes the loss NaN in a trace.
 */
function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const isLabel = labels.dtype === "int32" || labels.dtype === "uint32";
  if (!isLabel || String(labels.shape) !== String(logits.shape.slice(0, -1))) {
    const wanted = `[${logits.shape.slice(0, -1).join(", ")}]`;
    throw new ShapeError(
      "nn.softmaxCrossEntropy",
      `labels must be int32 ${wanted}, one for each row of the logits ${logits.toString()}, got ${labels.toString()}. ` +
        (isLabel ? "Write labels.reshape([-1])." : 'Write labels.astype("int32").'),
    );
  }
  const classes = logits.shape.at(-1)!;
  requireClasses("nn.softmaxCrossEntropy", labels, classes, "labels");
  // Selected, not multiplied: another class may have the logarithm -Infinity.
  const rows = where(isClass(labels, classes), logSoftmax(logits), 0).sum(-1).neg();
  return orNoClass(rows, labels, classes).mean();
}

/** The namespace of neural-network functions. */
export interface Nn {
  celu: typeof celu;
  elu: typeof elu;
  gelu: typeof gelu;
  hardSigmoid: typeof hardSigmoid;
  hardSilu: typeof hardSilu;
  hardTanh: typeof hardTanh;
  leakyRelu: typeof leakyRelu;
  logSigmoid: typeof logSigmoid;
  logSoftmax: typeof logSoftmax;
  logsumexp: typeof logsumexp;
  mish: typeof mish;
  oneHot: typeof oneHot;
  relu: typeof relu;
  selu: typeof selu;
  sigmoid: typeof sigmoid;
  silu: typeof silu;
  softSign: typeof softSign;
  softmax: typeof softmax;
  softmaxCrossEntropy: typeof softmaxCrossEntropy;
  softplus: typeof softplus;
}

/** The same function of floats only: whole numbers and bools become float32 first. */
function ofFloats<Rest extends unknown[]>(
  name: string,
  fn: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  const kind = { ...floating, operands: 1 };
  return (x, ...rest) => fn(operandOf(promote(`nn.${name}`, kind, [x])[0]), ...rest);
}

const operandOf = (x: unknown): Tensor => (isTensor(x) ? x : np.array(Number(x)));

const functions: Nn = {
  celu: ofFloats("celu", celu),
  elu: ofFloats("elu", elu),
  gelu: ofFloats("gelu", gelu),
  hardSigmoid: ofFloats("hardSigmoid", hardSigmoid),
  hardSilu: ofFloats("hardSilu", hardSilu),
  hardTanh: ofFloats("hardTanh", hardTanh),
  leakyRelu: ofFloats("leakyRelu", leakyRelu),
  logSigmoid: ofFloats("logSigmoid", logSigmoid),
  logSoftmax: ofFloats("logSoftmax", logSoftmax),
  logsumexp: ofFloats("logsumexp", logsumexp),
  mish: ofFloats("mish", mish),
  oneHot,
  relu: (x) => relu(operandOf(promote("nn.relu", { ...counting, operands: 1 }, [x])[0])),
  selu: ofFloats("selu", selu),
  sigmoid: ofFloats("sigmoid", sigmoid),
  silu: ofFloats("silu", silu),
  softSign: ofFloats("softSign", softSign),
  softmax: ofFloats("softmax", softmax),
  softmaxCrossEntropy: ofFloats("softmaxCrossEntropy", softmaxCrossEntropy),
  softplus: ofFloats("softplus", softplus),
};

export const nn: Nn = guardAll("nn", functions, nnSignatures, onTensor);
