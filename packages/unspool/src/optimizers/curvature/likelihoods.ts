/**
 * Losses that are negative log-likelihoods -log r(y | z) of targets y under a network's outputs z, with what curvature
 * methods ask of them: targets drawn from the model, and the Fisher information F_R of the outputs. Martens and Grosse
 * 2015, sections 2 and 5, appendix C.
 */
import { type Key, type Tensor, nn, orNoClass, random } from "../../array/index.ts";
import { isFloatLeaf, root } from "../leaves.ts";
import {
  requireLabels,
  requireOutputs,
  requireProbabilities,
  requireSameShape,
  requireSums,
} from "./targets.ts";

export interface Likelihood {
  readonly name: "gaussian" | "bernoulliLogits" | "categoricalLogits";
  /**
   * Loss of each example [batch], without constants, for outputs [batch, n]. Throws `ShapeError` for other shapes and
   * dtypes, and `OptionError` for targets out of range, where their elements are known; in a trace a label of no class
   * has the loss NaN.
   */
  loss(outputs: Tensor, targets: Tensor): Tensor;
  /** Targets drawn from the model, in the form of the data's. */
  sample(key: Key, outputs: Tensor): Tensor;
  /** F_R v for each example: [batch, n]. */
  fisherProduct(outputs: Tensor, v: Tensor): Tensor;
  /** B r for each example with B Bᵀ = F_R: a pseudo-gradient whose second moment is F_R if that of r is the identity. */
  fisherFactor(outputs: Tensor, r: Tensor): Tensor;
}

/** Unit variance: ½ |y - z|²; targets [batch, n]. F_R is the identity. */
export const gaussianLikelihood: Likelihood = {
  name: "gaussian",
  loss(outputs, targets) {
    requireOutputs("gaussianLikelihood", outputs);
    requireSameShape("gaussianLikelihood", outputs, targets);
    const error = outputs.sub(targets);
    return error.mul(error).sum(-1).mul(0.5);
  },
  sample: (key, outputs) => outputs.add(random.normal(key, outputs.shape, dtypeOf(outputs))),
  fisherProduct: (_outputs, v) => v,
  fisherFactor: (_outputs, r) => r,
};

/** Independent bits with log-odds z: Σ softplus(z) - y z; targets [batch, n] in [0, 1]. */
export const bernoulliLogits: Likelihood = {
  name: "bernoulliLogits",
  loss(outputs, targets) {
    requireOutputs("bernoulliLogits", outputs);
    requireSameShape("bernoulliLogits", outputs, targets);
    requireProbabilities("bernoulliLogits", targets);
    return nn.softplus(outputs).sub(outputs.mul(targets)).sum(-1);
  },
  sample(key, outputs) {
    const uniform = random.uniform(key, outputs.shape, dtypeOf(outputs));
    return uniform.less(nn.sigmoid(outputs)).astype(outputs.dtype);
  },
  fisherProduct: (outputs, v) => v.mul(variance(outputs)),
  fisherFactor: (outputs, r) => r.mul(root(variance(outputs))),
};

/** One of n classes with logits z; targets int32 [batch], or probabilities [batch, n] (`smoothLabels`, `mixup`). F_R = diag(p) - p pᵀ. */
export const categoricalLogits: Likelihood = {
  name: "categoricalLogits",
  loss(outputs, targets) {
    const isHard = requireCategories(outputs, targets);
    const classes = outputs.shape.at(-1)!;
    const chosen = (isHard ? nn.oneHot(targets, classes) : targets).astype(outputs.dtype);
    const losses = nn.logSoftmax(outputs, -1).mul(chosen).sum(-1).neg();
    return isHard ? orNoClass(losses, targets, classes) : losses;
  },
  sample: (key, outputs) => random.categorical(key, outputs),
  fisherProduct(outputs, v) {
    const p = nn.softmax(outputs, -1);
    return p.mul(v.sub(p.mul(v).sum(-1, { keepdims: true })));
  },
  fisherFactor(outputs, r) {
    const p = nn.softmax(outputs, -1);
    const half = root(p);
    return half.mul(r).sub(p.mul(half.mul(r).sum(-1, { keepdims: true })));
  },
};

/** Whether targets are labels; else they are probabilities. Throws for what is neither. */
function requireCategories(outputs: Tensor, targets: Tensor): boolean {
  const where = "categoricalLogits";
  requireOutputs(where, outputs);
  const isSoft = targets.ndim === outputs.ndim && isFloatLeaf(targets);
  if (isSoft) {
    requireSameShape(where, outputs, targets);
    requireProbabilities(where, targets);
    requireSums(where, targets);
  } else {
    requireLabels(where, targets, outputs.shape.at(-1)!, outputs.shape.slice(0, -1));
  }
  return !isSoft;
}

/** The likelihoods by name. */
export const likelihoods: Readonly<Record<Likelihood["name"], Likelihood>> = {
  gaussian: gaussianLikelihood,
  bernoulliLogits,
  categoricalLogits,
};

function variance(logits: Tensor): Tensor {
  const p = nn.sigmoid(logits);
  return p.mul(nn.sigmoid(logits.neg()));
}

function dtypeOf(x: Tensor): { dtype: "float32" | "float64" } {
  return { dtype: x.dtype === "float64" ? "float64" : "float32" };
}
