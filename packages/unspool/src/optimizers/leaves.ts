/** What optimizers do with leaves: only floating-point leaves move, counters are int32, square roots stay smooth. */
import { type Tensor, type Tree, lax, np, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { type ValueFor, asType } from "./hyperparameter.ts";

/** One, as an int32 scalar: a plain number beside an int32 tensor would be a float. */
const one: Tensor = tree.scalar(1, "int32");

/** A counter at 0. */
export function counter(): Tensor {
  return tree.scalar(0, "int32");
}

/** The counter after one more event. */
export function advance(count: Tensor): Tensor {
  return count.add(one);
}

/** True where a counter stands at `value`. */
export function isAt(count: Tensor, value: number): Tensor {
  return count.equal(tree.scalar(value, "int32"));
}

export function isFloatLeaf(leaf: Tensor): boolean {
  return leaf.dtype === "float32" || leaf.dtype === "float64";
}

/** `tree.map` that leaves alone what is not a floating-point leaf of `first`. */
export function mapFloats<T>(
  fn: (leaf: Tensor, ...rest: Tensor[]) => Tensor,
  first: T,
  ...rest: unknown[]
): T {
  if ([first, ...rest].includes(undefined as T))
    throw new ShapeError("optimizer", `a part of the state is missing. ${ownState}`);
  return tree.map((leaf, ...others) => (isFloatLeaf(leaf) ? fn(leaf, ...others) : leaf), first, ...rest);
}

const ownState =
  "A state belongs to the optimizer and the options that it was made with: make another one by init(theta).";

/** Zeros in the structure of `theta`. */
export function zeros(theta: unknown): Tree {
  thetaEntries("optimizer", theta);
  return tree.map(np.zerosLike, theta) as Tree;
}

/** Theta less `rate` times a direction. */
export function descend<Theta>(theta: Theta, direction: unknown, rate: ValueFor): Theta {
  return mapFloats((x, d) => x.sub(d!.mul(rate(x))), theta, direction);
}

/**
 * Square root with derivative 0 at 0, and 0 for the negative numbers that rounding makes of zero. The plain root
 * has an infinite slope there, which a zero inner derivative turns into NaN.
 */
export function root(x: Tensor): Tensor {
  // Written as "not at most 0", so that NaN stays NaN.
  const isZero = x.lessEqual(0);
  return np.where(isZero, np.zerosLike(x), np.sqrt(np.where(isZero, np.onesLike(x), x)));
}

/**
 * Scalar product over the floating-point leaves, in the widest float type of the first tree: of theta other leaves are no
 * part of a length. `tree.dot` is of all leaves, and in float64.
 */
export function dot(a: unknown, b: unknown): Tensor {
  const dtype = tree.floatType(a);
  const products: Tensor[] = [];
  mapFloats((x, y) => (products.push(asType(x.mul(y).sum(), dtype)), x), a, b);
  return products.reduce((sum, product) => sum.add(product), tree.scalar(0, dtype));
}

/** Below this a largest element is not scaled by: its reciprocal would overflow in float32. */
const smallestScale = 1e-30;

/** A length as a product, for vectors whose squares overflow (elements beyond 1e19 in float32): scale · unit. */
export interface ScaledNorm {
  /** Largest magnitude; 1 where that is 0 or nearly. A constant in derivatives, in which it cancels. */
  scale: Tensor;
  /** Norm of the vector over `scale`. */
  unit: Tensor;
  /** Their product: Infinity where the norm is beyond the dtype. */
  length: Tensor;
}

/** Euclidean norm over all floating-point leaves. */
export function normOf(of: unknown): ScaledNorm {
  const dtype = tree.floatType(of);
  const tops: Tensor[] = [];
  mapFloats((x) => (x.size > 0 && tops.push(asType(np.abs(lax.stopGradient(x)).max(), dtype)), x), of);
  const scale = usable(tops.reduce((most, x) => np.maximum(most, x), tree.scalar(0, dtype)));
  const scaled = mapFloats((x) => x.div(asType(scale, x.dtype)), of);
  const unit = root(dot(scaled, scaled));
  return { scale, unit, length: unit.mul(scale) };
}

/** Euclidean norms along axes, which stay with length 1. */
export function normAlong(x: Tensor, axes: readonly number[]): ScaledNorm {
  if (x.size === 0 || axes.length === 0) {
    const length = np.abs(x) as Tensor;
    return { scale: np.onesLike(length), unit: length, length };
  }
  const along = [...axes];
  const scale = usable(np.abs(lax.stopGradient(x)).max(along, { keepdims: true }));
  const scaled = x.div(scale);
  const unit = root(scaled.mul(scaled).sum(along, { keepdims: true }));
  return { scale, unit, length: unit.mul(scale) };
}

/** A largest element to divide by: 1 for those whose reciprocal would overflow. */
function usable(top: Tensor): Tensor {
  return np.where(top.less(smallestScale), np.onesLike(top), top) as Tensor;
}

/** Euclidean norm over all floating-point leaves, which does not overflow before it must. */
export function globalNorm(of: unknown): Tensor {
  return normOf(of).length;
}

/**
 * Throws `ShapeError` unless the gradient has the structure of theta, and shape and dtype of its float leaves. Integers
 * and bools keep their value, which is right for a gradient of 0: `OptionError` for another one, which is lost, and for
 * a theta of which nothing would move. `state`, where given, must be one: a record with a counter `step`.
 */
export function requireGradient(
  where: string,
  theta: unknown,
  gradient: unknown,
  ...states: unknown[]
): void {
  for (const state of states) requireState(where, state);
  const entries = thetaEntries(where, theta);
  const fixed = entries.find(([, leaf]) => !isFloatLeaf(leaf));
  if (fixed !== undefined && !entries.some(([, leaf]) => isFloatLeaf(leaf))) throw notMoving(where, ...fixed);
  const given =
    fixed === undefined
      ? gradient
      : tree.mapWithPath(
          (path, x, g) => {
            if (isFloatLeaf(x)) return g!;
            if (isFloatLeaf(g!) || (!g!.isTraced && g!.data.some((value) => value !== 0)))
              throw notMoving(where, path, x, g);
            return x;
          },
          theta,
          gradient,
        );
  tree.requireSame(where, "gradient", theta, given);
}

function requireState(where: string, state: unknown): void {
  const step = (state as { step?: Tensor } | null)?.step;
  if (step?.dtype === "int32" && step.ndim === 0) return;
  const given =
    typeof state === "object" && state !== null ? `{${Object.keys(state).join(", ")}}` : String(state);
  throw new ShapeError(
    where,
    `the second argument of update must be a state, which has an int32 scalar "step", got ${given}. ` +
      `Write update(gradient, state, theta). ${ownState}`,
  );
}

function notMoving(where: string, path: string, leaf: Tensor, gradient?: Tensor): OptionError {
  const reason = gradient === undefined ? "" : `Its gradient, ${gradient.toString()}, is not an integer 0. `;
  const hint = `${reason}Write astype("float32") to train it, or leave it out of theta.`;
  const name = `the dtype of theta${path === "" ? "" : ` at "${path}"`}`;
  return new OptionError(where, name, leaf.dtype, "float32 or float64 to move", hint);
}

/** Leaves of theta with their paths. Throws `ShapeError` with the name of the optimizer for what is no tensor. */
export function thetaEntries(where: string, theta: unknown): [string, Tensor][] {
  try {
    return tree.entries(theta);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const reason = error.message.replace(/^tree: /, "");
    throw new ShapeError(where, `theta must be a tree of tensors: ${reason} Write tree.tensors(theta).`);
  }
}

/** True where all elements of all floating-point leaves are finite: bool scalar. */
export function allFinite(of: unknown): Tensor {
  return tree
    .leaves(of)
    .filter(isFloatLeaf)
    .map((leaf) => np.isfinite(leaf).all() as Tensor)
    .reduce((all, flag) => np.logicalAnd(all, flag) as Tensor, tree.scalar(1, "bool"));
}
