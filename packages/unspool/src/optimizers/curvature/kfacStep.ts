/** The pieces of a step of K-FAC: what is known of a batch, the step that one inverse proposes, and its damping. */
import { type Tensor, type Tensors, np, tree } from "../../array/index.ts";
import { addScaled, floatLeaves, withFloatLeaves } from "../floatVector.ts";
import { asType, atStep } from "../hyperparameter.ts";
import { dot, isFloatLeaf, mapFloats, zeros } from "../leaves.ts";
import { conjugateGradients } from "../objective/conjugateGradients.ts";
import type { NetworkView } from "../objective/objective.ts";
import type { Hyperparameter } from "../optimizer.ts";
import { gaussNewtonProduct } from "./curvatureProducts.ts";
import { type GradientRows, applyInverses } from "./kfacInverses.ts";
import type { KfacRule } from "./kfacOptions.ts";
import type { KfacState } from "./kfacState.ts";
import { type Registration, blockMatrix, withBlocks } from "./layerBlocks.ts";
import { curvatureOf, minimise, modelChange, quadraticModel, quotient } from "./quadraticModel.ts";

/** Theta and what was computed there. */
export interface Point<Theta> {
  readonly theta: Theta;
  readonly registration: Registration;
  /** On which the quadratic model is taken. */
  readonly modelNetwork: NetworkView<Theta>;
  /** h and ∇h, with the l2 term. */
  readonly loss: Tensor;
  readonly gradient: Tensors<Theta>;
  /** By block, with `lowRank`. */
  readonly rows?: readonly GradientRows[];
}

/** A step and what the model says of it. */
export interface Proposal {
  readonly inverses: KfacState["inverses"];
  readonly gamma: Tensor;
  /** δ, like theta. */
  readonly change: unknown;
  readonly alpha: Tensor;
  readonly mu: Tensor;
  /** M(δ) - M(0), where the model was asked for; and without damping, if that is what the ratio is taken of. */
  readonly predicted?: Tensor;
  readonly ratioBase?: Tensor;
}

/** A hyperparameter at a step, as a scalar of `dtype`. */
export function scalarAt(value: Hyperparameter, step: Tensor, like: Tensor): Tensor {
  const at = atStep(value, step)(like);
  return typeof at === "number" ? tree.scalar(at, like.dtype) : asType(at, like.dtype);
}

/** A gradient under the approximate inverse, in the structure of theta. */
export function multiplyInverse<T>(
  rule: KfacRule,
  registration: Registration,
  state: KfacState,
  gradient: T,
  rows?: readonly GradientRows[],
): T {
  const { blocks } = registration;
  const damping = state.damping.add(rule.l2);
  const matrices = blocks.map((block) => blockMatrix(block, gradient));
  const solved = applyInverses(rule, blocks, state, damping, matrices, rows);
  const others = tree.mapWithPath((path, leaf) => {
    const diagonal = state.diagonals[path];
    return diagonal === undefined || !isFloatLeaf(leaf)
      ? leaf
      : leaf.div(diagonal.add(asType(damping, leaf.dtype)));
  }, gradient);
  return withBlocks(others, blocks, solved);
}

/**
 * (F + (λ + l2) I)⁻¹ of the gradient by `conjugateSteps` steps of conjugate gradients, with the exact Fisher information of
 * the model's batch and the approximate inverse as preconditioner. The first of them is K-FAC's step.
 */
function conjugateDirection<Theta>(rule: KfacRule, point: Point<Theta>, state: KfacState): Tensors<Theta> {
  const { registration, gradient, theta, modelNetwork } = point;
  const damping = state.damping.add(rule.l2);
  const right = floatLeaves(gradient);
  const { x } = conjugateGradients(
    (v) => addScaled(gaussNewtonProduct(modelNetwork, theta, v), damping, v),
    right,
    right.map((leaf) => np.zerosLike(leaf)),
    {
      iterations: rule.conjugateSteps,
      preconditioner: (r) =>
        floatLeaves(multiplyInverse(rule, registration, state, withFloatLeaves(gradient, r))),
    },
  );
  return withFloatLeaves(gradient, x);
}

/** δ = α Δ + μ δ₀ for the inverse in `state`. `needsModel`: the change that the model predicts is asked for. */
export function propose<Theta>(
  rule: KfacRule,
  point: Point<Theta>,
  state: KfacState,
  needsModel: boolean,
): Proposal {
  const { registration, gradient, theta } = point;
  const { step, damping, inverses, gamma, previous } = state;
  const given = (value: "qmodel" | Hyperparameter) =>
    value === "qmodel" ? undefined : scalarAt(value, step, damping);
  const [alpha, mu] = [given(rule.learningRate), given(rule.momentum)];
  const solved =
    rule.conjugateSteps === 1
      ? multiplyInverse(rule, registration, state, gradient, point.rows)
      : conjugateDirection(rule, point, state);
  const length =
    rule.normConstraint === null ? undefined : shortening(rule.normConstraint, alpha!, dot(gradient, solved));
  const direction = mapFloats((x) => (length ? x.mul(asType(length, x.dtype)) : x).neg(), solved);
  const changeFor = (a: Tensor, m: Tensor): unknown =>
    mapFloats(
      (d, before) => d.mul(asType(a, d.dtype)).add(before!.mul(asType(m, d.dtype))),
      direction,
      previous,
    );
  if (alpha !== undefined && mu !== undefined && !needsModel)
    return { inverses, gamma, change: changeFor(alpha, mu), alpha, mu };
  const directions = [direction, previous] as Theta[];
  const model = quadraticModel(point.modelNetwork, theta, directions, gradient);
  const curvature = curvatureOf(model, damping.add(rule.l2));
  const found = minimise(model, curvature, { alpha, mu });
  return {
    inverses,
    gamma,
    change: changeFor(...found),
    alpha: found[0],
    mu: found[1],
    predicted: modelChange(model, curvature, found),
    ...(!rule.isRatioDamped && { ratioBase: modelChange(model, curvatureOf(model, rule.l2), found) }),
  };
}

/** The proposal of which the model promises most; the first where it promises the same or cannot say. */
export function better(a: Proposal, b: Proposal): Proposal {
  const isBetter = b.predicted!.less(a.predicted!);
  return tree.select(isBetter, b, a) as Proposal;
}

/** λ after a step (Levenberg-Marquardt, 6.5), where a change was predicted and another was measured. */
export function adaptedDamping(rule: KfacRule, damping: Tensor, predicted: Tensor, ratio: Tensor): Tensor {
  const factor = rule.dampingDecay ** rule.dampingInterval;
  const raised = damping.div(factor);
  // Written so that NaN is a failure.
  const isGood = predicted.less(0);
  const kept = np.where(ratio.greaterEqual(0.25), damping, raised);
  const changed = np.where(ratio.greater(0.75), damping.mul(factor), kept);
  return within(rule, np.where(isGood, changed, raised));
}

/** λ, raised as after a failed step. */
export function raisedDamping(rule: KfacRule, damping: Tensor): Tensor {
  return within(rule, damping.div(rule.dampingDecay ** rule.dampingInterval));
}

/** ρ: measured over predicted change, 0 for none. */
export function ratioOf({ predicted, ratioBase }: Proposal, before: Tensor, after: Tensor): Tensor {
  return quotient(asType(after.sub(before), predicted!.dtype), ratioBase ?? predicted!);
}

/** h at theta. */
export function withPenalty(rule: KfacRule, loss: Tensor, theta: unknown): Tensor {
  if (rule.l2 === 0) return loss;
  return loss.add(asType(dot(theta, theta).mul(rule.l2 / 2), loss.dtype));
}

/** No previous change where the last one was not good. */
export function keptChange(isGood: Tensor, change: unknown): KfacState["previous"] {
  return tree.select(isGood, change as KfacState["previous"], zeros(change));
}

function within({ minDamping, maxDamping }: KfacRule, damping: Tensor): Tensor {
  return np.minimum(np.maximum(damping, minDamping), maxDamping);
}

/** min(1, √(c / (α² ∇hᵀ F⁻¹ ∇h))). */
function shortening(limit: number, alpha: Tensor, square: Tensor): Tensor {
  const length = square.mul(alpha).mul(alpha);
  const isLong = length.greater(limit);
  const safe = np.where(isLong, length, np.onesLike(length));
  return np.where(isLong, np.sqrt(np.reciprocal(safe).mul(limit)), np.onesLike(length));
}
